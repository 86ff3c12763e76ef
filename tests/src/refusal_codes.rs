//! Every error code of RDS that a call of ours may meet, and how the restore has to end then (RDS API reference, "Errors" of
//! the calls, and common errors).

use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::error::{Error, Result};
use crate::faults::Faults;
use crate::function_logs;
use crate::outcome::Outcome;

/// An error code as RDS answers it.
#[derive(Debug, Clone, Copy)]
pub struct Code {
    /// `Code`.
    pub name: &'static str,
    /// HTTP status.
    pub status: u16,
}

const fn code(name: &'static str, status: u16) -> Code {
    Code { name, status }
}

/// What passes: the call is repeated until it is taken, and the restore completes.
pub const PASSING: [Code; 20] = [
    code("InvalidDBInstanceState", 400),
    code("InvalidDBClusterStateFault", 400),
    code("InvalidDBSnapshotState", 400),
    code("InvalidDBClusterSnapshotStateFault", 400),
    code("InsufficientDBInstanceCapacity", 400),
    code("InsufficientDBClusterCapacityFault", 403),
    code("InsufficientStorageClusterCapacity", 400),
    code("ProvisionedIopsNotAvailableInAZFault", 400),
    code("InstanceQuotaExceeded", 400),
    code("DBClusterQuotaExceededFault", 403),
    code("StorageQuotaExceeded", 400),
    code("SnapshotQuotaExceeded", 400),
    code("DBInstanceAutomatedBackupQuotaExceeded", 400),
    code("DBClusterAutomatedBackupQuotaExceededFault", 400),
    code("TenantDatabaseQuotaExceeded", 400),
    code("Throttling", 400),
    code("ThrottlingException", 400),
    code("RequestLimitExceeded", 400),
    code("InternalFailure", 500),
    code("ServiceUnavailable", 503),
];

/// What doesn't pass: the restore fails with the code in its cause, and the kind beside it.
pub const LASTING: [(Code, &str); 29] = [
    (code("PointInTimeRestoreNotEnabled", 400), "CallRefused"),
    (code("InvalidRestoreFault", 400), "CallRefused"),
    (code("DBInstanceNotFound", 404), "CallRefused"),
    (code("DBClusterNotFoundFault", 404), "CallRefused"),
    (
        code("DBInstanceAutomatedBackupNotFound", 404),
        "CallRefused",
    ),
    (
        code("DBClusterAutomatedBackupNotFoundFault", 404),
        "CallRefused",
    ),
    (code("DBSnapshotNotFound", 404), "CallRefused"),
    (code("DBClusterSnapshotNotFoundFault", 404), "CallRefused"),
    (code("DBSubnetGroupNotFoundFault", 404), "CallRefused"),
    (
        code("DBSubnetGroupDoesNotCoverEnoughAZs", 400),
        "CallRefused",
    ),
    (code("InvalidSubnet", 400), "CallRefused"),
    (code("InvalidVPCNetworkStateFault", 400), "CallRefused"),
    (code("DBParameterGroupNotFound", 404), "CallRefused"),
    (code("DBClusterParameterGroupNotFound", 404), "CallRefused"),
    (code("OptionGroupNotFoundFault", 404), "CallRefused"),
    (code("CertificateNotFound", 404), "CallRefused"),
    (code("AuthorizationNotFound", 404), "CallRefused"),
    (code("DBSecurityGroupNotFound", 404), "CallRefused"),
    (code("DomainNotFoundFault", 404), "CallRefused"),
    (code("BackupPolicyNotFoundFault", 404), "CallRefused"),
    (code("KMSKeyNotAccessibleFault", 400), "KeyUnusable"),
    (code("StorageTypeNotSupported", 400), "CallRefused"),
    (code("NetworkTypeNotSupported", 400), "CallRefused"),
    (
        code("VpcEncryptionControlViolationException", 400),
        "CallRefused",
    ),
    (code("InvalidParameterValue", 400), "CallRefused"),
    (code("InvalidParameterCombination", 400), "CallRefused"),
    (code("MissingParameter", 400), "CallRefused"),
    (code("ValidationError", 400), "CallRefused"),
    (code("AccessDenied", 403), "AccessDenied"),
];

