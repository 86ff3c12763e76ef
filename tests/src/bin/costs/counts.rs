//! What the local cloud counted between two moments.

use std::collections::BTreeMap;

use serde_json::Value;
use tenant_restore_tests::cloud::Cloud;
use tenant_restore_tests::{Context, Result};

/// Amounts by group and name, such as `sqsRequests` and `SendMessage`.
#[derive(Debug, Clone, Default)]
pub struct Counts(BTreeMap<(String, String), f64>);

impl Counts {
    /// All so far.
    pub async fn now(cloud: &Cloud) -> Result<Self> {
        let doing = "read the counts of the local cloud";
        let answer = reqwest::get(format!("{}/_local/counts", cloud.endpoint));
        let body = answer.await.context(doing)?.text().await.context(doing)?;
        let groups: BTreeMap<String, BTreeMap<String, Value>> =
            serde_json::from_str(&body).context(doing)?;
        let mut counts = BTreeMap::new();
        for (group, names) in groups {
            for (name, amount) in names {
                counts.insert((group.clone(), name), amount.as_f64().context(doing)?);
            }
        }
        Ok(Self(counts))
    }

    /// What came since then, divided by so many.
    #[must_use]
    pub fn since(&self, before: &Self, divided_by: f64) -> Self {
        let grown = self.0.iter().map(|(key, amount)| {
            let before = before.0.get(key).copied().unwrap_or_default();
            (key.clone(), (amount - before) / divided_by)
        });
        Self(grown.collect())
    }

    /// Takes away what isn't the pipeline's.
    pub fn without(&mut self, group: &str, amount: f64) {
        *self
            .0
            .entry((group.to_owned(), "others".to_owned()))
            .or_default() -= amount;
    }

    /// All names of a group together.
    pub fn of(&self, group: &str) -> f64 {
        self.some(group, |_| true)
    }

    /// Some names of a group.
    pub fn some(&self, group: &str, wanted: impl Fn(&str) -> bool) -> f64 {
        let found = self
            .0
            .iter()
            .filter(|((of, name), _)| of == group && wanted(name));
        found.map(|(_, amount)| amount).sum()
    }
}
