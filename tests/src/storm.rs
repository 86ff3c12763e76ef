//! A storm of `RestoreRequested`, most of them duplicates or invalid, and the proof that each was answered as it should
//! be: none lost, none given up, no request answered in two ways.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::audit;
use crate::chronicle::Chronicle;
use crate::cloud::Cloud;
use crate::error::{Error, Result};
use crate::queues::Queue;
use crate::request::{self, Request};
use crate::subscriber::Event;
use crate::wait;

/// `PutEvents` takes so many at once (EventBridge API reference).
const AT_ONCE: usize = 10;
/// How often each invalid request is published.
const COPIES: usize = 4;
const OPENED_WITHIN: Duration = Duration::from_secs(120);
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

/// Ways to be invalid: a field, the value that it must not have.
fn wrong_fields() -> [(&'static str, Value); 5] {
    [
        ("schemas", json!([])),
        ("restoreTime", json!("yesterday")),
        ("mover", json!("magic")),
        ("database", json!(7)),
        ("colour", json!("red")),
    ]
}

/// What is published, in its order, and how each request id must be answered.
#[derive(Debug)]
pub struct Storm {
    mark: String,
    /// Until then, no restore is published in two forms: whichever came first would be taken.
    before: Vec<Value>,
    /// Among others the real requests' ids with another content.
    after: Vec<Value>,
    expected: BTreeMap<String, Expected>,
}

/// How a request id is to be answered.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Expected {
    /// Copies of a request that is to become one restore.
    taken: usize,
    /// Copies of a request that is to be rejected, and the field that is to blame.
    refused: usize,
    field: &'static str,
}

/// How a storm went.
#[derive(Debug, Clone, Copy)]
pub struct Passed {
    /// Events published.
    pub events: usize,
    /// Distinct request ids among them.
    pub requests: usize,
    /// How long the publishing took.
    pub published: Duration,
    /// From the first event to the moment at which all were handled: all rejections told, the queue empty.
    pub handled: Duration,
    /// The most messages that were in the intake queue at a time.
    pub deepest: u64,
    /// From the first event to the end of the last restore.
    pub restored: Duration,
}

impl Storm {
    /// At least `size` events around these real requests, whose ids begin with `mark`.
    pub fn around(mark: &str, size: usize, real: &[Request]) -> Self {
        let mut storm = Self {
            mark: mark.to_owned(),
            before: Vec::new(),
            after: Vec::new(),
            expected: BTreeMap::new(),
        };
        let (half, reals) = (size / 2, real.len().max(1));
        for (number, request) in real.iter().enumerate() {
            let id = text(&request.detail["requestId"]);
            let other = request.clone().with("requestedBy", "somebody else").detail;
            let copies = half.div_ceil(reals).max(2);
            let expected = Expected {
                taken: copies,
                refused: 1 + number % COPIES,
                field: "requestId",
            };
            storm
                .before
                .extend(vec![request.detail.clone(); copies / 2]);
            storm
                .after
                .extend(vec![request.detail.clone(); copies - copies / 2]);
            storm.after.extend(vec![other; expected.refused]);
            storm.expected.insert(id, expected);
        }
        let model = json!({ "database": "nowhere", "schemas": ["nobody"], "restoreTime": "2024-01-28T14:30:00Z" });
        let mut number = 0;
        while storm.size() < size {
            let (field, value) = wrong_fields()[number % 5].clone();
            let id = format!("{mark}-invalid-{number}");
            let mut detail = model.clone();
            detail["requestId"] = json!(id);
            detail[field] = value;
            let half = COPIES / 2;
            storm.before.extend(vec![detail.clone(); half]);
            storm.after.extend(vec![detail; COPIES - half]);
            let (taken, refused) = (0, COPIES);
            storm.expected.insert(
                id,
                Expected {
                    taken,
                    refused,
                    field,
                },
            );
            number += 1;
        }
        shuffle(&mut storm.before);
        shuffle(&mut storm.after);
        storm
    }

    /// Events in it.
    pub fn size(&self) -> usize {
        self.before.len() + self.after.len()
    }

