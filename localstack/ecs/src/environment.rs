//! The environment of a task's process.

use std::collections::BTreeMap;
use std::path::Path;

use local_cloud_wire::cloud::Session;

use crate::definition::Container;
use crate::request::ContainerOverride;

/// What the local cloud adds to a container's own variables.
#[derive(Debug)]
pub(crate) struct Surroundings<'a> {
    /// The URL of the local cloud.
    pub(crate) endpoint: &'a str,
    pub(crate) region: &'a str,
    /// The local certificate authority's certificate.
    pub(crate) ca: &'a Path,
    /// Where the programs are that the image would hold.
    pub(crate) path: &'a str,
    /// The credentials of the task role.
    pub(crate) session: Option<&'a Session>,
    /// Variables that win over all others.
    pub(crate) local: &'a BTreeMap<String, String>,
}

/// The variables of the process: the definition's, its secrets, the overrides, then what the local cloud adds.
pub(crate) fn variables(
    container: &Container,
    secrets: Vec<(String, String)>,
    overrides: &ContainerOverride,
    around: &Surroundings<'_>,
) -> BTreeMap<String, String> {
    let pairs = |list: &[crate::request::Variable]| -> Vec<(String, String)> {
        list.iter()
            .map(|one| (one.name.clone(), one.value.clone()))
            .collect()
    };
    let mut variables: BTreeMap<String, String> =
        pairs(&container.environment).into_iter().collect();
    variables.extend(secrets);
    variables.extend(pairs(&overrides.environment));
    variables
        .entry("PGSSLROOTCERT".into())
        .or_insert_with(|| around.ca.display().to_string());
    variables
        .entry("PATH".into())
        .or_insert_with(|| around.path.to_owned());
    variables.insert("AWS_ENDPOINT_URL".into(), around.endpoint.to_owned());
    variables.insert("AWS_REGION".into(), around.region.to_owned());
    if let Some(session) = around.session {
        variables.insert("AWS_ACCESS_KEY_ID".into(), session.access_key_id.clone());
        variables.insert(
            "AWS_SECRET_ACCESS_KEY".into(),
            session.secret_access_key.clone(),
        );
        variables.insert("AWS_SESSION_TOKEN".into(), session.session_token.clone());
    }
    variables.extend(around.local.clone());
    variables
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(
        container: serde_json::Value,
        overrides: serde_json::Value,
        session: Option<&Session>,
    ) -> BTreeMap<String, String> {
        let container: Container = serde_json::from_value(container).unwrap();
        let overrides: ContainerOverride = serde_json::from_value(overrides).unwrap();
        let local = BTreeMap::new();
        let around = Surroundings {
            endpoint: "http://127.0.0.1:4566",
            region: "eu-west-3",
            ca: Path::new("/home/ca.pem"),
            path: "/usr/bin",
            session,
            local: &local,
        };
        variables(
            &container,
            vec![("SECRET".into(), "s".into())],
            &overrides,
            &around,
        )
    }

    #[test]
    fn overrides_win_over_the_definition_and_nothing_else_comes_in() {
        let container = json!({"name": "w", "image": "i", "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]});
        let found = of(
            container,
            json!({"environment": [{"name": "A", "value": "3"}]}),
            None,
        );
        let expected = [
            ("A", "3"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"),
            ("AWS_REGION", "eu-west-3"),
            ("B", "2"),
            ("PATH", "/usr/bin"),
            ("PGSSLROOTCERT", "/home/ca.pem"),
            ("SECRET", "s"),
        ];
        assert_eq!(
            found,
            expected
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into()
        );
    }

    #[test]
    fn a_tasks_role_gives_it_credentials() {
        let session = Session {
            access_key_id: "k".into(),
            secret_access_key: "s".into(),
            session_token: "t".into(),
        };
        let found = of(
            json!({"name": "w", "image": "i"}),
            json!({}),
            Some(&session),
        );
        assert_eq!(found["AWS_ACCESS_KEY_ID"], "k");
        assert_eq!(found["AWS_SESSION_TOKEN"], "t");
    }
}
