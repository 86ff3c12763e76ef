//! The master password of an instance and its secret, changed step by step as a rotation does.

use crate::error::{Context, Result};
use crate::production::Production;

/// The labels of Secrets Manager (Secrets Manager user guide, "Rotation").
const CURRENT: &str = "AWSCURRENT";
const PENDING: &str = "AWSPENDING";

/// A new password on its way: made, but neither in the database nor in the secret.
#[derive(Clone)]
pub struct NewPassword(String);

impl NewPassword {
    /// The value, to look for it where it must not be.
    pub fn value(&self) -> &str {
        &self.0
    }
}

impl Production {
    /// A password that nobody has yet.
    ///
    /// # Errors
    /// What Secrets Manager answers.
    pub async fn new_password(&self) -> Result<NewPassword> {
        let doing = "make a password";
        let request = self.cloud().secrets.get_random_password();
        let answer = request
            .password_length(24)
            .exclude_punctuation(true)
            .send()
            .await
            .context(doing)?;
        answer.random_password.map(NewPassword).context(doing)
    }

    /// Sets the master's password in the database, as a rotation does.
    ///
    /// # Errors
    /// What PostgreSQL answers.
    pub async fn set_password(&mut self, password: &NewPassword) -> Result<()> {
        // The password is made of letters and digits.
        let alter = format!(
            "alter role {} password '{}'",
            crate::database::identifier(&self.login.user),
            password.0
        );
        let connection = self.connect("postgres").await?;
        connection
            .batch_execute(&alter)
            .await
            .context("set the master's password")?;
        self.login.password.clone_from(&password.0);
        Ok(())
    }

    /// Makes a version of the secret with this password, current at once; answers its id.
    ///
    /// # Errors
    /// What Secrets Manager answers.
    pub async fn put_version(&self, password: &NewPassword) -> Result<String> {
        self.put(password, CURRENT).await
    }

    /// Makes a version of the secret that isn't current yet, as a rotation begins; answers its id.
    ///
    /// # Errors
    /// What Secrets Manager answers.
    pub async fn put_pending_version(&self, password: &NewPassword) -> Result<String> {
        self.put(password, PENDING).await
    }

    async fn put(&self, password: &NewPassword, stage: &str) -> Result<String> {
        let doing = "make a version of the secret";
        let text = serde_json::json!({ "username": self.login.user, "password": password.0 });
        let request = self.cloud().secrets.put_secret_value();
        let answer = request
            .secret_id(self.secret().context(doing)?)
            .secret_string(text.to_string())
            .version_stages(stage)
            .send()
            .await
            .context(doing)?;
        answer.version_id.context(doing)
    }

    /// Makes a pending version the current one, as a rotation ends.
    ///
    /// # Errors
    /// What Secrets Manager answers.
    pub async fn promote(&self, version: &str) -> Result<()> {
        let doing = "end the rotation";
        let current = self.current_version().await?;
        let request = self.cloud().secrets.update_secret_version_stage();
        request
            .secret_id(self.secret().context(doing)?)
            .version_stage(CURRENT)
            .move_to_version_id(version)
            .remove_from_version_id(current)
            .send()
            .await
            .context(doing)?;
        Ok(())
    }

    /// The id of the secret's current version.
    ///
    /// # Errors
    /// What Secrets Manager answers.
    pub async fn current_version(&self) -> Result<String> {
        let doing = "read the secret's current version";
        let request = self.cloud().secrets.get_secret_value();
        let answer = request
            .secret_id(self.secret().context(doing)?)
            .version_stage(CURRENT)
            .send()
            .await
            .context(doing)?;
        answer.version_id.context(doing)
    }
}