    /// Publishes all within about `within`, and waits until each was answered.
    ///
    /// # Errors
    /// What AWS answers; that an answer did not come, or that something was answered as it should not be.
    pub async fn pass(
        &self,
        cloud: &Cloud,
        chronicle: &Chronicle,
        within: Duration,
        ends_within: Duration,
    ) -> Result<Passed> {
        let intake = Queue::find(cloud, "intake").await?;
        let deepest = Arc::new(AtomicU64::new(0));
        let watcher = tokio::spawn(watch(intake.clone(), deepest.clone()));
        let began = Instant::now();
        let pace = within.mul_f64(0.5);
        publish(cloud, &self.before, pace).await?;
        self.wait_until_opened(cloud).await?;
        publish(cloud, &self.after, pace).await?;
        let published = began.elapsed();
        wait::until("an answer to every request", ends_within, async || {
            let told = self.told(chronicle);
            let all = self
                .expected
                .iter()
                .all(|(id, it)| it.refused <= refusals(&told, id).len());
            Ok((all && intake.waiting().await? == 0).then_some(()))
        })
        .await?;
        let handled = began.elapsed();
        watcher.abort();
        wait::until("the end of every restore", ends_within, async || {
            let told = self.told(chronicle);
            let real = self.expected.iter().filter(|(_, it)| it.taken > 0);
            let mut ends = real.map(|(id, _)| ids(&told, id, &END, "outcomeId").len());
            Ok(ends.all(|ends| ends > 0).then_some(()))
        })
        .await?;
        self.judge(&self.told(chronicle))?;
        self.find_given_up(cloud, ends_within).await?;
        Ok(Passed {
            events: self.size(),
            requests: self.expected.len(),
            published,
            handled,
            deepest: deepest.load(Ordering::Relaxed),
            restored: began.elapsed(),
        })
    }

    /// Nothing was given up: not by a handler, which ends in the queue `dead`, nor by a rule that could not deliver.
    async fn find_given_up(&self, cloud: &Cloud, within: Duration) -> Result<()> {
        let letters = Queue::find(cloud, "dlq").await?;
        wait::until("an empty dead-letter queue", within, async || {
            Ok((letters.depth().await? == 0).then_some(()))
        })
        .await?;
        let restores = audit::restores(cloud).await?.into_iter();
        let ours = restores.filter(|(_, request_id)| self.expected.contains_key(request_id));
        let mut marks: Vec<_> = ours.map(|(id, _)| id).collect();
        marks.push(self.mark.clone());
        let mut given_up = Vec::new();
        let queues = Queue::undelivered(cloud).await?;
        for queue in queues.iter().chain([&Queue::find(cloud, "dead").await?]) {
            for letter in queue.read_all().await? {
                let body = letter.body.unwrap_or_default();
                if marks.iter().any(|mark| body.contains(mark)) {
                    given_up.push(body);
                }
            }
        }
        if given_up.is_empty() {
            return Ok(());
        }
        let given_up = given_up.join("\n");
        Err(Error::new(format!("given up:\n{given_up}")))
    }

    /// A request that was opened can't be taken for another one any more.
    async fn wait_until_opened(&self, cloud: &Cloud) -> Result<()> {
        wait::until(
            "a record of every real request",
            OPENED_WITHIN,
            async || {
                let opened: BTreeSet<_> = audit::restores(cloud).await?.into_values().collect();
                let mut real = self.expected.iter().filter(|(_, it)| it.taken > 0);
                Ok(real.all(|(id, _)| opened.contains(id)).then_some(()))
            },
        )
        .await
    }

    fn told(&self, chronicle: &Chronicle) -> Told {
        let mut told = Told::new();
        for event in chronicle.events_of(&self.mark) {
            let id = text(&event.detail["requestId"]);
            told.entry(id).or_default().push(event);
        }
        told
    }

