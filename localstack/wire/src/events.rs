//! State-change events on the default bus, delivered in the order in which each service sent them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep_until};

use crate::cloud::{Caller, Cloud, CloudError, Scope};
use crate::faults::{Faults, Service};
use crate::faulty_events::deliveries;

/// An event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its id, if it must be the same as that of another delivery; else EventBridge gives it one.
    pub id: Option<String>,
    /// The service that sends it; `source` follows from it.
    pub service: Service,
    /// For example `ECS Task State Change`.
    pub detail_type: String,
    /// The ARNs of what it is about.
    pub resources: Vec<String>,
    /// When it happened.
    pub time: Timestamp,
    /// The body.
    pub detail: Value,
}

impl Event {
    /// The value of `source`.
    pub fn source(&self) -> &'static str {
        match self.service {
            Service::Rds => "aws.rds",
            Service::Dms => "aws.dms",
            Service::Ecs => "aws.ecs",
        }
    }

    /// Everything that a fault's `match` can refer to.
    pub(crate) fn subject(&self) -> String {
        format!(
            "{} {} {}",
            self.detail_type,
            self.resources.join(" "),
            self.detail
        )
    }

    fn entry(&self) -> Value {
        let mut entry = json!({
            "Source": self.source(),
            "DetailType": self.detail_type,
            "Resources": self.resources,
            "Time": self.time.as_second(),
            "Detail": self.detail.to_string(),
        });
        if let Some(id) = &self.id {
            entry["EventId"] = Value::from(id.as_str());
        }
        entry
    }
}

/// Takes events and delivers them in the background.
#[derive(Debug, Clone)]
pub struct Publisher {
    rds: UnboundedSender<Event>,
    dms: UnboundedSender<Event>,
    ecs: UnboundedSender<Event>,
    undelivered: Arc<AtomicU64>,
}

impl Publisher {
    /// Starts the delivery to the default bus, one task per service. Must run inside a tokio runtime.
    pub fn start(cloud: Cloud, faults: &Arc<Faults>, region: String) -> Self {
        let undelivered = Arc::new(AtomicU64::new(0));
        let bus = Arc::new(Bus {
            cloud,
            region,
            undelivered: Arc::clone(&undelivered),
        });
        let start = || {
            let (sender, receiver) = unbounded_channel();
            tokio::spawn(deliver(receiver, Arc::clone(faults), Arc::clone(&bus)));
            sender
        };
        Self {
            rds: start(),
            dms: start(),
            ecs: start(),
            undelivered,
        }
    }

    /// A publisher whose events come out of the receiver instead: for tests of services.
    pub fn recorded() -> (Self, UnboundedReceiver<Event>) {
        let (sender, receiver) = unbounded_channel();
        let undelivered = Arc::new(AtomicU64::new(0));
        (
            Self {
                rds: sender.clone(),
                dms: sender.clone(),
                ecs: sender,
                undelivered,
            },
            receiver,
        )
    }

    /// Hands an event over. It never waits.
    pub fn publish(&self, event: Event) {
        let queue = match event.service {
            Service::Rds => &self.rds,
            Service::Dms => &self.dms,
            Service::Ecs => &self.ecs,
        };
        if let Err(rejected) = queue.send(event) {
            self.undelivered.fetch_add(1, Ordering::Relaxed);
            tracing::error!(
                detail_type = rejected.0.detail_type,
                "the event delivery has ended: event lost"
            );
        }
    }

    /// How many events could not be delivered since the start.
    pub fn undelivered(&self) -> u64 {
        self.undelivered.load(Ordering::Relaxed)
    }
}

/// A delivery that waits for its time; equal times keep the order of sending.
struct Waiting {
    due: Instant,
    number: u64,
    event: Event,
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}
impl Eq for Waiting {}
impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}
impl Waiting {
    fn key(&self) -> (Instant, u64) {
        (self.due, self.number)
    }
}

async fn deliver(mut queue: UnboundedReceiver<Event>, faults: Arc<Faults>, bus: Arc<Bus>) {
    let mut waiting = BinaryHeap::new();
    let mut number = 0;
    let mut open = true;
    while open || !waiting.is_empty() {
        let next = waiting.peek().map(|Reverse(Waiting { due, .. })| *due);
        tokio::select! {
            biased;
            () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {
                if let Some(Reverse(Waiting { event, .. })) = waiting.pop() {
                    bus.put(&event).await;
                }
            }
            received = queue.recv(), if open => match received {
                None => open = false,
                Some(event) => for (delay, event) in deliveries(event, &faults) {
                    number += 1;
                    waiting.push(Reverse(Waiting { due: Instant::now() + delay, number, event }));
                },
            },
        }
    }
}

/// The default bus of the local cloud.
struct Bus {
    cloud: Cloud,
    region: String,
    undelivered: Arc<AtomicU64>,
}

/// How long an event waits for a bus that doesn't answer, in total about ten seconds.
const PAUSES_MS: [u64; 6] = [100, 300, 900, 2700, 3000, 3000];

impl Bus {
    async fn put(&self, event: &Event) {
        for pause in PAUSES_MS {
            match self.try_put(event).await {
                Ok(()) => return,
                Err(CloudError::Unreachable { .. }) => {
                    tokio::time::sleep(Duration::from_millis(pause)).await;
                }
                Err(error) => return self.give_up(event, &error),
            }
        }
        if let Err(error) = self.try_put(event).await {
            self.give_up(event, &error);
        }
    }

    async fn try_put(&self, event: &Event) -> Result<(), CloudError> {
        const OPERATION: &str = "AWSEvents.PutEvents";
        let scope = Scope {
            service: "events",
            region: &self.region,
            caller: Caller::Root,
        };
        let answer = self
            .cloud
            .json(scope, OPERATION, &json!({"Entries": [event.entry()]}))
            .await?;
        if answer["FailedEntryCount"].as_u64() == Some(0) {
            return Ok(());
        }
        let text = |name: &str| {
            answer["Entries"][0][name]
                .as_str()
                .unwrap_or("Unknown")
                .to_owned()
        };
        Err(CloudError::Refused {
            operation: OPERATION.into(),
            code: text("ErrorCode"),
            message: text("ErrorMessage"),
        })
    }

    fn give_up(&self, event: &Event, error: &CloudError) {
        self.undelivered.fetch_add(1, Ordering::Relaxed);
        tracing::error!(detail_type = event.detail_type, resources = ?event.resources, %error, "event not delivered");
    }
}
