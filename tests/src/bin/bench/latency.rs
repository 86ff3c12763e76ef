//! From the event that ends a wait to the next phase's command on its queue, by the times at which SQS took both; and
//! apart from it the waits that AWS ends without an event, so that only a tick can.

use std::collections::BTreeMap;

use tenant_restore_tests::audit::LogEntry;

/// Prints both, over all logs.
pub fn print(logs: &[Vec<LogEntry>]) {
    let mut reactions = BTreeMap::<String, Vec<i64>>::new();
    let mut gaps = BTreeMap::<String, Vec<i64>>::new();
    for log in logs {
        for (step, millis) in after_events(log) {
            reactions
                .entry("every step".to_owned())
                .or_default()
                .push(millis);
            reactions.entry(step).or_default().push(millis);
        }
        for (what, millis) in gap_waits(log) {
            gaps.entry(what).or_default().push(millis);
        }
    }
    println!(
        "\nfrom the event that ends a wait to the next command on its queue (goal: median under 100 ms)"
    );
    table(reactions);
    println!(
        "\nwaits that only ticks can end: from the last thing that moved the restore to the tick that did"
    );
    table(gaps);
}

fn table(rows: BTreeMap<String, Vec<i64>>) {
    println!("  {:<32} {:>5} {:>11} {:>11}", "", "times", "median", "p95");
    for (name, mut millis) in rows {
        millis.sort_unstable();
        let at = |percent| {
            percentile(&millis, percent).map_or_else(String::new, |value| format!("{value} ms"))
        };
        println!(
            "  {name:<32} {:>5} {:>11} {:>11}",
            millis.len(),
            at(50),
            at(95)
        );
    }
}

/// Each change of phase that an event caused while one was expected, with the milliseconds until SQS had the next phase's command.
fn after_events(log: &[LogEntry]) -> Vec<(String, i64)> {
    let ended = log.iter().enumerate().filter(|(_, entry)| {
        entry.cause == "event" && !entry.gap && entry.phase != entry.next_phase
    });
    let step = |(position, entry): (usize, &LogEntry)| {
        let command = log[position..]
            .iter()
            .find(|later| later.cause == "command" && later.handler == entry.next_phase)?;
        let millis = command.sent_at?.as_millisecond() - entry.sent_at?.as_millisecond();
        Some((format!("{} to {}", entry.phase, entry.next_phase), millis))
    };
    ended.filter_map(step).collect()
}

/// Each wait that a tick ended in a gap, with the milliseconds since the restore's handler moved before.
fn gap_waits(log: &[LogEntry]) -> Vec<(String, i64)> {
    let ended = log
        .iter()
        .enumerate()
        .filter(|(_, entry)| entry.cause == "tick" && entry.moved && entry.gap);
    let wait = |(position, entry): (usize, &LogEntry)| {
        let before = log[..position].iter().rev().find(|earlier| {
            earlier.handler == entry.handler
                && (earlier.moved || earlier.waited_for != entry.waited_for)
        })?;
        let what = entry.waited_for.clone()?;
        Some((what, entry.at.as_millisecond() - before.at.as_millisecond()))
    };
    ended.filter_map(wait).collect()
}

/// The smallest value that so many percent don't exceed (nearest rank); none of nothing.
pub fn percentile(sorted: &[i64], percent: usize) -> Option<i64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry(
        second: u8,
        handler: &str,
        cause: &str,
        next_phase: &str,
        waited_for: Option<&str>,
    ) -> LogEntry {
        let at = format!("2026-01-01T00:00:{second:02}Z");
        let entry = json!({
            "at": at, "sentAt": at, "handler": handler, "phase": handler, "nextPhase": next_phase, "cause": cause,
            "name": "", "waitedFor": waited_for, "gap": cause == "tick", "moved": true,
        });
        serde_json::from_value(entry).unwrap()
    }

    #[test]
    fn a_step_lasts_from_the_event_to_the_next_phases_own_command() {
        let log = [
            entry(1, "ddl", "event", "migrate", Some("task")),
            entry(2, "provision", "command", "provision", None),
            entry(4, "migrate", "command", "migrate", None),
        ];
        assert_eq!(after_events(&log), [("ddl to migrate".to_owned(), 3000)]);
    }

    #[test]
    fn a_gap_lasts_from_the_handlers_last_move_to_the_tick() {
        let log = [
            entry(
                1,
                "provision",
                "event",
                "provision",
                Some("temporaryDatabase"),
            ),
            entry(2, "migrate", "event", "migrate", None),
            entry(
                5,
                "provision",
                "tick",
                "ddl",
                Some("temporaryDatabaseAvailable"),
            ),
        ];
        assert_eq!(
            gap_waits(&log),
            [("temporaryDatabaseAvailable".to_owned(), 4000)]
        );
        assert_eq!(after_events(&log), []);
    }

    #[test]
    fn percentiles_are_values_that_were_measured() {
        assert_eq!(percentile(&[], 50), None);
        assert_eq!(percentile(&[7], 95), Some(7));
        let hundred: Vec<_> = (1..=100).collect();
        assert_eq!(
            (percentile(&hundred, 50), percentile(&hundred, 95)),
            (Some(50), Some(95))
        );
    }
}
