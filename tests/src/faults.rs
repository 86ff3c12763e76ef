//! Faults of the local cloud, switched on over HTTP (`/_faults`), and what its roles called.

use serde_json::Value;

use crate::error::{Context, Error, Result};

/// The fault switch of one local cloud.
#[derive(Debug, Clone)]
pub struct Faults {
    url: String,
    calls_url: String,
    http: reqwest::Client,
}

impl Faults {
    /// The switch of the server at `server_url` (such as `http://127.0.0.1:4567`).
    pub fn of(server_url: &str) -> Self {
        let server_url = server_url.trim_end_matches('/');
        Self {
            url: format!("{server_url}/_faults"),
            calls_url: format!("{server_url}/_local/calls"),
            http: reqwest::Client::new(),
        }
    }

    /// Switches on a fault, a list of them, or `{"seed": n, "faults": […]}`; answers their ids.
    ///
    /// # Errors
    /// When the server does not know the fault.
    pub async fn switch_on(&self, faults: &Value) -> Result<Vec<Value>> {
        let doing = "switch on faults";
        let post = self.http.post(&self.url).body(faults.to_string());
        let body = self.expect_success(post, doing).await?;
        let answer: Value = serde_json::from_str(&body).context(doing)?;
        answer["ids"].as_array().cloned().context(doing)
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

    /// Switches one off.
    ///
    /// # Errors
    /// When there is none of that id.
    pub async fn switch_off(&self, id: &Value) -> Result<()> {
        let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
        let delete = self.http.delete(format!("{}/{id}", self.url));
        let doing = format!("switch off the fault {id}");
        self.expect_success(delete, &doing).await.map(drop)
    }

    /// How often each role made which call since the last reset, and under `refused` how often which call was refused.
    ///
    /// # Errors
    /// When the server is not there.
    pub async fn calls(&self) -> Result<Value> {
        let get = self.http.get(&self.calls_url);
        let body = self.expect_success(get, "list the calls").await?;
        serde_json::from_str(&body).context("read the calls")
    }

    /// Counts calls from now on.
    ///
    /// # Errors
    /// When the server is not there.
    pub async fn forget_calls(&self) -> Result<()> {
        let delete = self.http.delete(&self.calls_url);
        self.expect_success(delete, "forget the calls")
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
