//! The X-Ray trace of a restore: whose it is, how it is named in headers, and what of the restore's course goes into it.
//!
//! Messages carry a trace, but AWS events don't, and a tick may come hours later; so the record keeps it. What a message says
//! is believed once: of the request that opens the restore, or of the order that begins another attempt.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

mod call;
mod document;
mod story;
#[cfg(test)]
mod tests;

pub use call::{Call, call};
pub use document::{Annotations, Document, MOST_BYTES, daemon_line};
pub use story::{JobTime, Step, jobs, refusal, story};

/// Far more than a header has; X-Ray's own adds `Self` and `Lineage` (X-Ray developer guide, tracing header).
const LONGEST_HEADER: usize = 512;

/// X-Ray keeps traces for 30 days, but adds to one for a week only, as users have measured (Flexera engineering blog, "X-Ray
/// Traces for Long-Running Requests"), and a restore may wait for a day and longer.
const OLDEST: SignedDuration = SignedDuration::from_hours(4 * 24);

/// Clocks differ; OpenTelemetry's exporter to X-Ray takes this to be what X-Ray allows.
const MOST_AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// What a trace header says, once it is proven to be one. Nothing else of a message's header is ever sent on: SQS refuses a
/// message with a malformed one (SQS API reference, SendMessage).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    root: String,
    parent: Option<String>,
    sampled: Option<bool>,
}

impl Header {
    /// Reads a header. One that is malformed, or whose time X-Ray wouldn't take, is none: whoever publishes a request may
    /// write anything there.
    pub fn read(text: &str, now: Timestamp) -> Option<Self> {
        if text.len() > LONGEST_HEADER {
            return None;
        }
        let (mut root, mut parent, mut sampled) = (None, None, None);
        for field in text.split(';').filter(|field| !field.trim().is_empty()) {
            let (name, value) = field.trim().split_once('=')?;
            let known = match name {
                "Root" => &mut root,
                "Parent" => &mut parent,
                "Sampled" => &mut sampled,
                _ => continue,
            };
            if known.replace(value).is_some() {
                return None;
            }
        }
        let root = root.filter(|root| is_trace_id(root) && is_timely(root, now))?;
        if parent.is_some_and(|parent| !is_hexadecimal(parent, 16)) {
            return None;
        }
        let sampled = match sampled {
            None | Some("?") => None,
            Some("0") => Some(false),
            Some("1") => Some(true),
            Some(_) => return None,
        };
        Some(Self {
            root: root.to_owned(),
            parent: parent.map(str::to_owned),
            sampled,
        })
    }
}

impl std::fmt::Display for Header {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Root={}", self.root)?;
        if let Some(parent) = &self.parent {
            write!(f, ";Parent={parent}")?;
        }
        match self.sampled {
            Some(sampled) => write!(f, ";Sampled={}", u8::from(sampled)),
            None => Ok(()),
        }
    }
}

/// The trace of one attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trace {
    /// X-Ray's id of it, which the publisher of the request may have chosen.
    pub id: String,
    /// The segment of the attempt as a whole; all others are below it.
    pub segment: String,
    /// The publisher's segment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Whether anything is told; a publisher's decision is kept.
    pub sampled: bool,
    /// When the request was sent.
    pub since: Timestamp,
}

impl Trace {
    /// Begins the trace of an attempt: in the publisher's, or one of its own. Restores are rare, so whoever leaves the decision
    /// to us is sampled: X-Ray's own default is the first request of each second.
    pub fn begin(header: Option<&Header>, random: [u8; 20], since: Timestamp) -> Self {
        let segment = hexadecimal(&random[..8]);
        match header {
            Some(header) => Self {
                id: header.root.clone(),
                segment,
                parent: header.parent.clone(),
                sampled: header.sampled.unwrap_or(true),
                since,
            },
            None => Self {
                id: format!(
                    "1-{:08x}-{}",
                    since.as_second().max(0),
                    hexadecimal(&random[8..])
                ),
                segment,
                parent: None,
                sampled: true,
                since,
            },
        }
    }

    /// What a message that this attempt sends says of it.
    pub fn header(&self) -> Header {
        Header {
            root: self.id.clone(),
            parent: Some(self.segment.clone()),
            sampled: Some(self.sampled),
        }
    }

    /// A segment's id, the same whoever tells of it and however often: X-Ray takes the later of two with one id.
    fn segment_of(&self, what: &str) -> String {
        let digest = Sha256::digest(format!("{}/{}/{what}", self.id, self.segment));
        hexadecimal(&digest[..8])
    }
}

/// `1-<time in 8 hexadecimal digits>-<24 hexadecimal digits>` (X-Ray API reference, PutTraceSegments).
fn is_trace_id(text: &str) -> bool {
    let mut parts = text.split('-');
    parts.next() == Some("1")
        && parts.next().is_some_and(|time| is_hexadecimal(time, 8))
        && parts.next().is_some_and(|rest| is_hexadecimal(rest, 24))
        && parts.next().is_none()
}

fn is_timely(id: &str, now: Timestamp) -> bool {
    let time = id
        .get(2..10)
        .and_then(|time| i64::from_str_radix(time, 16).ok());
    let time = time.and_then(|seconds| Timestamp::from_second(seconds).ok());
    time.is_some_and(|time| {
        now.duration_since(time) <= OLDEST && time.duration_since(now) <= MOST_AHEAD
    })
}

fn is_hexadecimal(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn hexadecimal(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}
