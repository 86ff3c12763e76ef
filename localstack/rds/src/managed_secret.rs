//! Secrets in which RDS keeps the master's password itself (RDS user guide, password management with Secrets Manager):
//! `username` and `password` and nothing else, named `rds!db-<uuid>` or `rds!cluster-<uuid>`, gone with their database.

use local_cloud_wire::cloud::{Caller, CloudError, Scope};
use local_cloud_wire::ids;
use local_cloud_wire::query::Form;
use local_cloud_wire::{AwsError, arn::arn};
use postgres_protocol::password::scram_sha_256;
use serde_json::{Value, json};

use crate::fleet::Fleet;
use crate::parameters::boolean;
use crate::record::{Holder, ManagedSecret, SecretStatus};
use crate::refusal::{internal, invalid_combination, missing};

/// How many random bytes a managed password has; twice as many characters, within Aurora's 41.
const PASSWORD_BYTES: usize = 14;

/// What a call wants of the master's password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Nothing about who manages it.
    AsItIs,
    /// RDS shall manage it.
    Manage,
    /// The customer shall.
    Release,
    /// RDS shall change the one that it manages.
    Rotate,
}

impl Wish {
    /// From `ManageMasterUserPassword`, `RotateMasterUserPassword` and `MasterUserPassword`.
    ///
    /// # Errors
    /// `InvalidParameterCombination` for what excludes each other.
    pub fn read(form: &Form) -> Result<Self, AwsError> {
        let manage = boolean(form, "ManageMasterUserPassword")?;
        let rotate = boolean(form, "RotateMasterUserPassword")?.unwrap_or(false);
        let given = form.get("MasterUserPassword").is_some();
        match (manage, rotate, given) {
            (Some(true), _, true) | (_, true, true) => Err(invalid_combination(
                "MasterUserPassword can't be given when RDS manages the password.",
            )),
            (Some(false), true, _) | (Some(true), true, _) => Err(invalid_combination(
                "RotateMasterUserPassword can't be given with ManageMasterUserPassword.",
            )),
            (Some(true), ..) => Ok(Self::Manage),
            (Some(false), ..) => Ok(Self::Release),
            (None, true, _) => Ok(Self::Rotate),
            (None, false, _) => Ok(Self::AsItIs),
        }
    }
}

/// A password that nobody has seen.
pub fn new_password() -> String {
    ids::hex(PASSWORD_BYTES)
}

/// The first password of a master user: given, or made by RDS. Not printed: it is secret.
pub struct FirstPassword {
    text: String,
    managed: bool,
}

impl FirstPassword {
    /// From the call, and the password that it gives, which was checked.
    ///
    /// # Errors
    /// Neither a password nor the wish that RDS makes one, or both.
    pub fn read(form: &Form, given: Option<String>) -> Result<Self, AwsError> {
        let managed = Wish::read(form)? == Wish::Manage;
        let text = match (managed, given) {
            (true, _) => new_password(),
            (false, Some(text)) => text,
            (false, None) => return Err(missing("MasterUserPassword")),
        };
        Ok(Self { text, managed })
    }

    /// What the server needs to know of it.
    pub fn verifier(&self) -> String {
        scram_sha_256(self.text.as_bytes())
    }

    /// Makes the secret for it, if RDS manages it.
    ///
    /// # Errors
    /// `InternalFailure` if Secrets Manager refuses.
    pub async fn keep(
        &self,
        fleet: &Fleet,
        form: &Form,
        holder: &Holder,
        master: &str,
    ) -> Result<Option<ManagedSecret>, AwsError> {
        if !self.managed {
            return Ok(None);
        }
        let key = form.get("MasterUserSecretKmsKeyId");
        create(fleet, holder, key, master, &self.text)
            .await
            .map(Some)
    }
}

/// Deletes a secret again whose database was refused; answers that refusal.
pub async fn give_back(
    fleet: &Fleet,
    secret: Option<ManagedSecret>,
    refused: AwsError,
) -> AwsError {
    if let Some(secret) = secret {
        forget(fleet, &secret).await;
    }
    refused
}

