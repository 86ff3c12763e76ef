//! Answers to requests that never became a restore or a plan, kept in the same table as restores.
//!
//! | pk | sk | holds |
//! |---|---|---|
//! | `REQUEST#<request id>` | `REJECTED#<outcome id>` | the outcome of a request |
//! | `REQUEST#<request id>` | `ANSWERED#<message id>` | which of these outcomes an SQS message got |
//! | `REQUEST#<request id>` | `PLAN_REFUSED#<event id>` | the answer to a wish for a plan |

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::plan::Refusal;
use tenant_restore_events::outgoing::{Ended, Planned};

use crate::engine::Engine;
use crate::fault::{Fault, fault};
use crate::store::{document, text};

const KEPT_SECONDS: i64 = 30 * 86_400;

/// Something that is kept for a time.
struct Answer {
    request_id: String,
    sk: String,
    name: &'static str,
    value: AttributeValue,
    expires_at: i64,
}

impl Engine {
    /// Keeps the outcome of a request that never became a restore, and that this message got it; gives the one that was
    /// kept first. Only then is it told, so that what a crash or a refused call left untold is found by the message.
    pub async fn keep_rejection(
        &self,
        ended: &Ended,
        message_id: &str,
        now: Timestamp,
    ) -> Result<Ended, Fault> {
        let request_id = &ended.subject.request_id;
        let keep = |sk: String, name, value| Answer {
            request_id: request_id.clone(),
            sk,
            name,
            value,
            expires_at: now.as_second() + KEPT_SECONDS,
        };
        let rejected = rejected(&ended.outcome_id);
        let first = keep(rejected.clone(), "ended", document(ended)?);
        let kept = match self.keep_first(first).await? {
            true => None,
            false => self.kept(request_id, &rejected, "ended").await?,
        };
        let outcome_id = text(&ended.outcome_id);
        self.keep_last(keep(answered(message_id), "outcomeId", outcome_id))
            .await?;
        Ok(kept.unwrap_or_else(|| ended.clone()))
    }

    /// The outcome that this message got before, told or not.
    pub async fn kept_rejection(
        &self,
        request_id: &str,
        message_id: &str,
    ) -> Result<Option<Ended>, Fault> {
        let answered = answered(message_id);
        let outcome_id: Option<String> = self.kept(request_id, &answered, "outcomeId").await?;
        match outcome_id {
            Some(id) => self.kept(request_id, &rejected(&id), "ended").await,
            None => Ok(None),
        }
    }

    /// Keeps the answer to a wish for a plan that never got a record. Of an event that is delivered again the newer answer
    /// stays: unlike an outcome it has no id that would promise the same content.
    pub async fn keep_refused_plan(&self, refusal: &Refusal) -> Result<(), Fault> {
        self.keep_last(Answer {
            request_id: refusal.planned.subject.request_id.clone(),
            sk: plan_refused(&refusal.event_id),
            name: "refusal",
            value: document(refusal)?,
            expires_at: refusal.expires_at(),
        })
        .await
    }

    /// The answer that this event got to its wish for a plan, told or not.
    pub async fn kept_refused_plan(
        &self,
        request_id: &str,
        event_id: &str,
    ) -> Result<Option<Planned>, Fault> {
        let refused = plan_refused(event_id);
        let refusal: Option<Refusal> = self.kept(request_id, &refused, "refusal").await?;
        Ok(refusal.map(|refusal| refusal.planned))
    }

    /// Keeps an answer unless one is kept; whether it did.
    async fn keep_first(&self, answer: Answer) -> Result<bool, Fault> {
        let request = self.put_answer(answer);
        let new = request.condition_expression("attribute_not_exists(pk)");
        match new.send().await.map_err(fault("keep an answer")) {
            Ok(_) => Ok(true),
            Err(fault) if fault.is(&["ConditionalCheckFailedException"]) => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    async fn keep_last(&self, answer: Answer) -> Result<(), Fault> {
        let put = self.put_answer(answer).send().await;
        put.map_err(fault("keep an answer")).map(drop)
    }

    fn put_answer(
        &self,
        answer: Answer,
    ) -> aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder {
        let expires_at = AttributeValue::N(answer.expires_at.to_string());
        let item = HashMap::from([
            ("pk".to_owned(), partition(&answer.request_id)),
            ("sk".to_owned(), text(answer.sk)),
            (answer.name.to_owned(), answer.value),
            ("expiresAt".to_owned(), expires_at),
        ]);
        let request = self.clients.dynamodb.put_item();
        request.table_name(&self.config.table).set_item(Some(item))
    }

    async fn kept<T: DeserializeOwned>(
        &self,
        request_id: &str,
        sk: &str,
        name: &str,
    ) -> Result<Option<T>, Fault> {
        let request = self
            .clients
            .dynamodb
            .get_item()
            .table_name(&self.config.table)
            .consistent_read(true);
        let answer = request
            .key("pk", partition(request_id))
            .key("sk", text(sk))
            .send()
            .await
            .map_err(fault("load an answer"))?;
        let value = answer.item.and_then(|mut item| item.remove(name));
        let decoded = value.map(serde_dynamo::from_attribute_value).transpose();
        decoded.map_err(|error| {
            let message = format!("decode {sk} of the request {request_id:?}: {error}");
            Fault::new(ErrorKind::Internal, message)
        })
    }
}

fn partition(request_id: &str) -> AttributeValue {
    text(format!("REQUEST#{request_id}"))
}

fn rejected(outcome_id: &str) -> String {
    format!("REJECTED#{outcome_id}")
}

fn answered(message_id: &str) -> String {
    format!("ANSWERED#{message_id}")
}

fn plan_refused(event_id: &str) -> String {
    format!("PLAN_REFUSED#{event_id}")
}
