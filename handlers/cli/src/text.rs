//! `status` for people.

use jiff::Timestamp;
use tenant_restore_events::Phase;
use tenant_restore_events::outgoing::{Cause, Ended};

use crate::log;
use crate::status::{Existence, Held, Options, Status, Temporary, Waits};

/// The whole status, with a final newline.
pub fn render(status: &Status) -> String {
    let mut lines = vec![title(status), String::new()];
    lines.extend(request(status));
    lines.extend(section("phases", phases(status)));
    lines.extend(section(
        "waits for",
        status.waits.iter().map(wait).collect(),
    ));
    let tasks = status
        .tasks
        .iter()
        .map(|task| format!("{:<22}{}", task.job, task.state));
    lines.extend(section("worker tasks", tasks.collect()));
    lines.extend(section(
        "temporary resources",
        status.resources.iter().map(resource).collect(),
    ));
    lines.extend(section(
        "warnings",
        status.warnings.iter().flat_map(cause).collect(),
    ));
    lines.extend(section(
        "causes",
        status.causes.iter().flat_map(cause).collect(),
    ));
    lines.extend(section(
        "log",
        status.log.iter().flatten().flat_map(log::lines).collect(),
    ));
    lines.join("\n") + "\n"
}

/// A request that never became a restore, with a final newline.
pub fn render_rejection(ended: &Ended) -> String {
    let subject = &ended.subject;
    let missing = || "-".to_owned();
    let mut lines = vec![
        format!(
            "Request {}: rejected {}",
            subject.request_id,
            instant(ended.ended_at)
        ),
        String::new(),
        format!(
            "  database  {}",
            subject.database.clone().unwrap_or_else(missing)
        ),
        format!("  schemas   {}", schemas(ended).unwrap_or_else(missing)),
    ];
    lines.extend(section(
        "causes",
        ended.causes.iter().flat_map(cause).collect(),
    ));
    lines.join("\n") + "\n"
}

fn schemas(ended: &Ended) -> Option<String> {
    let names: Vec<_> = ended
        .subject
        .schemas
        .iter()
        .map(|pair| pair.schema.as_str())
        .collect();
    (!names.is_empty()).then(|| names.join(", "))
}

fn title(status: &Status) -> String {
    let attempt = if status.attempt > 1 {
        format!(", attempt {}", status.attempt)
    } else {
        String::new()
    };
    let place = if status.state.is_final() {
        String::new()
    } else {
        format!(", phase {}", status.phase)
    };
    let time = duration(status.seconds);
    format!(
        "Restore {}: {}{place}{attempt}, {time}",
        status.restore_id,
        status.state.as_str()
    )
}

fn request(status: &Status) -> Vec<String> {
    let by = status
        .requested_by
        .as_ref()
        .map_or_else(String::new, |by| format!(" by {by}"));
    let snapshot = status.snapshot.as_ref();
    let snapshot = snapshot.map_or_else(String::new, |id| format!(", snapshot {id}"));
    let target = status.target.as_ref();
    let target = target.map_or_else(String::new, |name| format!(", into {name}"));
    let mut lines = vec![
        format!(
            "  request   {}{by}, {}",
            status.request_id,
            instant(status.opened_at)
        ),
        format!(
            "  database  {} of {}{target}",
            status.database, status.source
        ),
        format!("  as of     {}{snapshot}", instant(status.restore_time)),
    ];
    for (position, pair) in status.schemas.iter().enumerate() {
        let label = if position == 0 { "schemas" } else { "" };
        lines.push(format!(
            "  {label:<8}  {} as {}",
            pair.schema, pair.restored_as
        ));
    }
    let Options {
        mover,
        validate,
        on_mismatch,
        external_foreign_keys,
    } = &status.options;
    lines.push(format!(
        "  options   mover {mover}, validate {validate}, on mismatch {on_mismatch}"
    ));
    lines.push(format!(
        "            external foreign keys {external_foreign_keys}"
    ));
    if let Some(ended) = status.ended_at {
        lines.push(format!("  ended     {}", instant(ended)));
    }
    if let Some(report) = &status.report {
        lines.push(format!("  report    {report}"));
    }
    if let Some(page) = &status.report_page {
        lines.push(format!("  page      {page}"));
    }
    if let Some(held) = &status.held {
        lines.push(format!("  held      {}", keeping(held)));
    }
    lines
}

/// Until when a failed restore is kept, and what that costs.
pub fn keeping(held: &Held) -> String {
    let until = held.until.map_or_else(
        || "for a replay".to_owned(),
        |until| format!("until {}", instant(until)),
    );
    format!("{until}; costs meanwhile: {}", held.costs)
}

fn section(title: &str, lines: Vec<String>) -> Vec<String> {
    if lines.is_empty() {
        return Vec::new();
    }
    let mut section = vec![String::new(), format!("{title}:")];
    section.extend(lines.into_iter().map(|line| format!("  {line}")));
    section
}

