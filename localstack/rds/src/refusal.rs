//! The errors of the RDS API, with the codes and HTTP statuses of the RDS API reference.

use local_cloud_wire::AwsError;

use crate::status::Status;

/// A parameter's value isn't allowed.
pub fn invalid_value(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidParameterValue", message)
}

/// Parameters contradict each other or the instance.
pub fn invalid_combination(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidParameterCombination", message)
}

/// A required parameter isn't there.
pub fn missing(name: &str) -> AwsError {
    AwsError::new(
        "MissingParameter",
        format!("The request must contain the parameter {name}."),
    )
}

/// There is no such instance.
pub fn no_instance(identifier: &str) -> AwsError {
    AwsError::new(
        "DBInstanceNotFound",
        format!("DBInstance {identifier} not found."),
    )
    .with_status(404)
}

/// There is such an instance already.
pub fn instance_exists(identifier: &str) -> AwsError {
    AwsError::new(
        "DBInstanceAlreadyExists",
        format!("DB instance {identifier} already exists"),
    )
}

/// The instance's status doesn't allow the call.
pub fn invalid_state(identifier: &str, status: Status) -> AwsError {
    let message = format!(
        "Instance {identifier} cannot be used for this call, because its status is {status}."
    );
    AwsError::new("InvalidDBInstanceState", message)
}

/// There are no such automated backups.
pub fn no_automated_backup(name: &str) -> AwsError {
    let message = format!("No automated backup of {name} found.");
    AwsError::new("DBInstanceAutomatedBackupNotFound", message).with_status(404)
}

/// There is no such cluster.
pub fn no_cluster(identifier: &str) -> AwsError {
    AwsError::new(
        "DBClusterNotFoundFault",
        format!("DBCluster {identifier} not found."),
    )
    .with_status(404)
}

/// There is such a cluster already.
pub fn cluster_exists(identifier: &str) -> AwsError {
    AwsError::new(
        "DBClusterAlreadyExistsFault",
        format!("DB Cluster {identifier} already exists"),
    )
}

/// The cluster's status or its instances don't allow the call.
pub fn invalid_cluster_state(problem: impl Into<String>) -> AwsError {
    AwsError::new("InvalidDBClusterStateFault", problem)
}

/// There are no such automated backups of a cluster.
pub fn no_cluster_backup(name: &str) -> AwsError {
    let message = format!("No automated backup of {name} found.");
    AwsError::new("DBClusterAutomatedBackupNotFoundFault", message).with_status(404)
}

/// There is no such snapshot of a cluster.
pub fn no_cluster_snapshot(name: &str) -> AwsError {
    AwsError::new(
        "DBClusterSnapshotNotFoundFault",
        format!("DBClusterSnapshot not found: {name}"),
    )
    .with_status(404)
}

/// The status or type of a cluster's snapshot doesn't allow the call.
pub fn invalid_cluster_snapshot_state(problem: impl Into<String>) -> AwsError {
    AwsError::new("InvalidDBClusterSnapshotStateFault", problem)
}

/// There is no such cluster parameter group.
pub fn no_cluster_parameter_group(name: &str) -> AwsError {
    AwsError::new(
        "DBClusterParameterGroupNotFound",
        format!("DBClusterParameterGroup not found: {name}"),
    )
    .with_status(404)
}

/// There is no such snapshot.
pub fn no_snapshot(name: &str) -> AwsError {
    AwsError::new(
        "DBSnapshotNotFound",
        format!("DBSnapshot not found: {name}"),
    )
    .with_status(404)
}

/// The snapshot's status or type doesn't allow the call.
pub fn invalid_snapshot_state(problem: impl Into<String>) -> AwsError {
    AwsError::new("InvalidDBSnapshotState", problem)
}

/// The source keeps no backups.
pub fn not_restorable(identifier: &str) -> AwsError {
    let message = format!(
        "Point in time restore is not enabled for {identifier}: its backup retention period is 0."
    );
    AwsError::new("PointInTimeRestoreNotEnabled", message)
}

/// There is no such subnet group.
pub fn no_subnet_group(name: &str) -> AwsError {
    AwsError::new(
        "DBSubnetGroupNotFoundFault",
        format!("DB subnet group '{name}' does not exist."),
    )
    .with_status(404)
}

/// There is no such parameter group.
pub fn no_parameter_group(name: &str) -> AwsError {
    AwsError::new(
        "DBParameterGroupNotFound",
        format!("DBParameterGroup not found: {name}"),
    )
    .with_status(404)
}

/// All ports are taken.
pub fn quota_exceeded() -> AwsError {
    AwsError::new(
        "InstanceQuotaExceeded",
        "No port is free for another instance: see firstPort and lastPort.",
    )
}

/// Something of ours failed; the log has the cause.
pub fn internal(doing: &'static str, cause: &dyn std::error::Error) -> AwsError {
    tracing::error!(%cause, doing, "a call failed");
    AwsError::new(
        "InternalFailure",
        format!("The local cloud failed to {doing}; its log says why."),
    )
    .with_status(500)
}
