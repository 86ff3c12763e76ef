//! Faults of the local RDS, DMS and ECS, switched on over HTTP (`/_faults`).

use serde_json::Value;

use crate::error::{Context, Error, Result};

/// The fault switch of one local cloud.
#[derive(Debug, Clone)]
pub struct Faults {
    url: String,
    http: reqwest::Client,
}

impl Faults {
    /// The switch of the server at `server_url` (such as `http://127.0.0.1:4567`).
    pub fn of(server_url: &str) -> Self {
        Self {
            url: format!("{}/_faults", server_url.trim_end_matches('/')),
            http: reqwest::Client::new(),
        }
    }

    /// Switches on a fault, a list of them, or `{"seed": n, "faults": […]}`.
    ///
    /// # Errors
    /// When the server does not know the fault.
    pub async fn switch_on(&self, faults: &Value) -> Result<()> {
        self.expect_success(
            self.http.post(&self.url).body(faults.to_string()),
            "switch on faults",
        )
        .await
        .map(drop)
    }

    /// What is switched on, and how often each has struck.
    ///
    /// # Errors
    /// When the server is not there.
    pub async fn list(&self) -> Result<Value> {
        let body = self
            .expect_success(self.http.get(&self.url), "list the faults")
            .await?;
        serde_json::from_str(&body).context("read the faults")
    }

    /// Switches all off.
    ///
    /// # Errors
    /// When the server is not there.
    pub async fn clear(&self) -> Result<()> {
        self.expect_success(self.http.delete(&self.url), "switch off the faults")
            .await
            .map(drop)
    }

    async fn expect_success(
        &self,
        request: reqwest::RequestBuilder,
        doing: &str,
    ) -> Result<String> {
        let answer = request.send().await.context(doing)?;
        let status = answer.status();
        let body = answer.text().await.context(doing)?;
        if status.is_success() {
            return Ok(body);
        }
        Err(Error::new(format!("{doing}: {status}: {body}")))
    }
}
