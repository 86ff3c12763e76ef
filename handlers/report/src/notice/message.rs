//! The message that SNS takes: the outcome as JSON for every subscriber, and the text for those by e-mail.

use serde_json::json;

use super::Notice;

/// "At most 256 KB in size (262,144 bytes)", whatever protocols it has a text for (SNS API reference, Publish, Message).
const MOST_BYTES: usize = 256 << 10;
/// The message attributes count as well (SNS developer guide, message attributes). Ours are four, of 1 KB at most.
const ATTRIBUTES_BYTES: usize = 6 << 10;
/// Nobody reads a longer e-mail.
const MOST_TEXT_BYTES: usize = 32 << 10;

const SHORTENED: &str = "\n[Shortened: the report and `tenant-restore status` have the rest.]\n";

/// What is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The parameter `Message`.
    pub text: String,
    /// The parameter `MessageStructure`: `json` if `text` has a value for each protocol. Without it, everybody gets the outcome.
    pub structure: Option<&'static str>,
}

impl Notice {
    /// Everybody gets `detail`, subscribers by `email` the text. Their text is shortened so that both fit, never the outcome;
    /// where there is no room beside it, they get it as well.
    pub fn message(&self, detail: &str) -> Message {
        let without_text = json!({ "default": detail, "email": "" }).to_string().len();
        let room = (MOST_BYTES - ATTRIBUTES_BYTES).checked_sub(without_text);
        match room.and_then(|room| self.text(room.min(MOST_TEXT_BYTES))) {
            Some(text) => Message {
                // `email-json` falls back to `default`, as do all others (SNS API reference, Publish, MessageStructure).
                text: json!({ "default": detail, "email": text }).to_string(),
                structure: Some("json"),
            },
            None => Message {
                text: detail.to_owned(),
                structure: None,
            },
        }
    }

    /// The text, with as much of it as `room` bytes of JSON hold.
    fn text(&self, room: usize) -> Option<String> {
        let whole = format!("{}{}", self.body, self.closing);
        if written(&whole) <= room {
            return Some(whole);
        }
        let mut left = room.checked_sub(written(SHORTENED) + written(&self.closing))?;
        let fitting = self.body.split_inclusive('\n').map_while(|line| {
            left = left.checked_sub(written(line))?;
            Some(line)
        });
        let kept: String = fitting.collect();
        Some(format!("{kept}{SHORTENED}{}", self.closing))
    }
}

/// Bytes of a text within a JSON string.
fn written(text: &str) -> usize {
    json!(text).to_string().len() - "\"\"".len()
}
