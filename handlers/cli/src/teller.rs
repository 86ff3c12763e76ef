//! Telling what is new about a restore, in the way that suits where it is written to.

use std::io::{self, Write};

use console::{Term, truncate_str};
use serde_json::json;
use tenant_restore_events::outgoing::Ended;

use crate::arguments::Output;
use crate::display::block;
use crate::history::{News, Told, lines, news, rejection};
use crate::status::Status;
use crate::trouble::Trouble;

/// Tells it.
#[derive(Debug)]
pub enum Teller {
    /// A terminal: one block, drawn over itself.
    Block { terminal: Term, drawn: usize },
    /// Lines, or a JSON document each, for every piece of news once.
    Lines { output: Output, told: Told },
}

impl Teller {
    /// The display on a terminal, unless JSON is wanted; plain lines elsewhere.
    pub fn new(output: Output) -> Self {
        let terminal = Term::stdout();
        if output == Output::Text && terminal.is_term() {
            return Self::Block { terminal, drawn: 0 };
        }
        Self::Lines {
            output,
            told: Told::default(),
        }
    }

    /// Tells what is new about a restore.
    ///
    /// # Errors
    /// Standard output can't be written to.
    pub fn status(&mut self, status: &Status) -> Result<(), Trouble> {
        match self {
            Self::Block { terminal, drawn } => draw(terminal, drawn, status),
            Self::Lines { output, told } => write_news(*output, &told.fresh(news(status))),
        }
        .map_err(|error| unwritten(&error))
    }

    /// Tells of a request that never became a restore.
    ///
    /// # Errors
    /// Standard output can't be written to.
    pub fn rejection(&mut self, ended: &Ended) -> Result<(), Trouble> {
        let output = match self {
            Self::Block { .. } => Output::Text,
            Self::Lines { output, .. } => *output,
        };
        write_news(output, &[rejection(ended)]).map_err(|error| unwritten(&error))
    }
}

/// Writes a text to standard output.
///
/// # Errors
/// Standard output can't be written to, for example because its reader has gone.
pub fn write(text: &str) -> Result<(), Trouble> {
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(|error| unwritten(&error))
}

fn unwritten(error: &io::Error) -> Trouble {
    let what = format!("Could not write to standard output: {error}.");
    Trouble::new(
        what,
        "A restore goes on all the same; look at it with `tenant-restore status`.",
    )
}

fn write_news(output: Output, news: &[News]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    for piece in news {
        match output {
            Output::Text => lines(piece)
                .iter()
                .try_for_each(|line| writeln!(stdout, "{line}"))?,
            Output::Json => writeln!(stdout, "{}", json!(piece))?,
        }
    }
    stdout.flush()
}

/// A line longer than the terminal would wrap and not be cleared, so it is cut; the last drawing stays whole.
fn draw(terminal: &Term, drawn: &mut usize, status: &Status) -> io::Result<()> {
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
