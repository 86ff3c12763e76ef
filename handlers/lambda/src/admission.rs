//! The ledger of admissions in the table: one item, changed under the condition that nobody else did meanwhile.
//!
//! Whom a change lets go is told by the command `Admit`. A crash before that is mended by whoever repeats the message; and
//! each who waits asks again with its own slow ticks.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use tenant_restore_core::admission::{Admission, Databases, Entry, Ledger};
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::naming::RestoreId;
use tenant_restore_core::restore::Restore;
use tenant_restore_events::{Command, Instruction};
use tracing::{info, warn};

use crate::engine::Engine;
use crate::fault::{Fault, fault};
use crate::store::{Saved, document, text};

/// A conflict means that another succeeded, so that many who come at once are through after so many tries each.
const MOST_TRIES: u32 = 20;

/// Milliseconds between two tries, at most.
const LONGEST_PAUSE: u64 = 400;

impl Engine {
    /// Whether a restore may run; if not, it waits.
    ///
    /// # Errors
    /// What DynamoDB or SQS answers, or that the ledger was always changed by others.
    pub async fn ask_admission(
        &self,
        id: &RestoreId,
        attempt: u32,
        databases: &Databases,
    ) -> Result<Admission, Fault> {
        let limits = self.config.admission;
        let ended = self.ended_before(id).await?;
        let (answer, called) = self
            .change_ledger(|ledger| {
                for entry in &ended {
                    ledger.forget(&entry.id, entry.attempt);
                }
                let answer = ledger.ask(id, attempt, databases, limits, Timestamp::now());
                (answer, ledger.called_by(id))
            })
            .await?;
        self.call(&called).await?;
        Ok(answer)
    }

    /// Gives a restore's place back, if it had or wanted one.
    ///
    /// # Errors
    /// What DynamoDB or SQS answers, or that the ledger was always changed by others.
    pub async fn release_admission(&self, restore: &Restore) -> Result<(), Fault> {
        let limits = self.config.admission;
        let called = self
            .change_ledger(|ledger| ledger.release(&restore.id, restore.attempt, limits))
            .await?;
        self.call(&called).await
    }

    async fn call(&self, entries: &[Entry]) -> Result<(), Fault> {
        for Entry { id, attempt, .. } in entries {
            info!(restore = %id, "called, a place is free");
            let admit = Command::new(id.as_str(), *attempt, Instruction::Admit);
            // The ledger doesn't know whose trace it is; the record does.
            self.send(&admit, 0, None).await?;
        }
        Ok(())
    }

    /// Who holds a place although it has ended: a handler that was late can have asked for a restore that was cancelled
    /// meanwhile. Only who has waited for a while looks, so that a rush of requests doesn't.
    async fn ended_before(&self, asker: &RestoreId) -> Result<Vec<Entry>, Fault> {
        let (_, ledger) = self.load_ledger().await?;
        if !ledger.waiting.iter().any(|entry| entry.id == *asker) {
            return Ok(Vec::new());
        }
        let mut ended = Vec::new();
        for entry in ledger.active {
            let stored = self.load(&entry.id).await?;
            // The place is given back before the outcome is told.
            if stored.is_none_or(|stored| stored.restore.announced) {
                warn!(restore = %entry.id, "ended, but had a place still");
                ended.push(entry);
            }
        }
        Ok(ended)
    }

    async fn change_ledger<T>(&self, change: impl Fn(&mut Ledger) -> T) -> Result<T, Fault> {
        for tried in 0..MOST_TRIES {
            let (version, before) = self.load_ledger().await?;
            let mut ledger = before.clone();
            let answer = change(&mut ledger);
            if ledger == before || self.save_ledger(&ledger, version).await? == Saved::Yes {
                return Ok(answer);
            }
            tokio::time::sleep(pause(tried)?).await;
        }
        Err(Fault::new(
            ErrorKind::Busy,
            "the ledger of admissions was always changed by others",
        ))
    }

    /// The ledger and its version; 0 before its first entry.
    async fn load_ledger(&self) -> Result<(u64, Ledger), Fault> {
        let request = self
            .clients
            .dynamodb
            .get_item()
            .table_name(&self.config.table)
            .consistent_read(true);
        let answer = request
            .key("pk", text("ADMISSION"))
            .key("sk", text("LEDGER"))
            .send()
            .await
            .map_err(fault("load the ledger of admissions"))?;
        let Some(mut item) = answer.item else {
            return Ok((0, Ledger::default()));
        };
        let broken = |what: String| {
            let message = format!("the ledger of admissions has {what}");
            Fault::new(ErrorKind::Internal, message)
        };
        let version = match item.get("version") {
            Some(AttributeValue::N(number)) => number.parse().ok(),
            _ => None,
        };
        let version = version.ok_or_else(|| broken("no readable version".to_owned()))?;
        let ledger = item
            .remove("ledger")
            .ok_or_else(|| broken("no entries".to_owned()))?;
        let ledger = serde_dynamo::from_attribute_value(ledger)
            .map_err(|error| broken(format!("unreadable entries: {error}")))?;
        Ok((version, ledger))
    }

    async fn save_ledger(&self, ledger: &Ledger, version: u64) -> Result<Saved, Fault> {
        let number = |value: u64| AttributeValue::N(value.to_string());
        let item = HashMap::from([
            ("pk".to_owned(), text("ADMISSION")),
            ("sk".to_owned(), text("LEDGER")),
            ("version".to_owned(), number(version + 1)),
            ("ledger".to_owned(), document(ledger)?),
        ]);
        let put = self
            .clients
            .dynamodb
            .put_item()
            .table_name(&self.config.table)
            .set_item(Some(item));
        let put = if version == 0 {
            put.condition_expression("attribute_not_exists(pk)")
        } else {
            put.condition_expression("#version = :version")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":version", number(version))
        };
        match put
            .send()
            .await
            .map_err(fault("save the ledger of admissions"))
        {
            Ok(_) => Ok(Saved::Yes),
            Err(fault) if fault.is(&["ConditionalCheckFailedException"]) => Ok(Saved::Conflict),
            Err(fault) => Err(fault),
        }
    }
}

/// A random pause, longer after each try ("full jitter", AWS architecture blog, exponential backoff and jitter).
fn pause(tried: u32) -> Result<Duration, Fault> {
    let random = getrandom::u64().map_err(|error| {
        Fault::new(
            ErrorKind::Internal,
            format!("draw a random number: {error}"),
        )
    })?;
    let most = (10 << tried.min(6)).min(LONGEST_PAUSE);
    Ok(Duration::from_millis(random % most))
}
