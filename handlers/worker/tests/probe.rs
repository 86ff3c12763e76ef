//! The credentials of the restore point, tried on a real server.

#![allow(clippy::unwrap_used, reason = "what a test can't prepare fails it")]

mod cluster;

use std::sync::Arc;

use cluster::surroundings::{Known, Memory, context_with, job};
use cluster::{Cluster, MASTER, MASTER_PASSWORD};
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::job::{JobResult, LoginVerdict, Mode, Probe};
use tenant_restore_worker::context::Context;
use tenant_restore_worker::job_run;
use tenant_restore_worker::secrets::Login;

const SOURCE: &str = "arn:source";
const TEMPORARY: &str = "tr-main-abcdefghij23-s";

/// A probe of these versions, then a look at what it left.
fn probing(cluster: &Cluster, versions: &[&str], for_dms: bool, secrets: Known) -> Context {
    let mut job = job("app", &[("acme", "acme_r")], cluster, Some(cluster));
    job.modes = vec![Mode::Probe, Mode::Extract];
    job.temporary.as_mut().unwrap().secret = TEMPORARY.to_owned();
    job.probe = Some(Probe {
        secret: SOURCE.to_owned(),
        versions: versions.iter().map(|id| (*id).to_owned()).collect(),
        for_dms,
    });
    let storage = Arc::new(Memory::default());
    context_with(job, &storage, &cluster.ca_bundle(), secrets)
}

fn verdicts(result: &JobResult) -> Vec<LoginVerdict> {
    let tried = &result.probe.as_ref().unwrap().tried;
    tried.iter().map(|tried| tried.verdict).collect()
}

fn login(password: &str) -> Login {
    Login::new(MASTER, password)
}

#[tokio::test]
async fn the_first_version_that_logs_in_is_kept_in_the_temporary_secret_and_named_in_the_result() {
    let cluster = Cluster::start("app").await;
    let secrets = Known::default()
        .with_version(SOURCE, "v2", login("old-word"))
        .with_version(SOURCE, "v3", login(MASTER_PASSWORD))
        .with_version(SOURCE, "v4", login("never-tried"));
    let mut context = probing(&cluster, &["v1", "v2", "v3", "v4"], true, secrets);
    let result = job_run::run(&mut context, std::future::pending()).await;
    assert_eq!(
        verdicts(&result),
        [
            LoginVerdict::Unreadable,
            LoginVerdict::Refused,
            LoginVerdict::Accepted
        ]
    );
    assert_eq!(
        result.probe.as_ref().unwrap().version.as_deref(),
        Some("v3")
    );
    let kept = context.secrets.login(TEMPORARY).await.unwrap();
    assert_eq!(
        (kept.username.as_str(), kept.password()),
        (MASTER, MASTER_PASSWORD)
    );
    // The next mode has run with it.
    assert_eq!(
        result.failure.as_ref().unwrap().causes[0].kind,
        ErrorKind::SchemaMissing
    );
    let document = serde_json::to_string(&result).unwrap();
    for password in ["old-word", MASTER_PASSWORD] {
        assert!(!document.contains(password), "{document}");
    }
}

#[tokio::test]
async fn without_a_version_that_logs_in_the_job_ends_well_and_does_nothing_more() {
    let cluster = Cluster::start("app").await;
    let secrets = Known::default()
        .with_version(SOURCE, "v1", login("old-word"))
        .with_version(SOURCE, "v2", Login::new("nobody", MASTER_PASSWORD));
    let mut context = probing(&cluster, &["v1", "v2"], true, secrets);
    let result = job_run::run(&mut context, std::future::pending()).await;
    assert_eq!(verdicts(&result), [LoginVerdict::Refused; 2]);
    assert_eq!(result.probe.unwrap().version, None);
    assert_eq!((result.failure, result.extract), (None, None));
    assert!(context.secrets.login(TEMPORARY).await.is_err());
}

#[tokio::test]
async fn a_password_that_dms_does_not_take_is_used_only_where_dms_is_not() {
    let cluster = Cluster::start("app").await;
    let alter = format!("alter role {MASTER} password 'per%cent'");
    cluster.script("app", &alter).await;
    for (for_dms, expected) in [
        (true, LoginVerdict::NotForDms),
        (false, LoginVerdict::Accepted),
    ] {
        let secrets = Known::default()
            .with_version(SOURCE, "v1", login("per%cent"))
            .with_version(SOURCE, "v2", login("never-tried"));
        let mut context = probing(&cluster, &["v1", "v2"], for_dms, secrets);
        let result = job_run::run(&mut context, std::future::pending()).await;
        assert_eq!(verdicts(&result), [expected]);
    }
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_no_refused_login() {
    let cluster = Cluster::start("app").await;
    let secrets = Known::default().with_version(SOURCE, "v1", login(MASTER_PASSWORD));
    let mut context = probing(&cluster, &["v1"], true, secrets);
    // A bundle without the server's authority: verification must end the try.
    let stranger = Cluster::start("app").await;
    context.connector =
        tenant_restore_worker::connection::Connector::new(&stranger.ca_bundle(), "abcdefghij23")
            .unwrap();
    let result = job_run::run(&mut context, std::future::pending()).await;
    let failure = result.failure.unwrap();
    assert_eq!(failure.mode, Mode::Probe);
    assert_eq!(failure.causes[0].kind, ErrorKind::CertificateRefused);
    assert_eq!(result.probe, None);
}
