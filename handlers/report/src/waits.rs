//! What the handlers of a restore waited for, told from its log.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A handler that was woken, as the log tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Woken {
    /// When.
    pub at: Timestamp,
    /// The phase of the handler.
    pub phase: String,
    /// What it had waited for since it was woken before.
    pub waited_for: Option<String>,
}

/// A wait of one handler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Waited {
    /// The phase of the handler.
    pub phase: String,
    /// For what: the name of a [`tenant_restore_core::wait::WaitFor`].
    pub what: String,
    /// Since when.
    pub from: Timestamp,
    /// When the handler was woken and went on.
    pub to: Timestamp,
}

/// The waits since then, in the order of their begin. A handler that was woken and waited on for the same has one wait.
pub fn waits(log: impl IntoIterator<Item = Woken>, since: Timestamp) -> Vec<Waited> {
    let mut log: Vec<Woken> = log.into_iter().filter(|woken| woken.at >= since).collect();
    log.sort_by_key(|woken| woken.at);
    let mut last: BTreeMap<String, Timestamp> = BTreeMap::new();
    let mut waits: Vec<Waited> = Vec::new();
    for Woken {
        at,
        phase,
        waited_for,
    } in log
    {
        // What another attempt waited for isn't this one's.
        let Some(from) = last.insert(phase.clone(), at) else {
            continue;
        };
        let Some(what) = waited_for else { continue };
        match waits.iter_mut().rfind(|wait| wait.phase == phase) {
            Some(wait) if wait.what == what && wait.to == from => wait.to = at,
            _ => waits.push(Waited {
                phase,
                what,
                from,
                to: at,
            }),
        }
    }
    waits.sort_by_key(|wait| wait.from);
    waits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn woken(second: i64, phase: &str, waited_for: Option<&str>) -> Woken {
        Woken {
            at: at(second),
            phase: phase.to_owned(),
            waited_for: waited_for.map(str::to_owned),
        }
    }

    fn told(log: Vec<Woken>) -> Vec<(String, i64, i64)> {
        let told = waits(log, at(10)).into_iter().map(|wait| {
            let text = format!("{} {}", wait.phase, wait.what);
            (text, wait.from.as_second(), wait.to.as_second())
        });
        told.collect()
    }

    #[test]
    fn a_wait_lasts_until_its_handler_waits_for_something_else() {
        let log = vec![
            woken(10, "provision", None),
            woken(20, "provision", Some("TemporaryDatabase")),
            woken(30, "provision", Some("TemporaryDatabase")),
            woken(35, "provision", Some("TemporaryDatabaseAvailable")),
        ];
        let expected = [
            ("provision TemporaryDatabase".to_owned(), 10, 30),
            ("provision TemporaryDatabaseAvailable".to_owned(), 30, 35),
        ];
        assert_eq!(told(log), expected);
    }

    #[test]
    fn handlers_wait_side_by_side_and_entries_may_be_out_of_order() {
        let log = vec![
            woken(40, "migrate", Some("ReplicationInstance")),
            woken(12, "provision", None),
            woken(11, "migrate", None),
            woken(20, "provision", Some("TemporaryDatabase")),
        ];
        let expected = [
            ("migrate ReplicationInstance".to_owned(), 11, 40),
            ("provision TemporaryDatabase".to_owned(), 12, 20),
        ];
        assert_eq!(told(log), expected);
    }

    #[test]
    fn an_earlier_attempt_is_not_told() {
        let log = vec![
            woken(1, "ddl", None),
            woken(9, "ddl", Some("Task")),
            woken(15, "ddl", Some("Task")),
        ];
        assert_eq!(told(log), []);
    }
}
