"""RDS, DMS and ECS: rights, tags, and CloudFormation over the wire."""

import json
import unittest

from botocore.exceptions import ClientError

from launcher import authorization
from launcher.tests.patched_cloud import PatchedCloud

ACCOUNT = "000000000000"


def tag_list(*tags: tuple[str, str]) -> str:
    """The answer to ListTagsForResource of RDS."""
    listed = "".join(f"<Tag><Key>{key}</Key><Value>{value}</Value></Tag>" for key, value in tags)
    result = f"<ListTagsForResourceResult><TagList>{listed}</TagList></ListTagsForResourceResult>"
    return f"<ListTagsForResourceResponse>{result}</ListTagsForResourceResponse>"


class Resources(unittest.TestCase):
    """The resource of an RDS call, as policies name it."""

    def test_a_call_is_about_what_it_makes_or_changes(self):
        calls = {
            "db:tr-main-a": {
                "Action": "CreateDBInstance",
                "DBInstanceIdentifier": "tr-main-A",
                "DBClusterIdentifier": "c",
            },
            "cluster:tr-main-a": {"Action": "RestoreDBClusterFromSnapshot", "DBClusterIdentifier": "tr-main-a"},
            "snapshot:s": {"Action": "CreateDBSnapshot", "DBInstanceIdentifier": "a", "DBSnapshotIdentifier": "S"},
            "snapshot:rds:a-2026": {"Action": "DescribeDBSnapshots", "DBSnapshotIdentifier": "rds:a-2026"},
            "cluster-snapshot:s": {
                "Action": "CreateDBClusterSnapshot",
                "DBClusterIdentifier": "c",
                "DBClusterSnapshotIdentifier": "s",
            },
            "pg:tr-main-a": {"Action": "CopyDBParameterGroup", "TargetDBParameterGroupIdentifier": "tr-main-a"},
            "cluster-pg:g": {"Action": "ModifyDBClusterParameterGroup", "DBClusterParameterGroupName": "g"},
            "auto-backup:*": {"Action": "DescribeDBInstanceAutomatedBackups", "DbiResourceId": "db-A"},
            "cluster-auto-backup:*": {"Action": "DescribeDBClusterAutomatedBackups"},
        }
        prefix = f"arn:aws:rds:eu-west-3:{ACCOUNT}:"
        found = {name: authorization.rds_resource(call, "eu-west-3", ACCOUNT) for name, call in calls.items()}
        self.assertEqual(found, {name: prefix + name for name in calls})

    def test_a_call_about_nothing_in_particular_is_about_everything(self):
        call = {"Action": "DescribeAccountAttributes"}
        self.assertEqual(authorization.rds_resource(call, "eu-west-3", ACCOUNT), "*")


