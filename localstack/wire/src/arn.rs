//! Resource names.

/// The account of the local cloud.
pub const ACCOUNT: &str = "000000000000";

/// `arn:aws:<service>:<region>:<account>:<resource>`.
pub fn arn(service: &str, region: &str, resource: &str) -> String {
    format!("arn:aws:{service}:{region}:{ACCOUNT}:{resource}")
}
