//! Errors of AWS calls, classified once by their code (RDS, DMS and ECS API references, common errors).

use aws_sdk_rds::error::{ProvideErrorMetadata, SdkError};
use tenant_restore_core::error::{Cause, ErrorKind};

/// A failed call.
#[derive(Debug, Clone)]
pub struct Fault {
    /// AWS's code; empty if the call got no answer.
    pub code: String,
    /// What it means, with what was tried as a verb phrase.
    pub cause: Cause,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.cause.fmt(f)
    }
}

impl Fault {
    /// A fault of our own making.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            code: String::new(),
            cause: Cause::new(kind, message),
        }
    }

    /// Whether AWS answered with one of these codes. The suffix `Fault` is dropped: RDS and DMS write it or not.
    pub fn is(&self, codes: &[&str]) -> bool {
        codes.contains(&self.code.trim_end_matches("Fault"))
    }
}

/// Makes a fault of an SDK's error; `doing` is a verb phrase.
pub fn fault<E, R>(doing: &str) -> impl FnOnce(SdkError<E, R>) -> Fault
where
    E: ProvideErrorMetadata,
{
    let doing = doing.to_owned();
    move |error| match error.as_service_error() {
        None => {
            let reason = match &error {
                SdkError::TimeoutError(_) => "timed out",
                SdkError::DispatchFailure(_) => "could not be sent",
                SdkError::ResponseError(_) => "got an unreadable answer",
                _ => "could not be built",
            };
            Fault::new(
                ErrorKind::ServiceFault,
                format!("{doing}: the call {reason}"),
            )
        }
        Some(service) => {
            let code = service.code().unwrap_or_default().to_owned();
            let message = format!("{doing}: {code}: {}", service.message().unwrap_or_default());
            let cause = Cause::new(kind(&code), message);
            Fault { code, cause }
        }
    }
}

fn kind(code: &str) -> ErrorKind {
    match code.trim_end_matches("Fault").trim_end_matches("Exception") {
        "Throttling"
        | "ThrottledException"
        | "RequestLimitExceeded"
        | "TooManyRequests"
        | "ProvisionedThroughputExceeded" => ErrorKind::Throttled,
        "InvalidDBInstanceState"
        | "InvalidDBClusterState"
        | "InvalidDBSnapshotState"
        | "InvalidDBClusterSnapshotState"
        | "InvalidResourceState"
        | "TransactionInProgress" => ErrorKind::Busy,
        "InsufficientDBInstanceCapacity"
        | "InsufficientDBClusterCapacity"
        | "InsufficientStorageClusterCapacity"
        | "InsufficientResourceCapacity"
        | "ProvisionedIopsNotAvailableInAZ" => ErrorKind::NoCapacity,
        "InstanceQuotaExceeded"
        | "StorageQuotaExceeded"
        | "DBClusterQuotaExceeded"
        | "ResourceQuotaExceeded"
        | "LimitExceeded" => ErrorKind::QuotaExceeded,
        "AccessDenied" | "UnauthorizedOperation" | "NotAuthorized" => ErrorKind::AccessDenied,
        "InternalFailure"
        | "InternalServerError"
        | "InternalServiceError"
        | "InternalError"
        | "ServiceUnavailable"
        | "Server"
        | "SlowDown" => ErrorKind::ServiceFault,
        _ => ErrorKind::CallRefused,
    }
}

#[cfg(test)]
mod tests {
    use tenant_restore_core::error::Class;

    use super::*;

    #[test]
    fn refusals_that_pass_are_expected_and_all_others_terminal() {
        for code in [
            "Throttling",
            "ThrottlingException",
            "InvalidDBInstanceState",
            "InvalidDBInstanceStateFault",
            "InsufficientDBInstanceCapacity",
            "InstanceQuotaExceeded",
            "InternalFailure",
            "ServerException",
        ] {
            assert_eq!(kind(code).class(), Class::Expected, "{code}");
        }
        for code in [
            "InvalidParameterValue",
            "AccessDenied",
            "KMSKeyNotAccessibleFault",
            "PointInTimeRestoreNotEnabled",
        ] {
            assert_eq!(kind(code).class(), Class::Terminal, "{code}");
        }
    }
}
