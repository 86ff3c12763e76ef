//! Connections against a real server with TLS.

#![allow(clippy::unwrap_used, reason = "what a test can't prepare fails it")]

mod cluster;

use std::sync::Arc;

use cluster::surroundings::{Known, Memory, context_with, job};
use cluster::{Cluster, MASTER_PASSWORD};
use tenant_restore_core::error::ErrorKind;
use tenant_restore_worker::connection::Connector;
use tenant_restore_worker::secrets::Login;

#[tokio::test]
async fn a_session_ignores_the_settings_of_its_database_and_errors_say_what_to_check() {
    let cluster = Cluster::start("app").await;
    cluster
        .script(
            "app",
            "alter database app set statement_timeout = 1; alter database app set search_path = public;
             alter database app set row_security = on; alter database app set datestyle = 'SQL, DMY'",
        )
        .await;
    let connector = Connector::new(&cluster.ca_bundle(), "abcdefghij23").unwrap();

    let client = connector
        .connect(&cluster.server(), &cluster.master(), "app")
        .await
        .unwrap();
    for (setting, expected) in [
        ("statement_timeout", "0"),
        ("search_path", "\"\""),
        ("row_security", "off"),
        ("DateStyle", "ISO, YMD"),
        ("application_name", "tenant-restore abcdefghij23"),
    ] {
        let row = client
            .query_one("select current_setting($1)", &[&setting])
            .await
            .unwrap();
        assert_eq!(row.get::<_, &str>(0), expected, "{setting}");
    }

    let wrong = Login::new(cluster::MASTER, "wrong-word");
    let refused = connector
        .connect(&cluster.server(), &wrong, "app")
        .await
        .err()
        .unwrap();
    assert_eq!(refused.kind, ErrorKind::CredentialsRefused);
    assert!(!refused.message.contains("wrong-word"));

    let missing = connector
        .connect(&cluster.server(), &cluster.master(), "none")
        .await
        .err()
        .unwrap();
    assert_eq!(
        (missing.kind, missing.field.as_deref()),
        (ErrorKind::DatabaseMissing, Some("database"))
    );

    let mut by_address = cluster.server();
    by_address.host = "127.0.0.1".to_owned();
    let unverified = connector
        .connect(&by_address, &cluster.master(), "app")
        .await
        .err()
        .unwrap();
    assert_eq!(
        unverified.kind,
        ErrorKind::CertificateRefused,
        "the certificate names localhost only"
    );
    assert!(!unverified.message.contains(MASTER_PASSWORD));

    let stranger = Cluster::start("app").await;
    let distrusted = connector
        .connect(&stranger.server(), &stranger.master(), "app")
        .await
        .err()
        .unwrap();
    assert_eq!(
        distrusted.kind,
        ErrorKind::CertificateRefused,
        "another authority isn't trusted"
    );
    assert!(distrusted.remedy.contains("PGSSLROOTCERT"));
}

#[tokio::test]
async fn a_login_that_was_changed_meanwhile_is_read_again_and_a_wrong_one_is_told() {
    let cluster = Cluster::start("app").await;
    let wrong = || Login::new(cluster::MASTER, "wrong-word");
    let connect = async |current: Login| {
        let secrets = Known::default()
            .with(cluster::MASTER, current)
            .with_stale(cluster::MASTER, wrong());
        let storage = Arc::new(Memory::default());
        let job = job("app", &[("a", "b")], &cluster, None);
        let context = context_with(job, &storage, &cluster.ca_bundle(), secrets);
        context.production().await.map(drop)
    };
    connect(cluster.master()).await.unwrap();
    let refused = connect(wrong()).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::CredentialsRefused);
}