class Rights(PatchedCloud):
    """Policies are enforced before a call is passed on."""

    def test_a_role_may_only_create_databases_with_the_prefix_that_it_is_given(self):
        role = self.role(
            "provision",
            {
                "Effect": "Allow",
                "Action": "rds:RestoreDBInstanceToPointInTime",
                "Resource": f"arn:aws:rds:*:{ACCOUNT}:db:tr-main-*",
            },
        )
        rds = self.client("rds", **self.credentials_of(role))
        self.server.answers["RestoreDBInstance"] = "<R><RestoreDBInstanceToPointInTimeResult/></R>"
        rds.restore_db_instance_to_point_in_time(TargetDBInstanceIdentifier="tr-main-abc")
        self.assertEqual(len(self.server.calls), 1)
        with self.assertRaisesRegex(ClientError, "AccessDenied"):
            rds.restore_db_instance_to_point_in_time(TargetDBInstanceIdentifier="production")
        self.assertEqual(len(self.server.calls), 1)

    def test_a_condition_on_tags_is_checked_against_the_server(self):
        condition = {"StringEquals": {"aws:ResourceTag/tenant-restore:deployment": "mine"}}
        statement = {"Effect": "Allow", "Action": "rds:DeleteDBInstance", "Resource": "*", "Condition": condition}
        rds = self.client("rds", **self.credentials_of(self.role("cleanup", statement)))
        self.server.answers["ListTagsForResource"] = tag_list()
        with self.assertRaisesRegex(ClientError, "AccessDenied"):
            rds.delete_db_instance(DBInstanceIdentifier="tr-main-abc")
        self.server.answers["ListTagsForResource"] = tag_list(("tenant-restore:deployment", "mine"))
        self.server.answers["DeleteDBInstance"] = "<R><DeleteDBInstanceResult/></R>"
        rds.delete_db_instance(DBInstanceIdentifier="tr-main-abc")

    def test_dms_is_denied_until_it_is_granted(self):
        statement = {"Effect": "Allow", "Action": "dms:CreateReplicationTask", "Resource": "*"}
        dms = self.client("dms", **self.credentials_of(self.role("migrate", statement)))
        with self.assertRaisesRegex(ClientError, "AccessDenied"):
            dms.describe_replication_tasks()
        self.assertEqual(self.server.calls, [])

    def test_ecs_tasks_run_in_the_cluster_that_the_role_is_limited_to(self):
        cluster = f"arn:aws:ecs:eu-west-3:{ACCOUNT}:cluster/mine"
        statement = {
            "Effect": "Allow",
            "Action": "ecs:RunTask",
            "Resource": f"arn:aws:ecs:*:{ACCOUNT}:task-definition/worker:*",
            "Condition": {"ArnEquals": {"ecs:cluster": cluster}},
        }
        ecs = self.client("ecs", **self.credentials_of(self.role("runner", statement)))
        ecs.run_task(cluster="mine", taskDefinition="worker:1")
        with self.assertRaisesRegex(ClientError, "AccessDenied"):
            ecs.run_task(cluster="other", taskDefinition="worker:1")


class Stacks(PatchedCloud):
    """Resource types that the server keeps are created by calls to it."""

    def test_a_dms_subnet_group_is_created_by_a_call(self):
        self.server.answers["CreateReplicationSubnetGroup"] = json.dumps(
            {"ReplicationSubnetGroup": {"ReplicationSubnetGroupIdentifier": "group"}}
        )
        properties = {
            "ReplicationSubnetGroupIdentifier": "group",
            "ReplicationSubnetGroupDescription": "text",
            "SubnetIds": ["a", "b"],
        }
        group = {"Type": "AWS::DMS::ReplicationSubnetGroup", "Properties": properties}
        self.assertEqual(self.deploy("group", {"Group": group}), ("CREATE_COMPLETE", ""))
        target, body = self.server.calls[-1]
        self.assertEqual(target, "AmazonDMSv20160101.CreateReplicationSubnetGroup")
        self.assertEqual(json.loads(body), properties)

    def test_a_task_definition_is_spelled_as_the_api_wants_it(self):
        arn = f"arn:aws:ecs:eu-west-3:{ACCOUNT}:task-definition/worker:1"
        self.server.answers["RegisterTaskDefinition"] = json.dumps({"taskDefinition": {"taskDefinitionArn": arn}})
        container = {"Name": "worker", "Image": "x", "Memory": "512", "Essential": "true"}
        properties = {"Family": "worker", "ContainerDefinitions": [container]}
        definition = {"Type": "AWS::ECS::TaskDefinition", "Properties": properties}
        self.assertEqual(self.deploy("definition", {"Definition": definition}), ("CREATE_COMPLETE", ""))
        sent = json.loads(self.server.calls[-1][1])
        expected = {"name": "worker", "image": "x", "memory": 512, "essential": True}
        self.assertEqual(sent, {"family": "worker", "containerDefinitions": [expected]})

    def test_a_property_that_the_api_lacks_fails_the_stack(self):
        properties = {"ReplicationSubnetGroupDescription": "text", "SubnetIds": ["a"], "Colour": "red"}
        group = {"Type": "AWS::DMS::ReplicationSubnetGroup", "Properties": properties}
        status, reason = self.deploy("unknown", {"Group": group})
        self.assertEqual(status, "ROLLBACK_COMPLETE")
        self.assertIn("Colour", reason)
