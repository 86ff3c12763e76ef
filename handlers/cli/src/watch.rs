//! Following a restore to its end.
//!
//! The record is read once a second: DynamoDB tells nobody of a change without a stream, and a stream's reader would
//! need rights and resources of its own. A consistent read of one item costs next to nothing.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use console::{Term, truncate_str};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::arguments::Output;
use crate::display::block;
use crate::history::{lines, news};
use crate::record::Records;
use crate::status::{State, Status};
use crate::trouble::Trouble;

const INTERVAL: Duration = Duration::from_secs(1);

/// What to follow, and how.
#[derive(Debug)]
pub struct Follow<'a> {
    /// Restore id or request id.
    pub id: &'a str,
    /// How to tell it.
    pub output: Output,
    /// How long the record may be missing.
    pub grace: SignedDuration,
}

/// Follows a restore until its outcome is decided, and returns 0 if it completed and 1 otherwise.
///
/// # Errors
/// AWS can't be reached, or there is no such restore.
pub async fn follow(records: &Records, follow: &Follow<'_>) -> Result<ExitCode, Trouble> {
    let began = Timestamp::now();
    let mut teller = Teller::new(follow.output);
    loop {
        let now = Timestamp::now();
        let found = records.find(follow.id).await?;
        match found.map(|restore| Status::of(&restore, now)) {
            Some(status) => {
                teller.tell(&status)?;
                if status.state.is_final() {
                    return Ok(exit_code(status.state));
                }
            }
            None if now.duration_since(began) >= follow.grace => {
                return Err(records.unknown(follow.id));
            }
            None => {}
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

fn exit_code(state: State) -> ExitCode {
    ExitCode::from(u8::from(state != State::Completed))
}

/// Tells what is new, in the way that suits the output.
enum Teller {
    /// A terminal: the block is drawn over itself.
    Block { terminal: Term, drawn: usize },
    /// A line, or JSON document, per piece of news.
    Lines { output: Output, told: usize },
}

impl Teller {
    fn new(output: Output) -> Self {
        let terminal = Term::stdout();
        if output == Output::Text && terminal.is_term() {
            return Self::Block { terminal, drawn: 0 };
        }
        Self::Lines { output, told: 0 }
    }

    fn tell(&mut self, status: &Status) -> Result<(), Trouble> {
        match self {
            Self::Block { terminal, drawn } => draw(terminal, drawn, status),
            Self::Lines { output, told } => write_news(*output, told, status),
        }
        .map_err(|error| {
            let what = format!("Could not write to standard output: {error}.");
            Trouble::new(
                what,
                "The restore goes on; follow it again with `tenant-restore watch`.",
            )
        })
    }
}

fn write_news(output: Output, told: &mut usize, status: &Status) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    let news = news(status);
    for piece in &news[*told..] {
        match output {
            Output::Text => lines(piece)
                .iter()
                .try_for_each(|line| writeln!(stdout, "{line}"))?,
            Output::Json => writeln!(stdout, "{}", json!(piece))?,
        }
    }
    *told = news.len();
    Ok(())
}

/// A line longer than the terminal would wrap and not be cleared, so it is cut; the last drawing stays whole.
fn draw(terminal: &Term, drawn: &mut usize, status: &Status) -> std::io::Result<()> {
    let lines = block(status);
    let width = usize::from(terminal.size().1);
    terminal.clear_last_lines(*drawn)?;
    for line in &lines {
        let line = if status.state.is_final() {
            line.into()
        } else {
            truncate_str(line, width, "…")
        };
        terminal.write_line(&line)?;
    }
    *drawn = lines.len();
    Ok(())
}
