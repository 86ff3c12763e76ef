"""DynamoDB request units."""

from botocore.exceptions import ClientError

from launcher.tests.patched_cloud import PatchedCloud

TABLE = "units"


class RequestUnits(PatchedCloud):
    """Units follow from the sizes of items, as DynamoDB's developer guide says."""

    def setUp(self) -> None:
        """A table with one item of about 5 KB."""
        super().setUp()
        self.dynamodb = self.client("dynamodb")
        if TABLE not in self.dynamodb.list_tables()["TableNames"]:
            self.dynamodb.create_table(
                TableName=TABLE,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            )
        self.dynamodb.put_item(TableName=TABLE, Item=item("big", 5000))
        self.counts("DELETE")

    def units(self, name: str) -> float:
        """Units used since the last call."""
        used = self.counts().get("dynamodb", {}).get(name, 0)
        self.counts("DELETE")
        return used

    def test_a_write_costs_a_unit_per_kilobyte(self):
        self.dynamodb.put_item(TableName=TABLE, Item=item("small", 100))
        self.assertEqual(self.units("writeUnits"), 1)
        self.dynamodb.put_item(TableName=TABLE, Item=item("medium", 2000))
        self.assertEqual(self.units("writeUnits"), 2)

    def test_a_refused_write_costs_as_much_as_the_item_that_is_there(self):
        with self.assertRaises(ClientError):
            self.dynamodb.put_item(TableName=TABLE, Item=item("big", 1), ConditionExpression="attribute_not_exists(pk)")
        self.assertEqual(self.units("writeUnits"), 5)

    def test_a_transaction_costs_double(self):
        puts = [{"Put": {"TableName": TABLE, "Item": item(name, 100)}} for name in ("a", "b")]
        answer = self.dynamodb.transact_write_items(TransactItems=puts)
        self.assertNotIn("ConsumedCapacity", answer)
        self.assertEqual(self.units("writeUnits"), 4)

    def test_a_read_costs_a_unit_per_four_kilobytes_and_half_if_eventually_consistent(self):
        key = {"pk": {"S": "big"}}
        self.dynamodb.get_item(TableName=TABLE, Key=key, ConsistentRead=True)
        self.assertEqual(self.units("readUnits"), 2)
        self.dynamodb.get_item(TableName=TABLE, Key=key)
        self.assertEqual(self.units("readUnits"), 1)

    def test_a_query_costs_what_it_reads_before_its_filter(self):
        self.dynamodb.query(
            TableName=TABLE,
            KeyConditionExpression="pk = :pk",
            FilterExpression="attribute_not_exists(words)",
            ExpressionAttributeValues={":pk": {"S": "big"}},
            ConsistentRead=True,
        )
        self.assertEqual(self.units("readUnits"), 2)


def item(key: str, size: int) -> dict:
    """An item with a text of this size."""
    return {"pk": {"S": key}, "words": {"S": "x" * size}}
