//! Further deployments of the local cloud, made and removed as a person does it in AWS: `make deploy` and `make destroy`.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use aws_sdk_lambda::primitives::Blob;
use serde_json::json;
use tokio::process::Command;

use crate::cloud::{Cloud, DEPLOYMENT};
use crate::command_line::Ran;
use crate::error::{Context, Error, Result};
use crate::production::DEFAULT_SOURCE;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The CDK's bootstrap stack of these deployments: the bucket of the ordinary one belongs to the local cloud.
const QUALIFIER: &str = "tests";

/// Functions of a deployment, behind its name.
const FUNCTIONS: [&str; 8] = [
    "intake",
    "provision",
    "ddl",
    "migrate",
    "finalize",
    "cleanup",
    "complete",
    "sweeper",
];

/// A deployment by its settings.
#[derive(Debug)]
pub struct Deployment {
    /// Its name.
    pub name: String,
    settings: PathBuf,
}

impl Deployment {
    /// Writes settings of a deployment that is attached to the same database as the local cloud's own.
    ///
    /// # Errors
    /// When that deployment isn't there, or a file can't be written.
    pub async fn prepare(cloud: &Cloud, name: &str, tag: &str) -> Result<Self> {
        let doing = "prepare a deployment";
        let folder = cloud.home.join("deployments").join(name);
        std::fs::create_dir_all(&folder).context(doing)?;
        write_artifact(&folder)?;
        let function = cloud
            .lambda
            .get_function_configuration()
            .function_name(format!("{DEPLOYMENT}-provision"));
        let deployed = function.send().await.context(doing)?;
        let variables = deployed.environment.and_then(|found| found.variables);
        let variables = variables.context(doing)?;
        let variable = |name: &str| variables.get(name).context(format!("{doing}: {name}"));
        let source = cloud
            .rds
            .describe_db_instances()
            .db_instance_identifier(DEFAULT_SOURCE);
        let source = source.send().await.context(doing)?;
        let group = source.db_instances().first();
        let group = group.and_then(|source| {
            source
                .vpc_security_groups()
                .first()?
                .vpc_security_group_id()
        });
        let settings = json!({
            "account": "000000000000",
            "region": cloud.region,
            "deployment": name,
            "deploymentTag": tag,
            "vpcId": variable("VPC_ID")?,
            "subnetIds": variable("TASK_SUBNETS")?,
            "databaseSubnetIds": variable("TASK_SUBNETS")?,
            "securityGroupIds": group.context("find the security group of the source")?,
            "source": DEFAULT_SOURCE,
            "sourceSecretArn": variable("DEFAULT_SOURCE_SECRET_ARN")?,
            "lambdaArtifact": ".",
            "workerImage": "tenant-restore-worker:local",
            "workerCaBundle": cloud.home.join("ca.pem"),
            "prices": variable("PRICES")?,
            "sweeping": "report",
            "schemaRegistry": false,
            "removal": "destroy",
            "@aws-cdk/core:bootstrapQualifier": QUALIFIER,
        });
        let file = folder.join("settings.json");
        std::fs::write(&file, settings.to_string()).context(doing)?;
        Ok(Self {
            name: name.to_owned(),
            settings: file,
        })
    }

    /// `make deploy` or `make destroy` with its settings and more variables.
    ///
    /// # Errors
    /// When it can't be run.
    pub async fn make(&self, target: &str, variables: &[&str]) -> Result<Ran> {
        let settings = format!("settings={}", self.settings.display());
        let arguments = ["--no-print-directory", "-C", ROOT, target, &settings];
        run("make", &[&arguments, variables].concat()).await
    }

    /// Gives the functions this machine's program, as the local cloud's own have it: what was deployed only says that it
    /// is for arm64.
    ///
    /// # Errors
    /// What Lambda or S3 answers.
    pub async fn run_here(&self, cloud: &Cloud) -> Result<()> {
        let doing = "give the functions this machine's program";
        let ours = cloud
            .lambda
            .get_function()
            .function_name(format!("{DEPLOYMENT}-intake"));
        let code = ours.send().await.context(doing)?.code;
        let location = code.and_then(|code| code.location).context(doing)?;
        let package = reqwest::get(location).await.context(doing)?;
        let package = package.bytes().await.context(doing)?;
        for function in FUNCTIONS {
            let update = cloud
                .lambda
                .update_function_code()
                .function_name(format!("{}-{function}", self.name))
                .zip_file(Blob::new(package.clone()));
            update.send().await.context(doing)?;
        }
        Ok(())
    }
}

/// What the account needs besides: the CDK's bootstrap stack, and the role that DMS looks up.
///
/// # Errors
/// When it can't be made.
pub async fn prepare_account(cloud: &Cloud) -> Result<()> {
    let place = format!("aws://000000000000/{}", cloud.region);
    let options = [
        "--qualifier",
        QUALIFIER,
        "--toolkit-stack-name",
        "CDKToolkitTests",
    ];
    let program = format!("{ROOT}/infra/node_modules/.bin/cdk");
    let bootstrap = [&["bootstrap", &place, "--no-notices"], &options[..]].concat();
    succeeded(run(&program, &bootstrap).await?)?;
    let trusted = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": "dms.amazonaws.com" },
            "Action": "sts:AssumeRole",
        }],
    });
    let trusted = trusted.to_string();
    let document = ["--assume-role-policy-document", &trusted];
    let create = [
        &["iam", "create-role", "--role-name", "dms-vpc-role"],
        &document[..],
        &["--endpoint-url", &cloud.endpoint],
    ];
    let ran = run("aws", &create.concat()).await?;
    if !ran.complained.contains("EntityAlreadyExists") {
        succeeded(ran)?;
    }
    Ok(())
}

fn succeeded(ran: Ran) -> Result<()> {
    match ran.code {
        Some(0) => Ok(()),
        _ => Err(Error::new(format!("{ran:?}"))),
    }
}

/// This machine's program with the header of one for arm64, which the deployment insists on.
fn write_artifact(folder: &Path) -> Result<()> {
    const MACHINE: usize = 18;
    const AARCH64: [u8; 2] = 183_u16.to_le_bytes();
    let doing = "write an artifact";
    let built = std::env::current_exe().context(doing)?;
    let built = built.ancestors().nth(2).context(doing)?.join("bootstrap");
    let mut program = std::fs::read(built).context(doing)?;
    program
        .get_mut(MACHINE..MACHINE + AARCH64.len())
        .context(doing)?
        .copy_from_slice(&AARCH64);
    std::fs::write(folder.join("bootstrap"), program).context(doing)
}

async fn run(program: &str, arguments: &[&str]) -> Result<Ran> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .context(format!("run {program} {}", arguments.join(" ")))?;
    Ok(Ran {
        code: output.status.code(),
        said: String::from_utf8_lossy(&output.stdout).into_owned(),
        complained: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}
