//! What becomes of a restore: what goes wrong in AWS or in a worker, and how it must end.

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::{
    CopyReport, DropReport, ExtractReport, Failure, Finding, Job, JobResult, Mode, Mover,
    PreflightReport, ProbeReport, Severity, TablePlan, ValidateReport,
};
use tenant_restore_events::outgoing::Outcome;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Good,
    WithoutDms,
    DmsUnneeded,
    DmsUnexpected,
    PreflightCritical,
    PreflightFails,
    PreflightNeverRuns,
    DatabaseFails,
    NoCapacityTwice,
    DatabaseNeverAvailable,
    InstanceFails,
    InstanceRefused,
    NoVersionLogsIn,
    ExtractFails,
    ConnectionFails,
    DmsTaskFails,
    DmsTableErrs,
    CopyFails,
    FinalizeFails,
    MismatchKept,
    DropFails,
}

impl Fate {
    pub const ALL: [Self; 21] = [
        Self::Good,
        Self::WithoutDms,
        Self::DmsUnneeded,
        Self::DmsUnexpected,
        Self::PreflightCritical,
        Self::PreflightFails,
        Self::PreflightNeverRuns,
        Self::DatabaseFails,
        Self::NoCapacityTwice,
        Self::DatabaseNeverAvailable,
        Self::InstanceFails,
        Self::InstanceRefused,
        Self::NoVersionLogsIn,
        Self::ExtractFails,
        Self::ConnectionFails,
        Self::DmsTaskFails,
        Self::DmsTableErrs,
        Self::CopyFails,
        Self::FinalizeFails,
        Self::MismatchKept,
        Self::DropFails,
    ];

    /// Whether it may end so.
    pub fn allows(self, outcome: Outcome) -> bool {
        match self {
            Self::Good
            | Self::WithoutDms
            | Self::DmsUnneeded
            | Self::DmsUnexpected
            | Self::NoCapacityTwice
            | Self::NoVersionLogsIn => outcome == Outcome::Completed,
            Self::PreflightCritical | Self::PreflightFails | Self::PreflightNeverRuns => {
                outcome == Outcome::Rejected
            }
            _ => outcome == Outcome::Failed,
        }
    }

    /// Whether the restored schemas are in production after that outcome.
    pub fn leaves_schemas(self, outcome: Outcome) -> bool {
        outcome == Outcome::Completed || matches!(self, Self::MismatchKept | Self::DropFails)
    }

    /// What the worker writes at the end of a job; none if its container never ran.
    pub fn result(self, job: &Job) -> Option<JobResult> {
        let failing = match (self, job.modes[0]) {
            (Self::PreflightNeverRuns, Mode::Preflight) => return None,
            (Self::PreflightFails, Mode::Preflight) => Some(ErrorKind::ConnectionFailed),
            (Self::ExtractFails, Mode::Probe) => Some(ErrorKind::ApplyFailed),
            (Self::CopyFails, Mode::Copy) => Some(ErrorKind::CopyFailed),
            (Self::FinalizeFails | Self::DropFails, Mode::ApplyPostData) => {
                Some(ErrorKind::ValidationMismatch)
            }
            (Self::DropFails, Mode::Drop) => Some(ErrorKind::DropFailed),
            _ => None,
        };
        let mut result = empty(job);
        if let Some(kind) = failing {
            let causes = vec![Cause::new(kind, "as fated")];
            let mode = job.modes[0];
            result.failure = Some(Failure { mode, causes });
            return Some(result);
        }
        match job.modes[0] {
            Mode::Preflight => result.preflight = Some(self.preflight()),
            Mode::Probe => {
                let version = job.probe.as_ref().map(|probe| probe.versions[0].clone());
                let version = version.filter(|_| self != Self::NoVersionLogsIn);
                result.extract = version.is_some().then(|| self.extract(job));
                let tried = Vec::new();
                result.probe = Some(ProbeReport { version, tried });
            }
            Mode::Extract => result.extract = Some(self.extract(job)),
            Mode::Copy => result.copy = Some(CopyReport { tables: Vec::new() }),
            Mode::Drop => {
                result.drop = Some(DropReport {
                    dropped: Vec::new(),
                    role_dropped: true,
                    left: Vec::new(),
                });
            }
            _ => {
                let differences = match self {
                    Self::MismatchKept => vec!["a table differs".to_owned()],
                    _ => Vec::new(),
                };
                result.validate = Some(ValidateReport {
                    level: job.validate,
                    tables: Vec::new(),
                    differences,
                });
            }
        }
        Some(result)
    }

    fn preflight(self) -> PreflightReport {
        let critical = Finding {
            severity: Severity::Critical,
            cause: Cause::new(ErrorKind::TargetNameTaken, "as fated"),
        };
        PreflightReport {
            server_version: 150_000,
            findings: if self == Self::PreflightCritical {
                vec![critical]
            } else {
                Vec::new()
            },
            dms_expected: !matches!(self, Self::WithoutDms | Self::DmsUnexpected),
            ..PreflightReport::default()
        }
    }

    fn extract(self, job: &Job) -> ExtractReport {
        let dms = !matches!(self, Self::WithoutDms | Self::DmsUnneeded);
        let table = |schema: &str, table: &str, mover| TablePlan {
            schema: schema.to_owned(),
            table: table.to_owned(),
            mover,
            reason: String::new(),
            bytes: 0,
        };
        let mut tables = Vec::new();
        for pair in &job.schemas {
            let mover = if dms { Mover::Dms } else { Mover::Copy };
            tables.push(table(&pair.restored_as, "orders", mover));
        }
        tables.push(table(&job.schemas[0].restored_as, "numbers", Mover::Copy));
        ExtractReport {
            tables,
            original_ddl: format!("{}original.sql", job.audit_prefix),
            mended: Vec::new(),
        }
    }
}

fn empty(job: &Job) -> JobResult {
    let now = jiff::Timestamp::UNIX_EPOCH;
    JobResult {
        version: 1,
        restore_id: job.restore_id.clone(),
        attempt: job.attempt,
        started_at: now,
        ended_at: now,
        failure: None,
        preflight: None,
        probe: None,
        extract: None,
        copy: None,
        validate: None,
        drop: None,
        remarks: Vec::new(),
        timings: Vec::new(),
    }
}
