//! The HTTP statuses of the errors of RDS, whose protocol has them (RDS API reference; common errors of AWS APIs).

/// The HTTP status that an error code of RDS is documented with.
pub fn of_rds(code: &str) -> u16 {
    match code {
        "AccessDenied" | "DBClusterQuotaExceededFault" | "InsufficientDBClusterCapacityFault" => {
            403
        }
        "AuthorizationNotFound"
        | "BackupPolicyNotFoundFault"
        | "CertificateNotFound"
        | "DBClusterAutomatedBackupNotFoundFault"
        | "DBClusterNotFoundFault"
        | "DBClusterParameterGroupNotFound"
        | "DBClusterSnapshotNotFoundFault"
        | "DBInstanceAutomatedBackupNotFound"
        | "DBInstanceNotFound"
        | "DBParameterGroupNotFound"
        | "DBSecurityGroupNotFound"
        | "DBSnapshotNotFound"
        | "DBSubnetGroupNotFoundFault"
        | "DomainNotFoundFault"
        | "OptionGroupNotFoundFault" => 404,
        "InternalFailure" => 500,
        "ServiceUnavailable" => 503,
        _ => 400,
    }
}
