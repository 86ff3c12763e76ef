//! The worker's process, as ECS runs it, watched.

use std::cell::Cell;
use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use tenant_restore_core::job::{Job, JobResult, Mode, MoverChoice};

use super::aws::Aws;
use super::cluster::surroundings::{Memory, context, job};
use super::cluster::{Cluster, MASTER, MASTER_PASSWORD};

const JOB_KEY: &str = "work/abcdefghij23/1/job.json";

/// A restore of `acme` between two servers.
pub struct Task {
    aws: Aws,
    job: Job,
    bundle: std::path::PathBuf,
    runs: Cell<u32>,
}

/// What a process did.
pub struct Outcome {
    /// Its result.
    pub result: JobResult,
    /// The most memory that it ever held (`VmHWM`).
    pub peak_kilobytes: u64,
}

impl Outcome {
    /// The seconds of these modes together.
    pub fn seconds(&self, modes: &[Mode]) -> f64 {
        let of_modes = self
            .result
            .timings
            .iter()
            .filter(|timing| modes.contains(&timing.mode));
        of_modes.map(|timing| timing.millis as f64 / 1e3).sum()
    }
}

impl Task {
    /// A restore of `acme` as `acme_r`.
    pub fn new(production: &Cluster, temporary: &Cluster) -> Self {
        Self::of(production, temporary, &[("acme", "acme_r")])
    }

    /// A restore of these schemas.
    pub fn of(production: &Cluster, temporary: &Cluster, schemas: &[(&str, &str)]) -> Self {
        let mut job = job("app", schemas, production, Some(temporary));
        job.mover = MoverChoice::Copy;
        // Writes the bundle that trusts both.
        context(
            job.clone(),
            &Memory::default().into(),
            &[production, temporary],
        );
        let aws = Aws::start();
        let login = |name: &str, password: &str| {
            serde_json::json!({ "username": name, "password": password }).to_string()
        };
        aws.put_secret(MASTER, &login(MASTER, MASTER_PASSWORD));
        aws.put_secret("loader", &login(&job.loader.role, "Loader-pa55"));
        Self {
            aws,
            job,
            bundle: production.ca_bundle().with_file_name("trusted.pem"),
            runs: Cell::new(0),
        }
    }

    /// Runs the modes with so many connections at once; they must succeed.
    pub fn run(&self, modes: &[Mode], connections: usize) -> Outcome {
        let mut job = self.job.clone();
        job.modes = modes.to_vec();
        // A worker that finds a result takes it for its own.
        self.runs.set(self.runs.get() + 1);
        job.result_key = format!("work/abcdefghij23/1/result-{}.json", self.runs.get());
        let path = format!("/documents/{JOB_KEY}");
        self.aws
            .put_object(&path, serde_json::to_vec(&job).unwrap());
        let program =
            std::env::var("WORKER").expect("WORKER names the release build of the worker");
        let mut process = Command::new(program)
            .env_clear()
            .envs([
                ("PATH", "/usr/bin:/bin"),
                ("AWS_ENDPOINT_URL", self.aws.url().as_str()),
                ("AWS_REGION", "eu-west-3"),
                ("AWS_ACCESS_KEY_ID", "test"),
                ("AWS_SECRET_ACCESS_KEY", "test"),
                ("BUCKET_NAME", "documents"),
                ("JOB", JOB_KEY),
                ("MOST_CONNECTIONS", connections.to_string().as_str()),
            ])
            .env("PGSSLROOTCERT", &self.bundle)
            .env("POSTGRES_BIN", Cluster::programs())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut peak_kilobytes = 0;
        let status = loop {
            peak_kilobytes = peak_kilobytes.max(peak(process.id()).unwrap_or(0));
            if let Some(status) = process.try_wait().unwrap() {
                break status;
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        let object = self.aws.object(&format!("/documents/{}", job.result_key));
        let result: JobResult = serde_json::from_slice(&object.unwrap()).unwrap();
        assert!(status.success(), "{:#?}", result.failure);
        if let Some(validated) = &result.validate {
            assert_eq!(validated.differences, Vec::<String>::new());
        }
        Outcome {
            result,
            peak_kilobytes,
        }
    }
}

/// A process that has just ended has no memory to tell of.
fn peak(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.trim().strip_suffix(" kB")?.parse().ok()
}
