//! Sending letters again. A letter is deleted only after it was sent: at worst it comes twice, which every handler
//! bears, and never not at all.

use std::collections::VecDeque;

use serde_json::{Value, json};
use tenant_restore_events::Phase;

use crate::dlq::letter::Letter;
use crate::dlq::queue::Dead;
use crate::trouble::Trouble;

/// What became of the letters.
#[derive(Debug, Default)]
pub struct Done {
    /// Those that were sent, with the phase.
    pub sent: Vec<(Letter, Phase)>,
    /// Those that are still in the queue only.
    pub left: Vec<Letter>,
    /// What AWS refused; nothing was tried after it.
    pub refused: Option<Trouble>,
}

/// Sends each letter to the phase given, or else to the one that it belongs to, and deletes it. Letters that belong to
/// none are left.
pub async fn replay(dead: &Dead, letters: Vec<Letter>, to: Option<Phase>) -> Done {
    let mut done = Done::default();
    let mut ahead = VecDeque::from(letters);
    while let Some(letter) = ahead.pop_front() {
        let Some(phase) = to.or_else(|| letter.recipient()) else {
            done.left.push(letter);
            continue;
        };
        if let Err(refused) = dead.send(phase, &letter.body).await {
            done.refused = Some(refused);
            done.left.push(letter);
            break;
        }
        let deleted = dead.delete(&letter).await;
        done.sent.push((letter, phase));
        if let Err(refused) = deleted {
            done.refused = Some(undeleted(refused));
            break;
        }
    }
    done.left.extend(ahead);
    done
}

fn undeleted(refused: Trouble) -> Trouble {
    Trouble::new(
        refused.what,
        "It was sent and is still a letter too: drop it with `tenant-restore dlq drop`.",
    )
}

impl Done {
    /// Why not all of so many letters were replayed, if so.
    pub fn trouble(&self, count: usize) -> Option<Trouble> {
        if self.refused.is_some() {
            return self.refused.clone();
        }
        let first = self.left.first()?;
        let what = format!(
            "Left {} of {count} letters: nothing tells to which phase they belong.",
            self.left.len()
        );
        let remedy = format!(
            "Look at each with `tenant-restore dlq show {}`, then replay it with --to PHASE or drop it.",
            first.id
        );
        Some(Trouble::new(what, remedy))
    }
}

/// For people.
pub fn text(done: &Done) -> String {
    if done.sent.is_empty() && done.left.is_empty() {
        return "No letter was seen; nothing was replayed.\n".to_owned();
    }
    let sent = done.sent.iter();
    let sent =
        sent.map(|(letter, phase)| format!("Replayed the letter {} to {phase}.\n", letter.id));
    let left = done.left.iter();
    let left = left.map(|letter| format!("Left the letter {} where it is.\n", letter.id));
    sent.chain(left).collect()
}

/// For programs.
pub fn document(done: &Done) -> Value {
    let sent = done.sent.iter();
    let sent = sent.map(|(letter, phase)| json!({"messageId": letter.id, "phase": phase}));
    let left = done.left.iter().map(|letter| letter.id.as_str());
    json!({"replayed": sent.collect::<Vec<_>>(), "left": left.collect::<Vec<_>>()})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dlq::letter::samples;

    #[test]
    fn a_replay_of_all_tells_of_each_letter_what_became_of_it() {
        let done = Done {
            sent: vec![(samples::garbage(), Phase::Ddl)],
            left: vec![samples::stranger()],
            refused: None,
        };
        assert_eq!(
            text(&done),
            "Replayed the letter m-1 to ddl.\nLeft the letter m-4 where it is.\n"
        );
        assert_eq!(
            document(&done),
            json!({"replayed": [{"messageId": "m-1", "phase": "ddl"}], "left": ["m-4"]})
        );
    }

    #[test]
    fn a_letter_that_was_left_is_a_trouble_with_the_way_to_send_it() {
        let done = Done {
            left: vec![samples::stranger()],
            ..Done::default()
        };
        let trouble = done.trouble(3).unwrap();
        assert!(trouble.what.starts_with("Left 1 of 3 letters"), "{trouble}");
        assert!(trouble.remedy.contains("m-4"), "{trouble}");
        assert!(trouble.remedy.contains("--to PHASE"), "{trouble}");
    }

    #[test]
    fn a_refusal_of_aws_comes_before_what_it_left() {
        let done = Done {
            left: vec![samples::garbage()],
            refused: Some(Trouble::new("refused", "ask")),
            ..Done::default()
        };
        assert_eq!(done.trouble(1), Some(Trouble::new("refused", "ask")));
        assert_eq!(Done::default().trouble(0), None);
    }
}
