//! Every error that the pipeline has to tell apart, injected and read by the SDK.

use aws_sdk_rds::error::ProvideErrorMetadata;
use local_cloud_wire::faults::Fault;

use crate::stage::Stage;

/// The codes with their HTTP statuses (RDS API reference; common errors of AWS APIs).
const DOCUMENTED: [(&str, u16); 54] = [
    ("DBInstanceAlreadyExists", 400),
    ("DBClusterAlreadyExistsFault", 400),
    ("InvalidDBInstanceState", 400),
    ("InvalidDBClusterStateFault", 400),
    ("InvalidDBSnapshotState", 400),
    ("InvalidDBClusterSnapshotStateFault", 400),
    ("InsufficientDBInstanceCapacity", 400),
    ("InsufficientDBClusterCapacityFault", 403),
    ("InsufficientStorageClusterCapacity", 400),
    ("ProvisionedIopsNotAvailableInAZFault", 400),
    ("InstanceQuotaExceeded", 400),
    ("DBClusterQuotaExceededFault", 403),
    ("StorageQuotaExceeded", 400),
    ("SnapshotQuotaExceeded", 400),
    ("DBInstanceAutomatedBackupQuotaExceeded", 400),
    ("DBClusterAutomatedBackupQuotaExceededFault", 400),
    ("TenantDatabaseQuotaExceeded", 400),
    ("Throttling", 400),
    ("ThrottlingException", 400),
    ("RequestLimitExceeded", 400),
    ("InternalFailure", 500),
    ("ServiceUnavailable", 503),
    ("PointInTimeRestoreNotEnabled", 400),
    ("InvalidRestoreFault", 400),
    ("DBInstanceNotFound", 404),
    ("DBClusterNotFoundFault", 404),
    ("DBInstanceAutomatedBackupNotFound", 404),
    ("DBClusterAutomatedBackupNotFoundFault", 404),
    ("DBSnapshotNotFound", 404),
    ("DBClusterSnapshotNotFoundFault", 404),
    ("DBSubnetGroupNotFoundFault", 404),
    ("DBSubnetGroupDoesNotCoverEnoughAZs", 400),
    ("InvalidSubnet", 400),
    ("InvalidVPCNetworkStateFault", 400),
    ("DBParameterGroupNotFound", 404),
    ("DBClusterParameterGroupNotFound", 404),
    ("OptionGroupNotFoundFault", 404),
    ("CertificateNotFound", 404),
    ("AuthorizationNotFound", 404),
    ("DBSecurityGroupNotFound", 404),
    ("DomainNotFoundFault", 404),
    ("BackupPolicyNotFoundFault", 404),
    ("KMSKeyNotAccessibleFault", 400),
    ("StorageTypeNotSupported", 400),
    ("NetworkTypeNotSupported", 400),
    ("VpcEncryptionControlViolationException", 400),
    ("InvalidParameterValue", 400),
    ("InvalidParameterCombination", 400),
    ("MissingParameter", 400),
    ("ValidationError", 400),
    ("AccessDenied", 403),
    ("DBSnapshotAlreadyExists", 400),
    ("DBClusterSnapshotAlreadyExistsFault", 400),
    ("DBParameterGroupAlreadyExists", 400),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_error_code_can_be_injected_and_reaches_the_sdk_with_its_documented_status() {
    let stage = Stage::open(21800).await;
    for (code, status) in DOCUMENTED {
        let fault = format!(
            r#"{{"service":"rds","fault":"error","action":"RestoreDBInstanceToPointInTime","code":"{code}","message":"it is <{code}>","times":1}}"#
        );
        let fault: Fault = serde_json::from_str(&fault).unwrap();
        stage.faults.switch_on(fault).unwrap();
        let call = stage.client.restore_db_instance_to_point_in_time();
        let call = call.target_db_instance_identifier("tr-main-a");
        let error = call.send().await.unwrap_err();
        let response = error.raw_response().unwrap();
        assert_eq!(response.status().as_u16(), status, "{code}");
        let body = std::str::from_utf8(response.body().bytes().unwrap()).unwrap();
        let blame = if status < 500 { "Sender" } else { "Receiver" };
        assert!(
            body.contains(&format!("<Error><Type>{blame}</Type><Code>{code}</Code>")),
            "{body}"
        );
        let error = error.into_service_error();
        assert_eq!(error.code(), Some(code));
        assert_eq!(error.message(), Some(format!("it is <{code}>").as_str()));
    }
    stage.close().await;
}
