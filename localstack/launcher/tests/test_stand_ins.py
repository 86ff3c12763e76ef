"""Resources in name only: what CloudFormation would refuse is refused, and what was made can be looked at."""

import json
import urllib.request
from typing import Any

from launcher.tests.patched_cloud import REGION, PatchedCloud

ACCOUNT = "000000000000"
ROTATION = "arn:aws:serverlessrepo:us-east-1:297356227824:applications/SecretsManagerRDSPostgreSQLRotationSingleUser"
INSTANCE = (
    "<R><DescribeDBInstancesResult><DBInstances><DBInstance><DBInstanceIdentifier>production</DBInstanceIdentifier>"
    "<Endpoint><Address>localhost</Address><Port>5432</Port></Endpoint></DBInstance></DBInstances>"
    "</DescribeDBInstancesResult></R>"
)


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    """A resource of a template."""
    return {"Type": f"AWS::{kind}", "Properties": properties}


def ref(name: str) -> dict[str, str]:
    """A reference to another resource of the template."""
    return {"Ref": name}


def network(**of_vpc: Any) -> dict[str, Any]:
    """A VPC with two subnets in one zone, a third in another, and a security group."""
    names = {"EnableDnsHostnames": True, "EnableDnsSupport": True, **of_vpc}
    zones = {"First": "a", "Second": "b", "Third": "a"}
    subnets = {
        name: resource("EC2::Subnet", VpcId=ref("Vpc"), CidrBlock=f"10.0.{i}.0/24", AvailabilityZone=f"{REGION}{zone}")
        for i, (name, zone) in enumerate(zones.items())
    }
    return {
        "Vpc": resource("EC2::VPC", CidrBlock="10.0.0.0/16", **names),
        "Group": resource("EC2::SecurityGroup", GroupDescription="Endpoints", VpcId=ref("Vpc")),
        **subnets,
    }


def endpoint(*subnets: str, **more: Any) -> dict[str, Any]:
    """An interface endpoint of Secrets Manager."""
    service = f"com.amazonaws.{REGION}.secretsmanager"
    place = {"VpcId": ref("Vpc"), "SubnetIds": [ref(name) for name in subnets], "SecurityGroupIds": [ref("Group")]}
    chosen = {"ServiceName": service, "VpcEndpointType": "Interface", "PrivateDnsEnabled": True, **place, **more}
    return resource("EC2::VPCEndpoint", **chosen)


def role(service: str, *actions: str, name: str) -> dict[str, Any]:
    """A role of a service with these rights."""
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    rights = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    policies = [{"PolicyName": "own", "PolicyDocument": {"Statement": [rights]}}] if actions else []
    return resource("IAM::Role", RoleName=name, AssumeRolePolicyDocument={"Statement": [trust]}, Policies=policies)


