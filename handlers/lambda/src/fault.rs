//! Errors of AWS calls, classified once by their code (RDS, DMS and ECS API references, common errors).

use aws_sdk_rds::config::http::HttpResponse;
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
pub fn fault<E>(doing: &str) -> impl FnOnce(SdkError<E, HttpResponse>) -> Fault
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
            let status = error
                .raw_response()
                .map_or(0, |response| response.status().as_u16());
            let cause = Cause::new(kind(&code, status), message);
            Fault { code, cause }
        }
    }
}

/// The kind of a code; an answer without a code that we know is judged by its HTTP status.
pub(crate) fn kind(code: &str, status: u16) -> ErrorKind {
    match code.trim_end_matches("Fault").trim_end_matches("Exception") {
        "Throttling"
        | "Throttled"
        | "RequestThrottled"
        | "SlowDown"
        | "RequestLimitExceeded"
        | "TooManyRequests"
        | "ProvisionedThroughputExceeded" => ErrorKind::Throttled,
        "InvalidDBInstanceState"
        | "InvalidDBClusterState"
        | "InvalidDBSnapshotState"
        | "InvalidDBClusterSnapshotState"
        | "InvalidDBParameterGroupState"
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
        | "SnapshotQuotaExceeded"
        | "DBInstanceAutomatedBackupQuotaExceeded"
        | "DBClusterAutomatedBackupQuotaExceeded"
        | "TenantDatabaseQuotaExceeded"
        | "ResourceQuotaExceeded"
        | "LimitExceeded" => ErrorKind::QuotaExceeded,
        "KMSKeyNotAccessible" => ErrorKind::KeyUnusable,
        "AccessDenied" | "UnauthorizedOperation" | "NotAuthorized" => ErrorKind::AccessDenied,
        "InternalFailure"
        | "InternalServerError"
        | "InternalServiceError"
        | "InternalError"
        | "ServiceUnavailable"
        | "Server"
        | "RequestTimeout" => ErrorKind::ServiceFault,
        _ if status == 429 => ErrorKind::Throttled,
        _ if status >= 500 => ErrorKind::ServiceFault,
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
            "ThrottledException",
            "RequestThrottled",
            "SlowDown",
            "InvalidDBInstanceState",
            "InvalidDBInstanceStateFault",
            "InsufficientDBInstanceCapacity",
            "InstanceQuotaExceeded",
            "InternalFailure",
            "ServerException",
        ] {
            assert_eq!(kind(code, 400).class(), Class::Expected, "{code}");
        }
        for code in [
            "InvalidParameterValue",
            "AccessDenied",
            "KMSKeyNotAccessibleFault",
            "PointInTimeRestoreNotEnabled",
        ] {
            assert_eq!(kind(code, 400).class(), Class::Terminal, "{code}");
        }
    }

    #[test]
    fn an_answer_without_a_known_code_is_judged_by_its_status() {
        assert_eq!(kind("", 503), ErrorKind::ServiceFault);
        assert_eq!(kind("", 429), ErrorKind::Throttled);
        assert_eq!(kind("", 400), ErrorKind::CallRefused);
    }
}
