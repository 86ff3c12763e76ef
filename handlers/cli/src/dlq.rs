//! `dlq`: the letters, messages that nobody could handle. They lie in the queue `dead` until somebody replays or drops
//! them, or they expire.

mod content;
mod letter;
mod queue;
mod replay;
mod text;

use std::process::ExitCode;

use aws_config::SdkConfig;
use jiff::Timestamp;
use serde_json::json;
use tenant_restore_events::Phase;

use crate::arguments::{Deployment, Dlq, Output};
use crate::dlq::letter::Letter;
use crate::dlq::queue::{Dead, Look};
use crate::teller;
use crate::trouble::Trouble;

/// Does what was asked with the letters of the deployment.
///
/// # Errors
/// AWS can't be reached or refuses, or there is no such letter.
pub async fn run(
    config: &SdkConfig,
    deployment: &Deployment,
    output: Output,
    command: &Dlq,
) -> Result<ExitCode, Trouble> {
    let dead = Dead::open(config, deployment).await?;
    let look = dead.look().await?;
    match command {
        Dlq::List => {
            dead.release(&look.letters).await?;
            teller::write(&list(&dead, &look, output))?;
        }
        Dlq::Show { letter } => {
            dead.release(&look.letters).await?;
            let position = position(&look.letters, letter)
                .or_else(|| find(&look.letters, letter))
                .ok_or_else(|| dead.unknown(letter, &look))?;
            teller::write(&show(&look.letters[position], output))?;
        }
        Dlq::Replay { letter, to, .. } => {
            let letters = match letter {
                Some(letter) => vec![take(&dead, look, letter).await?],
                None => look.letters,
            };
            replay(&dead, output, letters, *to).await?;
        }
        Dlq::Drop { letter } => {
            let letter = take(&dead, look, letter).await?;
            dead.delete(&letter).await?;
            teller::write(&match output {
                Output::Text => format!("Dropped the letter {}.\n", letter.id),
                Output::Json => format!("{:#}\n", json!({"dropped": letter.id})),
            })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Keeps this letter hidden from others, and only this one.
async fn take(dead: &Dead, mut look: Look, letter: &str) -> Result<Letter, Trouble> {
    let Some(position) = find(&look.letters, letter) else {
        dead.release(&look.letters).await?;
        return Err(dead.unknown(letter, &look));
    };
    let taken = look.letters.remove(position);
    dead.release(&look.letters).await?;
    Ok(taken)
}

async fn replay(
    dead: &Dead,
    output: Output,
    letters: Vec<Letter>,
    to: Option<Phase>,
) -> Result<(), Trouble> {
    let count = letters.len();
    let done = replay::replay(dead, letters, to).await;
    let released = dead.release(&done.left).await;
    teller::write(&match output {
        Output::Text => replay::text(&done),
        Output::Json => format!("{:#}\n", replay::document(&done)),
    })?;
    released?;
    done.trouble(count).map_or(Ok(()), Err)
}

/// The place of the letter with that number in the list, from 1.
fn position(letters: &[Letter], number: &str) -> Option<usize> {
    let position = number.parse::<usize>().ok()?.checked_sub(1)?;
    (position < letters.len()).then_some(position)
}

fn find(letters: &[Letter], id: &str) -> Option<usize> {
    letters.iter().position(|letter| letter.id == id)
}

fn list(dead: &Dead, look: &Look, output: Output) -> String {
    let now = Timestamp::now();
    match output {
        Output::Text => text::list(&dead.name, look, now),
        Output::Json => {
            let letters = look.letters.iter().map(|letter| letter.document(now));
            let list = json!({
                "queue": dead.name, "approximateCount": look.count, "stoppedEarly": look.stopped_early,
                "letters": letters.collect::<Vec<_>>()
            });
            format!("{list:#}\n")
        }
    }
}

fn show(letter: &Letter, output: Output) -> String {
    let now = Timestamp::now();
    match output {
        Output::Text => text::show(letter, now),
        Output::Json => {
            let mut document = letter.document(now);
            document["body"] = json!(letter.body);
            format!("{document:#}\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_named_by_its_number_in_the_list_or_by_its_message_id() {
        let letters = letter::samples::all();
        assert_eq!(position(&letters, "1"), Some(0));
        assert_eq!(position(&letters, "0"), None);
        assert_eq!(position(&letters, &(letters.len() + 1).to_string()), None);
        assert_eq!(position(&letters, "m-2"), None);
        assert_eq!(find(&letters, "m-2"), Some(1));
        assert_eq!(find(&letters, "2"), None);
    }

    #[test]
    fn only_a_shown_letter_carries_its_body() {
        let letter = &letter::samples::all()[0];
        assert_eq!(letter.document(Timestamp::now()).get("body"), None);
        let shown: serde_json::Value = serde_json::from_str(&show(letter, Output::Json)).unwrap();
        assert_eq!(shown["body"], letter.body);
    }
}