    /// Every request id was answered exactly as it should be.
    fn judge(&self, told: &Told) -> Result<()> {
        let mut wrong = Vec::new();
        for (id, expected) in &self.expected {
            let refusals = refusals(told, id);
            let outcomes = ids(told, id, &["RestoreRejected"], "outcomeId");
            if outcomes.len() != 1 {
                wrong.push(format!(
                    "{id}: {} outcomes of one rejection",
                    outcomes.len()
                ));
            }
            let fields = refusals
                .iter()
                .map(|event| &event.detail["causes"][0]["field"]);
            for field in fields.filter(|field| *field != expected.field) {
                wrong.push(format!("{id}: {field} is blamed, not {}", expected.field));
            }
            let restores = ids(told, id, &["RestoreAccepted"], "restoreId").len();
            let ends = ids(told, id, &END, "outcomeId").len();
            let once = usize::from(expected.taken > 0);
            if (restores, ends) != (once, once) {
                wrong.push(format!("{id}: {restores} restores accepted, {ends} ended"));
            }
            if !ids(told, id, &["RestoreFailed"], "outcomeId").is_empty() {
                wrong.push(format!("{id}: failed"));
            }
        }
        if wrong.is_empty() {
            return Ok(());
        }
        Err(Error::new(format!(
            "answered otherwise:\n{}",
            wrong.join("\n")
        )))
    }
}

/// Events by the request that they tell of.
type Told = BTreeMap<String, Vec<Event>>;

const END: [&str; 2] = ["RestoreCompleted", "RestoreFailed"];

fn refusals<'a>(told: &'a Told, id: &str) -> Vec<&'a Event> {
    let events = told.get(id).into_iter().flatten();
    events
        .filter(|event| event.detail_type == "RestoreRejected")
        .collect()
}

/// The distinct values of a field in the events of some types.
fn ids(told: &Told, id: &str, types: &[&str], field: &str) -> BTreeSet<String> {
    let events = told.get(id).into_iter().flatten();
    let events = events.filter(|event| types.contains(&event.detail_type.as_str()));
    events.map(|event| text(&event.detail[field])).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Notes the deepest state of a queue, until it is stopped.
async fn watch(queue: Queue, deepest: Arc<AtomicU64>) {
    let mut looks = interval(BETWEEN_LOOKS);
    loop {
        looks.tick().await;
        // A look that fails is one look less; the storm's own calls tell of a cloud that is gone.
        if let Ok(depth) = queue.waiting().await {
            deepest.fetch_max(depth, Ordering::Relaxed);
        }
    }
}

/// Publishes events evenly over a time.
async fn publish(cloud: &Cloud, details: &[Value], within: Duration) -> Result<()> {
    let calls = u32::try_from(details.len().div_ceil(AT_ONCE).max(1)).unwrap_or(u32::MAX);
    let mut pace = interval(within / calls);
    pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for some in details.chunks(AT_ONCE) {
        pace.tick().await;
        request::publish_all(cloud, "RestoreRequested", some).await?;
    }
    Ok(())
}

/// Mixes a list, in the same way each time (Fisher and Yates, with Knuth's MMIX generator).
fn shuffle(list: &mut [Value]) {
    let mut state: u64 = 42;
    for end in (1..list.len()).rev() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let place = (state >> 33) as usize % (end + 1);
        list.swap(end, place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn real(number: usize) -> Request {
        Request::new(
            &format!("storm-real-{number}"),
            "d",
            &["s"],
            jiff::Timestamp::UNIX_EPOCH,
        )
    }

    #[test]
    fn a_storm_has_the_size_that_was_asked_for_and_is_mostly_duplicates_and_nonsense() {
        let storm = Storm::around("storm", 100, &[real(0), real(1)]);
        assert!((100..=103).contains(&storm.size()), "{}", storm.size());
        let copies: usize = storm
            .expected
            .values()
            .map(|it| it.taken + it.refused)
            .sum();
        assert_eq!(copies, storm.size());
        let first_forms = |detail: &&Value| detail["requestedBy"].is_null();
        assert_eq!(
            storm.before.iter().filter(first_forms).count(),
            storm.before.len()
        );
    }

    #[test]
    fn an_answer_that_is_missing_or_of_another_kind_is_found() {
        let storm = Storm::around("storm", 20, &[]);
        assert!(storm.judge(&Told::new()).is_err());
    }
}