class StandIns(PatchedCloud):
    """One stack a case."""

    def recorded(self) -> dict[str, dict[str, Any]]:
        """What is there in name only, by type."""
        with urllib.request.urlopen(f"{self.endpoint}/_local/recorded", timeout=5) as answer:
            return {record["type"]: record for record in json.load(answer)["recorded"]}

    def refuses(self, reason: str, name: str, resources: dict[str, Any]) -> None:
        """A stack whose creation fails for a reason."""
        status, reasons = self.deploy(name, resources)
        self.assertEqual(status, "ROLLBACK_COMPLETE", reasons)
        self.assertIn(reason, reasons)

    def test_an_endpoint_has_one_subnet_of_a_zone_and_names_of_its_own_vpc(self):
        status, reasons = self.deploy("endpoint", {**network(), "Endpoint": endpoint("First", "Second")})
        self.assertEqual(status, "CREATE_COMPLETE", reasons)
        self.refuses("one subnet of a zone", "zones", {**network(), "Endpoint": endpoint("First", "Third")})
        without = network(EnableDnsHostnames=False)
        self.refuses("enableDnsHostnames", "names", {**without, "Endpoint": endpoint("First")})
        strange = endpoint("First", ServiceName="com.amazonaws.eu-west-1.logs")
        self.refuses("does not exist", "strange", {**network(), "Endpoint": strange})
        elsewhere = {**network(), "Other": resource("EC2::VPC", CidrBlock="10.1.0.0/16")}
        self.refuses("is in the VPC", "elsewhere", {**elsewhere, "Endpoint": endpoint("First", VpcId=ref("Other"))})

    def test_a_rule_of_a_security_group_exists_once_and_knows_the_group_at_its_other_end(self):
        rule = {"GroupId": ref("Group"), "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
        other = resource("EC2::SecurityGroup", GroupDescription="Callers", VpcId=ref("Vpc"))
        one = resource("EC2::SecurityGroupIngress", SourceSecurityGroupId=ref("Other"), Description="one", **rule)
        twin = resource("EC2::SecurityGroupIngress", SourceSecurityGroupId=ref("Other"), Description="two", **rule)
        groups = {**network(), "Other": other, "One": one}
        self.assertEqual(self.deploy("rule", groups)[0], "CREATE_COMPLETE")
        self.refuses("already exists", "twins", {**groups, "Twin": twin})
        nobody = resource("EC2::SecurityGroupIngress", SourceSecurityGroupId="sg-0123456789abcdef0", **rule)
        self.refuses("does not exist", "nobody", {**network(), "Rule": nobody})

    def test_a_flow_log_needs_a_role_that_trusts_it_and_tells_when_that_may_not_write(self):
        def with_role(of: dict[str, Any], name: str) -> dict[str, Any]:
            log = resource(
                "EC2::FlowLog",
                ResourceType="VPC",
                ResourceId=ref("Vpc"),
                TrafficType="REJECT",
                LogGroupName=f"/vpc/{name}",
                DeliverLogsPermissionArn={"Fn::GetAtt": ["Role", "Arn"]},
            )
            return {**network(), "Role": of, "Log": log}

        writes = ("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")
        flows = "vpc-flow-logs.amazonaws.com"
        self.assertEqual(self.deploy("flows", with_role(role(flows, *writes, name="f"), "f"))[0], "CREATE_COMPLETE")
        record = self.recorded()["AWS::EC2::FlowLog"]
        self.assertEqual((record["deliverLogsStatus"], record["properties"]["TrafficType"]), ("SUCCESS", "REJECT"))
        self.assertEqual(len(self.client("ec2").describe_flow_logs()["FlowLogs"]), 1)

        self.assertEqual(self.deploy("mute", with_role(role(flows, *writes[:1], name="m"), "m"))[0], "CREATE_COMPLETE")
        self.assertEqual(self.recorded()["AWS::EC2::FlowLog"]["denied"], list(writes[1:]))
        self.refuses("Unable to assume", "trust", with_role(role("lambda.amazonaws.com", *writes, name="t"), "t"))

    def test_a_function_in_a_vpc_needs_the_rights_to_its_interfaces(self):
        self.publish_function("code-of-stand-ins", "function.zip")

        def function(name: str, *actions: str) -> dict[str, Any]:
            its = resource(
                "Lambda::Function",
                FunctionName=name,
                Runtime="provided.al2023",
                Handler="bootstrap",
                Code={"S3Bucket": "code-of-stand-ins", "S3Key": "function.zip"},
                Role={"Fn::GetAtt": ["Role", "Arn"]},
                VpcConfig={"SubnetIds": [ref("First")], "SecurityGroupIds": [ref("Group")]},
            )
            return {**network(), "Role": role("lambda.amazonaws.com", *actions, name=name), "Function": its}

        creates, looks, deletes = (f"ec2:{verb}" for verb in ("Create*", "Describe*", "Delete*"))
        self.assertEqual(self.deploy("placed", function("placed", creates, looks, deletes))[0], "CREATE_COMPLETE")
        self.refuses("call DescribeNetworkInterfaces on EC2", "blind", function("blind", creates, deletes))

    def test_a_secret_knows_its_database_and_its_rotation_and_nothing_is_rotated(self):
        self.server.answers["DescribeDBInstances"] = INSTANCE
        template = {
            "Secret": resource(
                "SecretsManager::Secret",
                GenerateSecretString={
                    "SecretStringTemplate": '{"username":"postgres"}',
                    "GenerateStringKey": "password",
                },
            ),
            "Attachment": resource(
                "SecretsManager::SecretTargetAttachment",
                SecretId=ref("Secret"),
                TargetId="production",
                TargetType="AWS::RDS::DBInstance",
            ),
            "Application": application(),
            "Rotation": rotation({"Fn::GetAtt": ["Application", "Outputs.RotationLambdaARN"]}),
        }
        status, reasons = self.deploy("rotated", template)
        self.assertEqual(status, "CREATE_COMPLETE", reasons)
        function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:rotation"
        self.assertEqual(self.recorded()["AWS::Serverless::Application"]["function"], function)
        manager = self.client("secretsmanager")
        (listed,) = manager.list_secrets()["SecretList"]
        secret = manager.describe_secret(SecretId=listed["ARN"])
        self.assertEqual((secret["RotationEnabled"], secret["RotationLambdaARN"]), (True, function))
        value = json.loads(manager.get_secret_value(SecretId=secret["ARN"])["SecretString"])
        self.assertEqual(
            {key: item for key, item in value.items() if key != "password"},
            {
                "username": "postgres",
                "engine": "postgres",
                "host": "localhost",
                "port": 5432,
                "dbInstanceIdentifier": "production",
            },
        )
        lonely = {**template, "Rotation": rotation(f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:nobody")}
        self.refuses("cannot invoke the specified Lambda function", "lonely", lonely)

    def test_of_the_applications_only_the_rotations_are_known(self):
        other = application(ApplicationId="arn:aws:serverlessrepo:us-east-1:297356227824:applications/helloworld")
        self.refuses("only PostgreSQL's rotations", "unknown", {"Application": other})
        self.refuses("extraneous key", "mistyped", {"Application": application(more={"functionname": "rotation"})})

    def test_a_schema_belongs_to_a_registry_and_is_json(self):
        registry = resource("EventSchemas::Registry", RegistryName="events")
        schema = {"RegistryName": {"Fn::GetAtt": ["Registry", "RegistryName"]}, "SchemaName": "one"}
        draft = {"Type": "JSONSchemaDraft4", "Content": "{}"}
        one = {"Registry": registry, "One": resource("EventSchemas::Schema", **schema, **draft)}
        self.assertEqual(self.deploy("schemas", one)[0], "CREATE_COMPLETE")
        self.assertEqual(self.recorded()["AWS::EventSchemas::Schema"]["properties"]["SchemaName"], "one")
        broken = resource("EventSchemas::Schema", **schema, **draft | {"Content": "{"})
        self.refuses("no JSON", "broken", {**one, "One": broken})
        lost = resource("EventSchemas::Schema", **schema | {"RegistryName": "nowhere"}, **draft)
        self.refuses("does not exist", "lost", {"One": lost})


def application(more: dict[str, str] | None = None, **location: str) -> dict[str, Any]:
    """AWS's application for the rotation of a PostgreSQL password."""
    where = {"ApplicationId": ROTATION, "SemanticVersion": "1.1.671", **location}
    parameters = {
        "endpoint": f"https://secretsmanager.{REGION}.amazonaws.com",
        "functionName": "rotation",
        **(more or {}),
    }
    return {"Type": "AWS::Serverless::Application", "Properties": {"Location": where, "Parameters": parameters}}


def rotation(function: Any) -> dict[str, Any]:
    """The secret's rotation every 30 days."""
    return resource(
        "SecretsManager::RotationSchedule",
        SecretId=ref("Secret"),
        RotationLambdaARN=function,
        RotationRules={"ScheduleExpression": "rate(30 days)"},
    )
