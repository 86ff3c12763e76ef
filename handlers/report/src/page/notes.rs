//! What differs, what was not restored as it was, and what was mended.

use std::collections::BTreeMap;

use tenant_restore_core::job::JobResult;

use crate::words::{Shown, title};

/// Codes of what may still act on a live schema: text that names one and could not be decided or mended, routines whose callers
/// have it on their path by default, and what leads back into it through objects outside.
const MAY_ACT_ON_LIVE: [&str; 5] = [
    "FunctionNamesOldSchema",
    "TextNamesOldSchema",
    "NotMended",
    "SearchPathNamesLive",
    "LeadsToLive",
];

/// All differences that the validation found.
pub fn differences(jobs: &[JobResult]) -> Vec<Shown> {
    let last = jobs.iter().rev().find_map(|job| job.validate.as_ref());
    last.into_iter()
        .flat_map(|report| &report.differences)
        .map(Shown::of)
        .collect()
}

/// Remarks, by their code; what may act on live schemas first.
pub struct Remarks {
    pub groups: Vec<RemarkGroup>,
    /// How many may act on a live schema.
    pub may_act_on_live: usize,
}

/// Remarks of one code.
pub struct RemarkGroup {
    pub title: String,
    pub may_act_on_live: bool,
    pub lines: Vec<Line>,
}

/// An object, and what is to be said of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    pub object: Shown,
    pub message: Shown,
}

impl Remarks {
    /// Of all jobs; what two of them said alike is said once.
    pub fn of(jobs: &[JobResult]) -> Self {
        let mut groups: BTreeMap<(bool, &str), Vec<Line>> = BTreeMap::new();
        for remark in jobs.iter().flat_map(|job| &job.remarks) {
            let harmless = !MAY_ACT_ON_LIVE.contains(&remark.code.as_str());
            let line = Line {
                object: Shown::of(&remark.object),
                message: Shown::of(&remark.message),
            };
            groups
                .entry((harmless, &remark.code))
                .or_default()
                .push(line);
        }
        let groups: Vec<_> = groups
            .into_iter()
            .map(|((harmless, code), mut lines)| {
                lines.sort();
                lines.dedup();
                RemarkGroup {
                    title: title(code),
                    may_act_on_live: !harmless,
                    lines,
                }
            })
            .collect();
        let urgent = groups.iter().filter(|group| group.may_act_on_live);
        Self {
            may_act_on_live: urgent.map(|group| group.lines.len()).sum(),
            groups,
        }
    }

    /// All of them.
    pub fn count(&self) -> usize {
        self.groups.iter().map(|group| group.lines.len()).sum()
    }
}

/// What was mended.
pub struct Mends {
    pub objects: Vec<MendedObject>,
    /// Names in all objects.
    pub places: usize,
}

/// An object with its rewritten names.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub struct MendedObject {
    pub object: Shown,
    pub what: Shown,
    pub part: Shown,
    pub places: Vec<Place>,
}

/// A result of an earlier version has the names alone.
fn spelled<'a>(text: &'a str, name: &'a str) -> &'a str {
    if text.is_empty() { name } else { text }
}

/// One rewritten name.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub line: usize,
    pub column: usize,
    pub was: Shown,
    pub now: Shown,
}

impl Mends {
    /// Of the extraction; if it ran twice, of the last.
    pub fn of(jobs: &[JobResult]) -> Self {
        let extract = jobs.iter().rev().find_map(|job| job.extract.as_ref());
        let mended = extract.into_iter().flat_map(|extract| &extract.mended);
        let mut objects: Vec<_> = mended
            .map(|mended| MendedObject {
                object: Shown::of(&mended.object),
                what: Shown::of(&mended.what),
                part: Shown::of(mended.part.as_deref().unwrap_or_default()),
                places: mended
                    .places
                    .iter()
                    .map(|place| Place {
                        line: place.line,
                        column: place.column,
                        was: Shown::of(spelled(&place.old_text, &place.from)),
                        now: Shown::of(spelled(&place.new_text, &place.to)),
                    })
                    .collect(),
            })
            .collect();
        objects.sort();
        Self {
            places: objects.iter().map(|object| object.places.len()).sum(),
            objects,
        }
    }
}
