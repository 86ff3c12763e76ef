//! The restore's own log: what woke which handler, and what it decided.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::text::clock;

/// One entry, as far as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// Which handler was woken.
    pub handler: String,
    /// By what: `request`, `command`, `tick`, `event` or `letter`.
    pub cause: String,
    /// The command's or event's name.
    pub name: String,
    /// What the handler waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waited_for: Option<String>,
    /// The phase before.
    pub phase: String,
    /// The phase after.
    pub next_phase: String,
    /// What was decided to do.
    pub effects: Vec<String>,
    /// What went wrong, if anything did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// The lines of one entry.
pub fn lines(entry: &Entry) -> Vec<String> {
    let Entry {
        at,
        handler,
        cause,
        name,
        phase,
        next_phase,
        ..
    } = entry;
    let waited = entry
        .waited_for
        .as_ref()
        .map_or_else(String::new, |what| format!(", waited for {what}"));
    let mut lines = vec![format!(
        "{}  {handler:<11}{cause} {name}{waited}",
        clock(*at)
    )];
    lines.extend(
        entry
            .effects
            .iter()
            .map(|effect| format!("             {effect}")),
    );
    lines.extend(
        entry
            .trouble
            .iter()
            .map(|trouble| format!("             trouble: {trouble}")),
    );
    if phase != next_phase {
        lines.push(format!(
            "             phase {phase} is over, {next_phase} begins"
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_shows_its_cause_the_decision_and_the_change_of_phase() {
        let entry: Entry = serde_json::from_value(serde_json::json!({
            "at": "2024-01-29T08:12:52.25Z", "handler": "provision", "cause": "tick", "name": "Reconcile",
            "messageId": "m-1", "waitedFor": "temporaryDatabaseAvailable", "gap": true, "moved": true,
            "phase": "provision", "nextPhase": "ddl", "effects": ["create secret tr-main-mfrggzdfmztw-s"],
            "trouble": "Throttled: slow down"
        }))
        .unwrap();
        let expected = "\
08:12:52Z  provision  tick Reconcile, waited for temporaryDatabaseAvailable
             create secret tr-main-mfrggzdfmztw-s
             trouble: Throttled: slow down
             phase provision is over, ddl begins";
        assert_eq!(lines(&entry).join("\n"), expected);
    }
}
