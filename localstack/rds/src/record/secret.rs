//! What is known about a secret that RDS manages; never its value.

use std::fmt;

use serde::{Deserialize, Serialize};

/// `MasterUserSecret`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManagedSecret {
    /// `SecretArn`.
    pub arn: String,
    /// `SecretStatus`.
    pub status: SecretStatus,
    /// `KmsKeyId`.
    pub key: String,
}

/// `SecretStatus` (RDS API reference, `MasterUserSecret`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecretStatus {
    /// Its database isn't ready yet.
    Creating,
    /// Its password is the database's.
    Active,
    /// Another password is on its way.
    Rotating,
    /// Its password may not be the database's.
    Impaired,
}

impl fmt::Display for SecretStatus {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(out)
    }
}
