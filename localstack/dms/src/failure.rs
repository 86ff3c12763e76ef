//! The errors of the DMS API.

use local_cloud_wire::AwsError;

pub(crate) fn not_found(message: impl Into<String>) -> AwsError {
    AwsError::new("ResourceNotFoundFault", message)
}

pub(crate) fn exists(what: &str, name: &str) -> AwsError {
    AwsError::new(
        "ResourceAlreadyExistsFault",
        format!("{what} {name} already exists"),
    )
}

pub(crate) fn wrong_state(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidResourceStateFault", message)
}

pub(crate) fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidParameterValueException", message)
}

pub(crate) fn combination(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidParameterCombinationException", message)
}

pub(crate) fn internal(error: &std::io::Error) -> AwsError {
    AwsError::new("InternalFailure", error.to_string()).with_status(500)
}