/// Deletes a secret with its database; where Secrets Manager refuses, the log says so and the secret stays.
pub async fn forget(fleet: &Fleet, secret: &ManagedSecret) {
    if let Err(error) = delete(fleet, secret).await {
        tracing::error!(secret = secret.arn, %error, "a managed secret isn't deleted");
    }
}

/// Changes what a record says of its secret, if it has one.
pub async fn set_status(fleet: &Fleet, holder: &Holder, status: SecretStatus) {
    fleet
        .change(|state| {
            if let Some(Some(secret)) = state.managed_secret(holder) {
                secret.status = status;
            }
        })
        .await;
}

/// A rotation that a stop of the local cloud interrupted: nobody knows the new password any more.
pub async fn interrupted(fleet: &Fleet, holder: &Holder) {
    fleet
        .change(|state| match state.managed_secret(holder) {
            Some(Some(secret)) if secret.status == SecretStatus::Rotating => {
                secret.status = SecretStatus::Impaired;
            }
            _ => {}
        })
        .await;
}

/// Ends a rotation: the password works, so it goes into the secret.
pub async fn rotated(fleet: &Fleet, holder: &Holder, master: &str, password: Option<&str>) {
    let secret = fleet
        .state()
        .managed_secret(holder)
        .and_then(|secret| secret.clone());
    let Some(secret) = secret else { return };
    let result = match password {
        Some(password) => put(fleet, &secret, master, password).await,
        None if secret.status == SecretStatus::Impaired => return,
        None => Ok(()),
    };
    let status = match result {
        Ok(()) => SecretStatus::Active,
        Err(error) => {
            tracing::error!(%holder, %error, "the secret doesn't get the new password");
            SecretStatus::Impaired
        }
    };
    set_status(fleet, holder, status).await;
}

/// What a change of the master's password is made of.
pub struct Change {
    /// What the server needs to know, if the password changes.
    pub verifier: Option<String>,
    /// The password that goes into the secret once it works.
    pub password: Option<String>,
    /// The secret from now on.
    pub secret: Option<ManagedSecret>,
    /// The secret that is no longer needed.
    pub obsolete: Option<ManagedSecret>,
}

impl Change {
    /// What a call to modify makes of the present secret.
    ///
    /// # Errors
    /// A wish that doesn't fit who manages the password; Secrets Manager refuses.
    pub async fn read(
        fleet: &Fleet,
        form: &Form,
        holder: &Holder,
        (master, present): (&str, Option<ManagedSecret>),
        given: Option<String>,
    ) -> Result<Self, AwsError> {
        let verifier = |password: &String| scram_sha_256(password.as_bytes());
        let as_given = |secret, obsolete| Self {
            verifier: given.as_ref().map(verifier),
            password: None,
            secret,
            obsolete,
        };
        match (Wish::read(form)?, present) {
            (Wish::AsItIs, Some(_)) if given.is_some() => Err(invalid_combination(
                "MasterUserPassword can't be given while RDS manages the password: set ManageMasterUserPassword to false.",
            )),
            (Wish::Manage, None) => {
                let password = new_password();
                let key = form.get("MasterUserSecretKmsKeyId");
                let made = create(fleet, holder, key, master, &password).await?;
                Ok(Self {
                    verifier: Some(verifier(&password)),
                    password: None,
                    secret: Some(made),
                    obsolete: None,
                })
            }
            (Wish::Rotate, None) => Err(invalid_combination(
                "RotateMasterUserPassword needs a password that RDS manages.",
            )),
            (Wish::Rotate, Some(secret)) => {
                let password = new_password();
                Ok(Self {
                    verifier: Some(verifier(&password)),
                    password: Some(password),
                    secret: Some(ManagedSecret {
                        status: SecretStatus::Rotating,
                        ..secret
                    }),
                    obsolete: None,
                })
            }
            (Wish::Release, Some(_)) if given.is_none() => Err(missing("MasterUserPassword")),
            (Wish::Release, present) => Ok(as_given(None, present)),
            (Wish::AsItIs | Wish::Manage, present) => Ok(as_given(present, None)),
        }
    }
}

