"""Secret versions."""

from botocore.exceptions import ClientError

from launcher.tests.patched_cloud import PatchedCloud


def token(digit: int) -> str:
    """A ClientRequestToken."""
    return str(digit) * 32


class SecretVersions(PatchedCloud):
    """Versions are kept, dated and never overwritten."""

    def secret_with_versions(self, name: str, count: int):
        """A secret with versions 1 to `count`, whose value is their number."""
        manager = self.client("secretsmanager")
        manager.create_secret(Name=name, SecretString="1", ClientRequestToken=token(1))
        for number in range(2, count + 1):
            manager.put_secret_value(SecretId=name, SecretString=str(number), ClientRequestToken=token(number))
        return manager

    def test_a_deprecated_version_can_still_be_read(self):
        manager = self.secret_with_versions("read", 4)
        self.assertEqual(manager.get_secret_value(SecretId="read", VersionId=token(1))["SecretString"], "1")

    def test_deprecated_versions_are_listed_on_request_only(self):
        manager = self.secret_with_versions("listed", 4)
        shown = manager.list_secret_version_ids(SecretId="listed")["Versions"]
        self.assertEqual([version["VersionId"] for version in shown], [token(4), token(3)])
        every = manager.list_secret_version_ids(SecretId="listed", IncludeDeprecated=True)["Versions"]
        self.assertEqual([version["VersionId"] for version in every], [token(4), token(3), token(2), token(1)])
        self.assertEqual(every[-1].get("VersionStages", []), [])

    def test_versions_of_one_second_have_dates_in_their_order(self):
        manager = self.secret_with_versions("dated", 3)
        versions = manager.list_secret_version_ids(SecretId="dated", IncludeDeprecated=True)["Versions"]
        dates = {version["VersionId"]: version["CreatedDate"] for version in versions}
        self.assertLess(dates[token(1)], dates[token(2)])
        self.assertLess(dates[token(2)], dates[token(3)])

    def test_pages_cover_all_versions(self):
        manager = self.secret_with_versions("paged", 5)
        first = manager.list_secret_version_ids(SecretId="paged", IncludeDeprecated=True, MaxResults=3)
        rest = manager.list_secret_version_ids(
            SecretId="paged", IncludeDeprecated=True, MaxResults=3, NextToken=first["NextToken"]
        )
        self.assertEqual((len(first["Versions"]), len(rest["Versions"])), (3, 2))
        self.assertNotIn("NextToken", rest)

    def test_a_version_is_never_overwritten(self):
        manager = self.secret_with_versions("fixed", 2)
        again = manager.put_secret_value(SecretId="fixed", SecretString="2", ClientRequestToken=token(2))
        self.assertEqual(again["VersionId"], token(2))
        with self.assertRaisesRegex(ClientError, "ResourceExistsException"):
            manager.put_secret_value(SecretId="fixed", SecretString="other", ClientRequestToken=token(2))

    def test_a_repeated_creation_with_the_same_value_is_the_same_secret(self):
        manager = self.secret_with_versions("once", 1)
        again = manager.create_secret(Name="once", SecretString="1", ClientRequestToken=token(1))
        self.assertEqual(again["VersionId"], token(1))
        with self.assertRaisesRegex(ClientError, "ResourceExistsException"):
            manager.create_secret(Name="once", SecretString="2", ClientRequestToken=token(1))
