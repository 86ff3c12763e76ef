//! The subject of the e-mail.

use tenant_restore_events::outgoing::{Ended, Outcome};

use crate::words::several;

/// SNS takes less than 100 characters without line breaks and control characters (API reference, Publish). Older editions of
/// that page say ASCII; some mail programs show nothing else, so that is kept.
const MOST_LETTERS: usize = 99;

/// Such as `Tenant restore FAILED (ReplicationFailed): 2 schemas of tenant_a on production`.
pub fn of(ended: &Ended) -> String {
    let why = match (ended.outcome, ended.causes.as_slice()) {
        (Outcome::Completed, _) | (_, []) => String::new(),
        (_, [cause]) => format!(" ({})", cause.kind),
        (_, [cause, more @ ..]) => format!(" ({} and {} more)", cause.kind, more.len()),
    };
    fitting(&format!(
        "Tenant restore {}{why}: {}",
        ended.outcome.as_str(),
        what(ended)
    ))
}

/// What it was about, in few words.
pub fn what(ended: &Ended) -> String {
    let subject = &ended.subject;
    let mut text = match subject.schemas.as_slice() {
        [] => "a request".to_owned(),
        [one] => one.schema.clone(),
        more => several(more.len(), "schema", "schemas"),
    };
    let places = [
        (" of ", &subject.database),
        (" on ", &subject.source),
        (" into ", &subject.target),
    ];
    for (word, name) in places {
        if let Some(name) = name.as_deref().filter(|name| !name.is_empty()) {
            text.push_str(word);
            text.push_str(name);
        }
    }
    text
}

fn fitting(text: &str) -> String {
    let printable = |letter: char| {
        if letter == ' ' || letter.is_ascii_graphic() {
            letter
        } else {
            '?'
        }
    };
    let text: String = text.chars().map(printable).collect();
    if text.len() <= MOST_LETTERS {
        return text;
    }
    format!("{}...", &text[..MOST_LETTERS - 3])
}
