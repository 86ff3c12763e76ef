//! Faults on demand: which are switched on, and whether one strikes now.
//!
//! Chance comes from a seed, so a run whose calls come in the same order meets the same faults.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::error::AwsError;
use crate::statuses;

/// One of the services of this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// Amazon RDS.
    Rds,
    /// AWS DMS.
    Dms,
    /// Amazon ECS.
    Ecs,
}

/// Answers a call with an error instead of doing it.
pub const ERROR: &str = "error";
/// Loses an event. Not for ECS, whose events are delivered at least once.
pub const DROP_EVENT: &str = "drop-event";
/// Delivers an event twice, with the same id.
pub const DUPLICATE_EVENT: &str = "duplicate-event";
/// Sends an event twice, so that each has an id of its own.
pub const DUPLICATE_EVENT_NEW_ID: &str = "duplicate-event-new-id";
/// Delivers an event `ms` late; later ones overtake it.
pub const DELAY_EVENT: &str = "delay-event";
/// Delivers an event by chance up to `ms` (500) late, so that neighbours change places.
pub const REORDER_EVENT: &str = "reorder-event";
/// Words the message of an event differently.
pub const EVENT_MESSAGE: &str = "event-message";
/// Leaves out the event's id.
pub const EVENT_ID_MISSING: &str = "event-id-missing";
/// Adds fields that nobody knows to an event's detail.
pub const EVENT_EXTRA_FIELDS: &str = "event-extra-fields";

const OF_EVERY_SERVICE: [&str; 7] = [
    ERROR,
    DUPLICATE_EVENT,
    DUPLICATE_EVENT_NEW_ID,
    DELAY_EVENT,
    REORDER_EVENT,
    EVENT_MESSAGE,
    EVENT_EXTRA_FIELDS,
];
const OF_BEST_EFFORT_EVENTS: [&str; 2] = [DROP_EVENT, EVENT_ID_MISSING];

/// A fault as it is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Fault {
    /// The service that has it.
    pub service: Service,
    /// Its name: one of this module's constants or one that the service knows.
    pub fault: String,
    /// Strikes only what holds this text: a resource's identifier, a call's body, an event. Empty: everything.
    #[serde(rename = "match", default, skip_serializing_if = "String::is_empty")]
    pub matching: String,
    /// For `error`: the operation; without it, every operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// For `error`: the error's code. Services may read it for faults of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// For `error`: the HTTP status; without it, the documented one of the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The text of the error or failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Milliseconds, where the fault is about time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
    /// How likely it strikes, 0 to 1; without it, always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// How often it strikes at most; without it, until it is switched off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

/// A fault that is switched on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Switched {
    /// Its number, to switch it off again.
    pub id: u64,
    /// What was asked for.
    #[serde(flatten)]
    pub fault: Fault,
    /// How often it has struck.
    pub struck: u32,
}

/// A fault that can't be switched on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// Nothing of that name at this service.
    #[error("{service:?} knows no fault {fault:?}; it knows {known}")]
    Unknown {
        /// The service.
        service: Service,
        /// The name that was asked for.
        fault: String,
        /// The names there are.
        known: String,
    },
    /// `error` without a code.
    #[error("the fault \"error\" needs a \"code\"")]
    NoCode,
    /// A probability outside 0 to 1.
    #[error("a probability lies between 0 and 1")]
    Probability,
}

/// The faults that are switched on.
#[derive(Debug)]
pub struct Faults {
    known: Vec<(Service, Vec<String>)>,
    state: Mutex<State>,
    /// Tells those who wait that something was switched off.
    switches: watch::Sender<()>,
}

#[derive(Debug)]
struct State {
    chance: Chance,
    last_id: u64,
    switched: Vec<Switched>,
}

impl Faults {
    /// No faults yet. `known` are the names of the faults that each service has of its own.
    pub fn new(seed: u64, known: &[(Service, &[&str])]) -> Self {
        let owned = |(service, names): &(Service, &[&str])| {
            (
                *service,
                names.iter().map(|&name| name.to_owned()).collect(),
            )
        };
        Self {
            known: known.iter().map(owned).collect(),
            state: Mutex::new(State {
                chance: Chance(seed),
                last_id: 0,
                switched: Vec::new(),
            }),
            switches: watch::Sender::new(()),
        }
    }

    /// Switches a fault on and answers its number.
    ///
    /// # Errors
    /// The service has no such fault, or it makes no sense.
    pub fn switch_on(&self, fault: Fault) -> Result<u64, FaultError> {
        self.check(&fault)?;
        let mut state = self.state();
        state.last_id += 1;
        let id = state.last_id;
        state.switched.push(Switched {
            id,
            fault,
            struck: 0,
        });
        Ok(id)
    }