fn phases(status: &Status) -> Vec<String> {
    let began = status.phases.iter().map(|times| {
        let state = match times.ended {
            Some(_) if status.failed_in == Some(times.phase) => "failed",
            Some(_) => "done",
            None => "running",
        };
        let end = times
            .ended
            .map_or_else(String::new, |ended| format!(" - {}", clock(ended)));
        format!(
            "{:<11}{state:<9}{:<13}{}{end}",
            times.phase,
            duration(times.seconds),
            clock(times.began)
        )
    });
    began
        .chain(ahead(status).into_iter().map(|phase| phase.to_string()))
        .collect()
}

/// The phases that are still to come.
pub fn ahead(status: &Status) -> Vec<Phase> {
    if status.state.is_final() {
        return Vec::new();
    }
    Phase::ALL
        .into_iter()
        .filter(|phase| *phase > status.phase)
        .collect()
}

fn wait(wait: &Waits) -> String {
    let Waits {
        phase,
        since,
        deadline,
        last_seen,
        seconds,
        ..
    } = wait;
    let seen = if last_seen.is_empty() {
        String::new()
    } else {
        format!("; last seen: {last_seen}")
    };
    let (what, time) = (words(&wait.what), duration(*seconds));
    format!(
        "{phase:<11}{what} since {} ({time}), until {} at most{seen}",
        clock(*since),
        clock(*deadline)
    )
}

fn resource(resource: &Temporary) -> String {
    let state = match (resource.state, resource.gone_at) {
        (Existence::Gone, Some(at)) => format!("deleted {}", clock(at)),
        (Existence::Exists, _) => "exists".to_owned(),
        _ => format!("noted {}, not seen yet", clock(resource.noted_at)),
    };
    let price = match (&resource.size, resource.usd_per_hour) {
        _ if resource.state == Existence::Gone => String::new(),
        (Some(size), Some(usd)) => format!(", {size}: {usd:.4} USD an hour"),
        (Some(size), None) => format!(", {size}: price unknown"),
        (None, _) => String::new(),
    };
    format!(
        "{:<22}{:<34}{state}{price}",
        words(&resource.kind),
        resource.name
    )
}

/// A cause and, below it, its remedy.
pub fn cause(cause: &Cause) -> Vec<String> {
    let field = cause
        .field
        .as_ref()
        .map_or_else(String::new, |field| format!(" ({field})"));
    vec![
        format!("{}{field}: {}", cause.kind, cause.message),
        format!("  remedy: {}", cause.remedy),
    ]
}

/// The words of a name in camel case.
pub fn words(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

/// The time of day in UTC, whole seconds.
pub fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%SZ").to_string()
}

/// Date and time in UTC, whole seconds.
pub fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// A duration in the two units that matter.
pub fn duration(seconds: f64) -> String {
    if seconds < 9.95 {
        return format!("{seconds:.1} s");
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rounded duration is never negative"
    )]
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole / 60 % 60),
    }
}

/// A stranger's text without control characters, which could steer the terminal.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() {
            shown.extend(letter.escape_default());
        } else {
            shown.push(letter);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::samples;

    #[test]
    fn a_running_restore_shows_what_it_waits_for_and_what_exists() {
        assert_eq!(
            render(&samples::running()),
            include_str!("golden/status-running.txt")
        );
    }

    #[test]
    fn a_completed_restore_shows_its_times_and_that_nothing_is_left() {
        assert_eq!(
            render(&samples::completed()),
            include_str!("golden/status-completed.txt")
        );
    }

    #[test]
    fn a_failed_restore_shows_each_cause_with_its_remedy() {
        assert_eq!(
            render(&samples::failed()),
            include_str!("golden/status-failed.txt")
        );
    }

    #[test]
    fn a_held_restore_shows_until_when_and_what_it_costs() {
        assert_eq!(
            render(&samples::held()),
            include_str!("golden/status-held.txt")
        );
    }

    #[test]
    fn a_rejected_request_shows_each_wrong_field() {
        assert_eq!(
            render_rejection(&samples::rejection()),
            include_str!("golden/status-rejected.txt")
        );
    }

    #[test]
    fn a_duration_shows_the_two_units_that_matter() {
        let shown: Vec<_> = [0.04, 9.94, 9.96, 59.4, 59.6, 3599.4, 3600.0, 90_061.0]
            .map(duration)
            .into();
        assert_eq!(
            shown,
            [
                "0.0 s",
                "9.9 s",
                "10 s",
                "59 s",
                "1 min 00 s",
                "59 min 59 s",
                "1 h 00 min",
                "25 h 01 min"
            ]
        );
    }

    #[test]
    fn a_name_in_camel_case_becomes_words() {
        assert_eq!(
            words("temporaryDatabaseAvailable"),
            "temporary database available"
        );
    }
}