/// Makes the secret of an instance or cluster.
///
/// # Errors
/// `InternalFailure` if Secrets Manager refuses.
pub async fn create(
    fleet: &Fleet,
    holder: &Holder,
    key: Option<&str>,
    master: &str,
    password: &str,
) -> Result<ManagedSecret, AwsError> {
    let (kind, resource) = match holder {
        Holder::Cluster(identifier) => ("cluster", format!("cluster:{identifier}")),
        Holder::Instance(identifier) | Holder::Member(identifier) => {
            ("db", format!("db:{identifier}"))
        }
    };
    let region = &fleet.world.region;
    let database = arn("rds", region, &resource);
    let mut request = json!({
        "Name": format!("rds!{kind}-{}", ids::uuid()),
        "Description": format!("The secret associated with the primary RDS database: {database}"),
        "SecretString": content(master, password),
        "Tags": [
            {"Key": "aws:secretsmanager:owningService", "Value": "rds"},
            {"Key": format!("aws:rds:primaryDB{}Arn", if kind == "db" { "Instance" } else { "Cluster" }), "Value": database},
        ],
    });
    if let Some(key) = key {
        request["KmsKeyId"] = key.into();
    }
    let made = call(fleet, "CreateSecret", &request)
        .await
        .map_err(|error| internal("make the master's secret", &error))?;
    let arn_of = made["ARN"].as_str().map(str::to_owned);
    let missing = || CloudError::Unexpected {
        operation: "secretsmanager.CreateSecret".into(),
        missing: "ARN".into(),
    };
    Ok(ManagedSecret {
        arn: arn_of
            .ok_or_else(missing)
            .map_err(|error| internal("make the master's secret", &error))?,
        status: SecretStatus::Creating,
        key: key.map_or_else(
            || arn("kms", region, "alias/aws/secretsmanager"),
            str::to_owned,
        ),
    })
}

/// Puts another password into the secret.
///
/// # Errors
/// Secrets Manager refuses.
pub async fn put(
    fleet: &Fleet,
    secret: &ManagedSecret,
    master: &str,
    password: &str,
) -> Result<(), CloudError> {
    let request = json!({"SecretId": secret.arn, "SecretString": content(master, password)});
    call(fleet, "PutSecretValue", &request).await.map(drop)
}

/// Deletes the secret with its database. One that is gone already is as wanted.
///
/// # Errors
/// Secrets Manager refuses.
pub async fn delete(fleet: &Fleet, secret: &ManagedSecret) -> Result<(), CloudError> {
    let request = json!({"SecretId": secret.arn, "ForceDeleteWithoutRecovery": true});
    match call(fleet, "DeleteSecret", &request).await {
        Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(()),
        result => result.map(drop),
    }
}

async fn call(fleet: &Fleet, operation: &str, request: &Value) -> Result<Value, CloudError> {
    let scope = Scope {
        service: "secretsmanager",
        region: &fleet.world.region,
        caller: Caller::Root,
    };
    let target = format!("secretsmanager.{operation}");
    fleet.world.cloud.json(scope, &target, request).await
}

/// No host and no port: they aren't in what RDS manages.
fn content(master: &str, password: &str) -> String {
    json!({"username": master, "password": password}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_of_ones_own_excludes_a_managed_one() {
        let read = |body: &str| Wish::read(&Form::decode(body.as_bytes()));
        assert_eq!(read("").unwrap(), Wish::AsItIs);
        assert_eq!(read("ManageMasterUserPassword=true").unwrap(), Wish::Manage);
        assert_eq!(read("RotateMasterUserPassword=true").unwrap(), Wish::Rotate);
        for bad in [
            "ManageMasterUserPassword=true&MasterUserPassword=Secret-12345",
            "RotateMasterUserPassword=true&MasterUserPassword=Secret-12345",
            "RotateMasterUserPassword=true&ManageMasterUserPassword=true",
        ] {
            let error = read(bad).unwrap_err();
            assert_eq!(error.code, "InvalidParameterCombination", "{bad}");
        }
    }

    #[test]
    fn a_managed_secret_holds_user_and_password_only() {
        let text = content("master", "p");
        assert_eq!(text, r#"{"username":"master","password":"p"}"#);
    }
}