    /// Switches one fault off. False if there was none of that number.
    pub fn switch_off(&self, id: u64) -> bool {
        let mut state = self.state();
        let before = state.switched.len();
        state.switched.retain(|switched| switched.id != id);
        let removed = state.switched.len() < before;
        drop(state);
        self.switches.send_replace(());
        removed
    }

    /// Switches every fault off.
    pub fn clear(&self) {
        self.state().switched.clear();
        self.switches.send_replace(());
    }

    /// Starts the sequence of chance anew.
    pub fn reseed(&self, seed: u64) {
        self.state().chance = Chance(seed);
    }

    /// The faults that are switched on.
    pub fn list(&self) -> Vec<Switched> {
        self.state().switched.clone()
    }

    /// Whether a fault of that name strikes `subject` (an identifier or ARN) now. Counts as struck if so.
    pub fn strikes(&self, service: Service, name: &str, subject: &str) -> Option<Fault> {
        let struck = self.draw(service, name, |fault| subject.contains(&fault.matching))?;
        Some(struck.fault)
    }

    /// Waits while a fault of that name is switched on for `subject`: for faults that hold something up until a test
    /// has seen what it waits for.
    pub async fn hold(&self, service: Service, name: &str, subject: &str) {
        let Some(struck) = self.draw(service, name, |fault| subject.contains(&fault.matching))
        else {
            return;
        };
        let mut switches = self.switches.subscribe();
        let is_off = |_: &()| self.list().iter().all(|one| one.id != struck.id);
        // The sender lives as long as `self`, so this ends by the condition alone.
        let _ = switches.wait_for(is_off).await;
    }

    /// The error that a call meets instead of being done, if one is switched on for it.
    pub fn error_at(&self, service: Service, action: &str, body: &str) -> Option<AwsError> {
        let hit = |fault: &Fault| {
            fault
                .action
                .as_deref()
                .is_none_or(|wanted| wanted == action)
                && body.contains(&fault.matching)
        };
        let fault = self.draw(service, ERROR, hit)?.fault;
        let message = fault
            .message
            .unwrap_or_else(|| "a fault was switched on for this call".into());
        let code = fault.code?;
        let documented = match service {
            Service::Rds => statuses::of_rds(&code),
            Service::Dms | Service::Ecs => 400,
        };
        let status = fault.status.unwrap_or(documented);
        Some(AwsError::new(code, message).with_status(status))
    }

    /// A number below `limit` by chance; 0 for 0.
    pub fn below(&self, limit: u64) -> u64 {
        self.state().chance.next().checked_rem(limit).unwrap_or(0)
    }

    fn draw(&self, service: Service, name: &str, hit: impl Fn(&Fault) -> bool) -> Option<Switched> {
        let State {
            chance, switched, ..
        } = &mut *self.state();
        let candidate = switched.iter_mut().find(|one| {
            let fault = &one.fault;
            let left = fault.times.is_none_or(|times| one.struck < times);
            left && fault.service == service
                && fault.fault == name
                && hit(fault)
                && chance.allows(fault.probability)
        })?;
        candidate.struck += 1;
        tracing::info!(?service, fault = name, id = candidate.id, "a fault strikes");
        Some(candidate.clone())
    }

    fn check(&self, fault: &Fault) -> Result<(), FaultError> {
        let known = self.names(fault.service);
        if !known.contains(&fault.fault.as_str()) {
            let known = known.join(", ");
            return Err(FaultError::Unknown {
                service: fault.service,
                fault: fault.fault.clone(),
                known,
            });
        }
        if fault.fault == ERROR && fault.code.is_none() {
            return Err(FaultError::NoCode);
        }
        if fault.probability.is_some_and(|p| !(0.0..=1.0).contains(&p)) {
            return Err(FaultError::Probability);
        }
        Ok(())
    }

    fn names(&self, service: Service) -> Vec<&str> {
        let best_effort: &[&str] = if service == Service::Ecs {
            &[]
        } else {
            &OF_BEST_EFFORT_EVENTS
        };
        let own = self
            .known
            .iter()
            .filter(|(of, _)| *of == service)
            .flat_map(|(_, names)| names);
        OF_EVERY_SERVICE
            .iter()
            .chain(best_effort)
            .copied()
            .chain(own.map(String::as_str))
            .collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A small generator of pseudo-random numbers (SplitMix64), whose sequence its seed fixes for good.
#[derive(Debug)]
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn allows(&mut self, probability: Option<f64>) -> bool {
        const STEPS: u32 = 1_000_000;
        let Some(probability) = probability else {
            return true;
        };
        let draw = u32::try_from(self.next() % u64::from(STEPS)).unwrap_or(STEPS);
        f64::from(draw) < probability * f64::from(STEPS)
    }
}

#[cfg(test)]
#[path = "faults_tests.rs"]
mod tests;
