//! The errors of the ECS API, with the texts that AWS gives them.

use local_cloud_wire::AwsError;

pub(crate) fn client(message: impl Into<String>) -> AwsError {
    AwsError::new("ClientException", message)
}

pub(crate) fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidParameterException", message)
}

pub(crate) fn no_cluster() -> AwsError {
    AwsError::new("ClusterNotFoundException", "Cluster not found.")
}

pub(crate) fn server(error: &std::io::Error) -> AwsError {
    AwsError::new("ServerException", error.to_string()).with_status(500)
}
