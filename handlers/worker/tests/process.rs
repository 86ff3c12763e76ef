//! The worker as ECS runs it: a process with an environment, an exit code and a result in S3.

#![allow(clippy::unwrap_used, reason = "what a test can't prepare fails it")]

mod aws;
mod cluster;

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use aws::Aws;
use cluster::surroundings::job;
use cluster::{Cluster, MASTER, MASTER_PASSWORD};
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::job::{Job, JobResult, Mode};

const JOB_KEY: &str = "work/abcdefghij23/1/job.json";
const RESULT_KEY: &str = "work/abcdefghij23/1/result.json";

fn start(aws: &Aws, cluster: &Cluster) -> Child {
    Command::new(env!("CARGO_BIN_EXE_tenant-restore-worker"))
        .env_clear()
        .envs([
            ("PATH", "/usr/bin:/bin"),
            ("AWS_ENDPOINT_URL", aws.url().as_str()),
            ("AWS_REGION", "eu-west-3"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("BUCKET_NAME", "documents"),
            ("JOB", JOB_KEY),
        ])
        .env("PGSSLROOTCERT", cluster.ca_bundle())
        .env("POSTGRES_BIN", Cluster::programs())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn finish(child: Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

fn store(aws: &Aws, job: &Job) {
    aws.put_object(
        &format!("/documents/{JOB_KEY}"),
        serde_json::to_vec(job).unwrap(),
    );
}

fn result(aws: &Aws) -> JobResult {
    serde_json::from_slice(&aws.object(&format!("/documents/{RESULT_KEY}")).unwrap()).unwrap()
}

fn login(password: &str) -> String {
    serde_json::json!({ "username": MASTER, "password": password }).to_string()
}

#[tokio::test]
async fn a_job_that_succeeds_exits_0_and_leaves_its_result() {
    let cluster = Cluster::start("app").await;
    let aws = Aws::start();
    aws.put_secret(MASTER, &login(MASTER_PASSWORD));
    store(&aws, &job("app", &[("acme", "acme_r")], &cluster, None));
    let (code, log) = finish(start(&aws, &cluster));
    assert_eq!(code, Some(0), "{log}");
    assert!(result(&aws).preflight.is_some());
    assert!(
        log.lines()
            .all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()),
        "{log}"
    );
    assert!(
        log.contains("abcdefghij23") && log.contains("\"preflight\""),
        "{log}"
    );
}

#[tokio::test]
async fn a_job_that_fails_exits_1_with_the_reason_and_without_the_password() {
    let cluster = Cluster::start("app").await;
    let aws = Aws::start();
    aws.put_secret(MASTER, &login("wrong-word"));
    store(&aws, &job("app", &[("acme", "acme_r")], &cluster, None));
    let (code, log) = finish(start(&aws, &cluster));
    assert_eq!(code, Some(1), "{log}");
    let result = result(&aws);
    assert_eq!(
        result.failure.as_ref().unwrap().causes[0].kind,
        ErrorKind::CredentialsRefused
    );
    assert!(
        !log.contains("wrong-word")
            && !serde_json::to_string(&result)
                .unwrap()
                .contains("wrong-word")
    );
}

#[tokio::test]
async fn a_job_that_cant_be_read_exits_2() {
    let cluster = Cluster::start("app").await;
    let aws = Aws::start();
    let (code, log) = finish(start(&aws, &cluster));
    assert_eq!(code, Some(2), "{log}");
    assert!(log.contains(JOB_KEY), "{log}");
}

#[tokio::test]
async fn sigterm_ends_the_job_cleanly_with_a_result() {
    let cluster = Cluster::start("app").await;
    let aws = Aws::start();
    aws.put_secret(MASTER, &login("wrong-word"));
    let mut job = job("app", &[("acme", "acme_r")], &cluster, Some(&cluster));
    job.modes = vec![Mode::Extract];
    store(&aws, &job);
    let child = start(&aws, &cluster);
    // A refused password of the temporary database is tried again for a while: the job is in its middle then.
    let deadline = Instant::now() + Duration::from_secs(20);
    while aws.secrets_read() == 0 {
        assert!(
            Instant::now() < deadline,
            "the worker never asked for its secret"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    let told = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(told.success());
    let (code, log) = finish(child);
    assert_eq!(code, Some(1), "{log}");
    let failure = result(&aws).failure.unwrap();
    assert_eq!(
        (failure.mode, failure.causes[0].kind),
        (Mode::Extract, ErrorKind::TaskFailed)
    );
}
