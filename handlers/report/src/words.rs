//! How names, times and amounts are said.

use std::fmt::{self, Display, Formatter, Write as _};

use jiff::Timestamp;

/// A text of somebody else: a name, a message. What can't be seen in it, or turns the direction of what follows, is shown
/// by its number, so that no two names look alike by it. (The template escapes it besides.)
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Shown(pub String);

impl Shown {
    /// The text as it was.
    pub fn of(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl Display for Shown {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            if is_unseen(letter) {
                write!(f, "⟨U+{:04X}⟩", u32::from(letter))?;
            } else {
                f.write_char(letter)?;
            }
        }
        Ok(())
    }
}

/// Control characters but the line's end, format characters of direction (Unicode Standard Annex 9), and blanks without
/// width. Joiners are left alone: some scripts need them.
fn is_unseen(letter: char) -> bool {
    (letter.is_control() && letter != '\n')
        || matches!(letter, '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The words of a name in camel case, as a title.
pub fn title(name: &str) -> String {
    let mut words = String::new();
    for (at, letter) in name.chars().enumerate() {
        match (at, letter.is_uppercase()) {
            (0, _) => words.extend(letter.to_uppercase()),
            (_, true) => {
                words.push(' ');
                words.extend(letter.to_lowercase());
            }
            (_, false) => words.push(letter),
        }
    }
    words
}

/// A count with its thousands set apart.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// So many of a thing.
pub fn several(number: usize, one: &str, many: &str) -> String {
    let word = if number == 1 { one } else { many };
    format!("{} {word}", count(number as u64))
}

/// A duration in the two units that matter.
pub fn duration(seconds: f64) -> String {
    if seconds < 9.95 {
        return format!("{:.1} s", seconds.max(0.0));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a duration of ten seconds and more is positive"
    )]
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole / 60 % 60),
    }
}

/// Seconds from one instant to another, never less than none.
pub fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64().max(0.0)
}

/// Date and time in UTC, whole seconds.
pub fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// The time of day in UTC, whole seconds.
pub fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}

/// An identifier as SQL takes it.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_seen_is_shown_by_its_number_and_scripts_stay_as_they_are() {
        let shown = |text: &str| Shown::of(text).to_string();
        assert_eq!(shown("a\u{202e}b\u{0}\tc"), "a⟨U+202E⟩b⟨U+0000⟩⟨U+0009⟩c");
        assert_eq!(
            shown("مستأجر می\u{200c}خواهم 日本"),
            "مستأجر می\u{200c}خواهم 日本"
        );
        assert_ne!(shown("a\u{200b}"), shown("a"));
    }

    #[test]
    fn amounts_are_said_in_words_that_people_read() {
        assert_eq!(count(0), "0");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(several(1, "table", "tables"), "1 table");
        assert_eq!(several(1500, "table", "tables"), "1,500 tables");
        assert_eq!(title("FunctionNamesOldSchema"), "Function names old schema");
        assert_eq!(duration(0.04), "0.0 s");
        assert_eq!(duration(61.0), "1 min 01 s");
        assert_eq!(duration(7300.0), "2 h 01 min");
        assert_eq!(quoted("a\"b"), "\"a\"\"b\"");
    }
}
