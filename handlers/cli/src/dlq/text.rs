//! Letters for people. What strangers wrote is shown without control characters, which could steer the terminal.

use jiff::Timestamp;
use serde_json::Value;

use crate::dlq::content::Kind;
use crate::dlq::letter::Letter;
use crate::dlq::queue::Look;
use crate::text::{duration, instant, printable};

/// The list, with a final newline.
pub fn list(queue: &str, look: &Look, now: Timestamp) -> String {
    let (seen, count) = (look.letters.len(), look.count);
    let mut lines = vec![
        format!("Queue {queue}: {seen} seen of about {count}"),
        "SQS shows no list and doesn't promise to show every letter; if some are missing, look again.".to_owned(),
    ];
    if look.stopped_early {
        lines.push("There are more: the look ended before they were all seen.".to_owned());
    }
    for (position, letter) in look.letters.iter().enumerate() {
        lines.push(String::new());
        lines.extend(entry(position + 1, letter, now));
    }
    lines.join("\n") + "\n"
}

fn entry(number: usize, letter: &Letter, now: Timestamp) -> Vec<String> {
    let mut lines = vec![
        format!("{number:>3}  {}  {}", letter.id, what(letter)),
        format!(
            "     {}, {} ago, expires {}",
            printable(&letter.keeper.words()),
            duration(letter.age(now)),
            instant(letter.expires_at)
        ),
    ];
    let cause = letter.cause.iter();
    lines.extend(cause.map(|cause| format!("     cause: {}", printable(cause))));
    lines
}

/// A whole letter, with a final newline.
pub fn show(letter: &Letter, now: Timestamp) -> String {
    let none = || "-".to_owned();
    let recipient = letter.recipient();
    let recipient = recipient.map_or_else(
        || "only where --to says".to_owned(),
        |phase| format!("to {phase}"),
    );
    let cause = letter.cause.as_deref().map_or_else(none, printable);
    let original = letter.original_id.as_deref().map_or_else(none, printable);
    format!(
        "Letter {}: {}\n\n  origin    {}\n  cause     {cause}\n  sent      {}, {} ago\n  expires   {}\n  \
         original  {original}\n  replay    {recipient}\n\nbody:\n{}\n",
        letter.id,
        what(letter),
        printable(&letter.keeper.words()),
        instant(letter.sent_at),
        duration(letter.age(now)),
        instant(letter.expires_at),
        body(&letter.body)
    )
}

fn what(letter: &Letter) -> String {
    let message = match &letter.content.kind {
        Kind::Command { name } => format!("command {name}"),
        Kind::Event {
            source,
            detail_type,
        } => format!("event {detail_type} from {source}"),
        Kind::Unknown => "neither command nor event".to_owned(),
    };
    let restore = letter.content.restore.as_ref();
    let restore = restore.map_or_else(String::new, |id| format!(", restore {id}"));
    printable(&format!("{message}{restore}"))
}

fn body(body: &str) -> String {
    let pretty = serde_json::from_str::<Value>(body).map(|value| format!("{value:#}"));
    let shown = pretty.unwrap_or_else(|_| body.to_owned());
    shown.lines().map(printable).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dlq::letter::samples;

    fn now() -> Timestamp {
        "2024-01-29T08:12:03Z".parse().unwrap()
    }

    fn look(letters: Vec<Letter>) -> Look {
        Look {
            letters,
            count: 5,
            stopped_early: false,
        }
    }

    #[test]
    fn the_list_shows_each_letter_with_keeper_age_cause_restore_and_expiry() {
        assert_eq!(
            list("tenant-restore-dead", &look(samples::all()), now()),
            include_str!("../golden/dlq-list.txt")
        );
    }

    #[test]
    fn a_shown_letter_has_its_body_laid_out_and_says_where_a_replay_goes() {
        assert_eq!(
            show(&samples::command(), now()),
            include_str!("../golden/dlq-show.txt")
        );
    }

    #[test]
    fn no_letter_can_steer_the_terminal() {
        let shown = show(&samples::garbage(), now());
        assert!(shown.ends_with("body:\nnot json\\u{1b}[2J\n"), "{shown}");
        let disguised = printable("a\u{9b}2J\u{7f}\r");
        assert_eq!(disguised, "a\\u{9b}2J\\u{7f}\\r");
    }

    #[test]
    fn a_list_that_is_not_whole_says_so() {
        let mut look = look(Vec::new());
        assert!(!list("q", &look, now()).contains("There are more"));
        look.stopped_early = true;
        assert!(list("q", &look, now()).contains("There are more"));
    }
}
