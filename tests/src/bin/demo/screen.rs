//! What the demonstration prints: plain lines of at most 100 columns, headings in bold on a terminal.

use std::io::{IsTerminal, stdout};

use tokio::time::Instant;

const WIDTH: usize = 100;

/// The terminal or file that standard output is.
#[derive(Debug)]
pub struct Screen {
    began: Instant,
    terminal: bool,
}

impl Screen {
    /// A screen whose times count from `began`.
    pub fn new(began: Instant) -> Self {
        Self {
            began,
            terminal: stdout().is_terminal(),
        }
    }

    /// Begins a step of the story, with the seconds since the beginning.
    pub fn step(&self, title: &str) {
        let seconds = self.began.elapsed().as_secs_f64();
        if self.terminal {
            println!("\n\x1b[1m{seconds:6.1} s  {title}\x1b[0m");
        } else {
            println!("\n{seconds:6.1} s  {title}");
        }
    }

    /// Prints a paragraph below the current step, folded at spaces.
    pub fn say(&self, text: &str) {
        for paragraph in text.lines() {
            for line in fold(paragraph, WIDTH - INDENT.len()) {
                println!("{INDENT}{line}");
            }
        }
    }

    /// Prints rows as a table below the current step; the first row is the head, columns after the first are
    /// aligned to the right.
    pub fn table(&self, rows: &[Vec<String>]) {
        for line in align(rows) {
            println!("{INDENT}{line}");
        }
    }
}

const INDENT: &str = "          ";

fn fold(text: &str, width: usize) -> Vec<String> {
    let words = text.trim_start_matches(' ');
    let mut lines = vec![text[..text.len() - words.len()].to_owned()];
    for word in words.split(' ') {
        let last = lines.len() - 1;
        let line = &mut lines[last];
        let begun = !line.trim_start().is_empty();
        if begun && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
            continue;
        }
        if begun {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines
}

fn align(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
    };
    let widths: Vec<usize> = (0..columns)
        .map(|column| width(column).unwrap_or_default())
        .collect();
    let cell = |(column, text): (usize, &String)| match column {
        0 => format!("{text:<width$}", width = widths[0]),
        _ => format!("{text:>width$}", width = widths[column]),
    };
    rows.iter()
        .map(|row| {
            row.iter()
                .enumerate()
                .map(cell)
                .collect::<Vec<_>>()
                .join("  ")
                .trim_end()
                .to_owned()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_folded_at_spaces() {
        assert_eq!(fold("one two three", 7), ["one two", "three"]);
        assert_eq!(fold("unbreakable", 4), ["unbreakable"]);
        assert_eq!(fold("  make up   # start", 40), ["  make up   # start"]);
    }

    #[test]
    fn tables_are_aligned() {
        let rows = [
            vec!["table".into(), "rows".into()],
            vec!["order_items".into(), "12".into()],
        ];
        assert_eq!(align(&rows), ["table        rows", "order_items    12"]);
    }
}
