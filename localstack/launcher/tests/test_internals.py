"""What happens with another ministack."""

import types
import unittest

from launcher import internals
from launcher.authorization import dms_resource, ecs_resource, rds_resource

PLACE = ("eu-west-3", "000000000000")


class OtherMinistack(unittest.TestCase):
    """A ministack that lacks something is refused by name, not patched by halves."""

    def test_a_vanished_function_is_named(self):
        with self.assertRaisesRegex(internals.UnsupportedMinistack, "sqs of ministack has no _gone any more"):
            internals.replace(types.ModuleType("sqs"), "_gone", lambda original: original)

    def test_a_vanished_module_is_named(self):
        with self.assertRaisesRegex(internals.UnsupportedMinistack, "has no module services.gone"):
            internals.module("services.gone")

    def test_a_vanished_entry_is_named(self):
        with self.assertRaisesRegex(internals.UnsupportedMinistack, "SQS actions has no entry SendMessage"):
            internals.entry({}, "SendMessage", "SQS actions")


class Resources(unittest.TestCase):
    """The resource that a policy is compared with."""

    def test_a_restore_is_about_the_new_instance(self):
        call = {"SourceDBInstanceIdentifier": "production", "TargetDBInstanceIdentifier": "TR-main-1"}
        self.assertEqual(rds_resource(call, *PLACE), "arn:aws:rds:eu-west-3:000000000000:db:tr-main-1")

    def test_a_list_is_about_all_of_its_kind(self):
        prefix = "arn:aws:rds:eu-west-3:000000000000"
        self.assertEqual(rds_resource({"Action": "DescribeDBInstances"}, *PLACE), f"{prefix}:db:*")
        backups = {"Action": "DescribeDBInstanceAutomatedBackups", "DBInstanceIdentifier": "production"}
        self.assertEqual(rds_resource(backups, *PLACE), f"{prefix}:auto-backup:*")

    def test_tags_are_about_the_arn_in_the_call(self):
        arn = "arn:aws:rds:eu-west-3:000000000000:db:tr-main-1"
        self.assertEqual(rds_resource({"ResourceName": arn}, *PLACE), arn)

    def test_a_new_task_of_dms_is_named_by_its_resource_identifier(self):
        call = {"ReplicationInstanceArn": "arn:aws:dms:x:y:rep:z", "ResourceIdentifier": "tr-main-1-k01"}
        self.assertEqual(
            dms_resource("CreateReplicationTask", call, *PLACE),
            "arn:aws:dms:eu-west-3:000000000000:task:tr-main-1-k01",
        )

    def test_stopping_a_task_is_about_the_task(self):
        call = {"cluster": "c", "task": "t"}
        self.assertEqual(ecs_resource("StopTask", call, *PLACE), "arn:aws:ecs:eu-west-3:000000000000:task/c/t")
