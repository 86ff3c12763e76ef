//! The restores of a deployment, the newest first.

use std::fmt::Write;

use jiff::Timestamp;
use serde_json::json;

use crate::arguments::Output;
use crate::status::Status;
use crate::text::{instant, printable};

/// How many are listed unless more are asked for.
pub const LAST: u16 = 20;

/// Restores as a table, or as an array of what `status` shows of each; with a final newline.
pub fn shown(restores: &[Status], only_live: bool, output: Output) -> String {
    match output {
        Output::Json => format!("{:#}\n", json!(restores)),
        Output::Text if restores.is_empty() && only_live => "No restore is live.\n".to_owned(),
        Output::Text if restores.is_empty() => "There is no restore yet.\n".to_owned(),
        Output::Text => table(restores),
    }
}

fn table(restores: &[Status]) -> String {
    let rows: Vec<_> = restores.iter().map(row).collect();
    let head = ["RESTORE", "STATE", "PHASE", "OPENED", "DATABASE", "REQUEST"].map(str::to_owned);
    let width = |column: usize| {
        let cells = std::iter::once(&head)
            .chain(&rows)
            .map(|row| row[column].chars().count());
        cells.max().unwrap_or_default()
    };
    let widths: Vec<_> = (0..head.len()).map(width).collect();
    let mut text = String::new();
    for cells in std::iter::once(&head).chain(&rows) {
        let line = cells
            .iter()
            .zip(&widths)
            .fold(String::new(), |mut line, (cell, width)| {
                let _ = write!(line, "{cell:width$}  ");
                line
            });
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn row(status: &Status) -> [String; 6] {
    let schemas = match status.schemas.as_slice() {
        [only] => format!(".{}", only.schema),
        many => format!(" ({} schemas)", many.len()),
    };
    [
        status.restore_id.clone(),
        state(status),
        status.phase.to_string(),
        instant(status.opened_at),
        printable(&format!("{}{schemas}", status.database)),
        printable(&status.request_id),
    ]
}

/// A held one looks as if it were failing, but stays until somebody acts.
fn state(status: &Status) -> String {
    match &status.held {
        Some(_) => "held".to_owned(),
        None => status.state.as_str().to_owned(),
    }
}

/// Which restores are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Only those that haven't told their outcome.
    pub only_live: bool,
    /// At most so many; all, if it isn't given.
    pub limit: Option<usize>,
    /// The time from which durations are reckoned.
    pub now: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::samples;

    fn listed(restores: &[Status]) -> String {
        shown(restores, false, Output::Text)
    }

    #[test]
    fn a_line_tells_of_each_restore_what_it_is_and_where_it_stands() {
        let text = listed(&[samples::running(), samples::held(), samples::completed()]);
        assert_eq!(text, include_str!("golden/list.txt"));
    }

    #[test]
    fn names_cannot_steer_the_terminal_or_fake_a_line() {
        let mut status = samples::running();
        status.request_id = "a\u{1b}[2J\nfaked  completed".to_owned();
        assert_eq!(listed(&[status]).lines().count(), 2);
    }

    #[test]
    fn nothing_is_told_as_nothing() {
        assert_eq!(listed(&[]), "There is no restore yet.\n");
        assert_eq!(shown(&[], true, Output::Text), "No restore is live.\n");
        assert_eq!(shown(&[], true, Output::Json), "[]\n");
    }

    #[test]
    fn programs_get_of_each_what_status_tells() {
        let text = shown(&[samples::completed()], false, Output::Json);
        let list: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(list, json!([samples::completed()]));
    }
}
