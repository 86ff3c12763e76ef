"""What the pipeline finds in an account: a network, the default source's secret, the databases' authority."""

import json
import secrets
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from control.cloud import DEPLOYMENT, SOURCE, Cloud

NETWORK_NAME = f"{DEPLOYMENT}-local"
SECRET_NAME = f"{DEPLOYMENT}/{SOURCE}"
AUTHORITY_NAME = f"{DEPLOYMENT}-local-authority"
MASTER_USER = "postgres"
DEPLOYMENT_TAG = "tenant-restore:deployment"


@dataclass(frozen=True)
class Surroundings:
    """Everything that the template is given."""

    network: "Network"
    secret_arn: str
    authority_arn: str


@dataclass(frozen=True)
class Network:
    """The default VPC, subnets in two zones for tasks and for databases, and the security group of the databases."""

    vpc: str
    task_subnets: list[str]
    database_subnets: list[str]
    database_group: str


def prepare(cloud: Cloud) -> Surroundings:
    """Find or make what the pipeline needs."""
    return Surroundings(network(cloud), source_secret(cloud), certificate_authority(cloud))


def network(cloud: Cloud) -> Network:
    """The local network, made if it isn't there: where databases are for which no subnet group is named."""
    ec2 = cloud.client("ec2")
    vpc = next(vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"] if vpc["IsDefault"])
    subnets = [subnet(ec2, cloud, vpc, number) for number in range(4)]
    return Network(vpc, subnets[:2], subnets[2:], database_group(ec2, vpc))


def subnet(ec2: Any, cloud: Cloud, vpc: str, number: int) -> str:
    """One of four subnets: the first two for tasks, the others for databases, each pair in two zones."""
    name = f"{NETWORK_NAME}-{'task' if number < 2 else 'database'}-{number % 2}"
    found = first_id(ec2.describe_subnets(Filters=named(name))["Subnets"], "SubnetId")
    if found:
        return found
    created = ec2.create_subnet(
        VpcId=vpc,
        CidrBlock=f"172.31.{128 + number}.0/24",
        AvailabilityZone=f"{cloud.region}{'ab'[number % 2]}",
        TagSpecifications=name_tag("subnet", name),
    )
    return created["Subnet"]["SubnetId"]


def database_group(ec2: Any, vpc: str) -> str:
    """The security group of the source databases."""
    name = f"{NETWORK_NAME}-databases"
    filters = [{"Name": "group-name", "Values": [name]}, {"Name": "vpc-id", "Values": [vpc]}]
    found = first_id(ec2.describe_security_groups(Filters=filters)["SecurityGroups"], "GroupId")
    if found:
        return found
    created = ec2.create_security_group(GroupName=name, Description="Source databases", VpcId=vpc)
    return created["GroupId"]


def first_id(found: list[dict[str, Any]], member: str) -> str | None:
    """The id of the first thing found."""
    return found[0][member] if found else None


def named(name: str) -> list[dict[str, Any]]:
    """A filter by the tag `Name`."""
    return [{"Name": "tag:Name", "Values": [name]}]


def name_tag(kind: str, name: str) -> list[dict[str, Any]]:
    """The tag `Name` at the creation of something."""
    return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}]}]


def source_secret(cloud: Cloud) -> str:
    """ARN of the secret with the default source's master credentials, made with a random password if need be."""
    manager = cloud.client("secretsmanager")
    try:
        return manager.describe_secret(SecretId=SECRET_NAME)["ARN"]
    except ClientError as missing:
        if missing.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
    credentials = {"username": MASTER_USER, "password": secrets.token_urlsafe(24)}
    created = manager.create_secret(
        Name=SECRET_NAME,
        Description=f"Master credentials of the instance {SOURCE}",
        SecretString=json.dumps(credentials),
        Tags=[{"Key": DEPLOYMENT_TAG, "Value": DEPLOYMENT}],
    )
    return created["ARN"]


def certificate_authority(cloud: Cloud) -> str:
    """ARN of the DMS certificate of the authority that signs for every PostgreSQL server here."""
    dms = cloud.client("dms")
    known = {each["CertificateIdentifier"]: each for each in dms.describe_certificates()["Certificates"]}
    if AUTHORITY_NAME in known:
        return known[AUTHORITY_NAME]["CertificateArn"]
    pem = cloud.ca_certificate.read_text()
    imported = dms.import_certificate(CertificateIdentifier=AUTHORITY_NAME, CertificatePem=pem)
    return imported["Certificate"]["CertificateArn"]
