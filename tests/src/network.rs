//! Networks beside the deployment's.

use tokio::process::Command;

use crate::cloud::Cloud;
use crate::error::{Context, Error, Result};

/// Makes a VPC with two subnets and prints its id, then those of the subnets.
const MAKE_VPC: &str = "
import os, botocore.session
session = botocore.session.get_session()
ec2 = session.create_client('ec2', endpoint_url=os.environ['AWS_ENDPOINT_URL'])
vpc = ec2.create_vpc(CidrBlock='10.9.0.0/16')['Vpc']['VpcId']
subnets = [
    ec2.create_subnet(VpcId=vpc, CidrBlock=f'10.9.{n}.0/24', AvailabilityZone=os.environ['AWS_REGION'] + 'ab'[n])
    for n in range(2)
]
print(vpc, *(subnet['Subnet']['SubnetId'] for subnet in subnets))
";

/// Makes another VPC and a DB subnet group in it; answers the VPC's id.
///
/// # Errors
/// What EC2 or RDS answers.
pub async fn another_vpc(cloud: &Cloud, subnet_group: &str) -> Result<String> {
    let doing = "make another VPC";
    let python = concat!(env!("CARGO_MANIFEST_DIR"), "/../.local/venv/bin/python");
    let output = Command::new(python)
        .args(["-c", MAKE_VPC])
        .env("AWS_ENDPOINT_URL", &cloud.endpoint)
        .env("AWS_REGION", &cloud.region)
        .env("AWS_DEFAULT_REGION", &cloud.region)
        .output()
        .await
        .context(doing)?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(Error::new(format!("{doing}: {complaint}")));
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut ids = text.split_whitespace().map(str::to_owned);
    let vpc = ids.next().context(doing)?;
    let create = cloud
        .rds
        .create_db_subnet_group()
        .db_subnet_group_name(subnet_group)
        .db_subnet_group_description("In another VPC")
        .set_subnet_ids(Some(ids.collect()));
    create.send().await.context("make a DB subnet group")?;
    Ok(vpc)
}