/// What says that a call was done before, and the call that it is an answer to: the restore completes.
pub const DONE_BEFORE: [(Code, &str); 2] = [
    // Not shown by Describe yet, so whose it is isn't known; the call is repeated.
    (
        code("DBInstanceAlreadyExists", 400),
        "RestoreDBInstanceToPointInTime",
    ),
    (code("DBInstanceNotFound", 404), "DeleteDBInstance"),
];

/// The calls by which every restore of an instance changes something of RDS.
pub const CALLS: [&str; 2] = ["RestoreDBInstanceToPointInTime", "DeleteDBInstance"];

/// AWS's SDK makes three attempts of a call by itself where the answer asks for it, so that we see the third.
const ATTEMPTS: u32 = 3;

impl Code {
    /// The fault that answers a restore's call with this code: once, as our code sees it.
    pub fn fault(self, call: &str, database: &str) -> Value {
        json!({
            "service": "rds", "fault": "error", "action": call, "match": database, "times": self.times(),
            "code": self.name, "status": self.status, "message": "injected"
        })
    }

    /// The fault that answers a restore's call with this code whenever it is made: a handler that lost its save to another
    /// decides anew and calls again.
    pub fn lasting_fault(self, call: &str, database: &str) -> Value {
        json!({
            "service": "rds", "fault": "error", "action": call, "match": database,
            "code": self.name, "status": self.status, "message": "injected"
        })
    }

    fn times(self) -> u32 {
        let throttled = ["Throttling", "ThrottlingException", "RequestLimitExceeded"];
        if self.status >= 500 || throttled.contains(&self.name) {
            ATTEMPTS
        } else {
            1
        }
    }

    /// Whether all that was switched on of it for a restore has struck.
    fn was_met(self, faults: &Value, restore_id: &str) -> bool {
        let mut list = faults["faults"].as_array().into_iter().flatten();
        list.any(|fault| {
            let its = fault["match"].as_str();
            its.is_some_and(|its| its.ends_with(restore_id))
                && fault["code"] == self.name
                && fault["struck"] == self.times()
        })
    }

    /// Whether a text tells of this code, as the pipeline words it.
    pub fn is_told_by(self, text: &str) -> bool {
        text.contains(&format!(": {}: injected", self.name))
    }
}

/// A restore that met codes which pass must have met each, must have completed, and no message of it may have been
/// delivered again: the receive count is for crashes alone.
///
/// # Errors
/// What was otherwise.
pub async fn check_passed(
    cloud: &Cloud,
    faults: &Faults,
    outcome: &Outcome,
    codes: &[Code],
) -> Result<()> {
    let id = outcome.restore_id.as_deref().unwrap_or_default();
    if outcome.outcome != "COMPLETED" {
        return Err(Error::new(format!(
            "{id} ended as {}:\n{}",
            outcome.outcome,
            outcome.why()
        )));
    }
    let struck = faults.list().await?;
    if let Some(code) = codes.iter().find(|code| !code.was_met(&struck, id)) {
        return Err(Error::new(format!("{id} never met {}", code.name)));
    }
    let (_, mut complaints) = function_logs::about(cloud, id)?;
    complaints.retain(|line| !tells_of_another_place(line, codes));
    if complaints.is_empty() {
        return Ok(());
    }
    Err(Error::new(format!("{id}: {}", complaints.join("\n"))))
}

/// Whether a line of a log warns that the database is made elsewhere because of one of these codes, which operators want to
/// know.
fn tells_of_another_place(line: &str, codes: &[Code]) -> bool {
    line.contains("no capacity, trying elsewhere") && codes.iter().any(|code| code.is_told_by(line))
}

/// A restore that met a code which doesn't pass must have failed, with that as its only cause, its kind and a remedy.
///
/// # Errors
/// What was otherwise.
pub fn check_lasted(outcome: &Outcome, code: Code, kind: &str) -> Result<()> {
    let told = |cause: &crate::outcome::Cause| {
        cause.kind == kind && code.is_told_by(&cause.message) && !cause.remedy.is_empty()
    };
    match (outcome.outcome.as_str(), outcome.causes.as_slice()) {
        ("FAILED", [cause]) if told(cause) => Ok(()),
        _ => Err(Error::new(format!(
            "{} ended as {}:\n{}",
            code.name,
            outcome.outcome,
            outcome.why()
        ))),
    }
}
