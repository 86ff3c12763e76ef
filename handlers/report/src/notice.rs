//! The notice of an outcome as people get it by e-mail: a subject and plain text, the most urgent first.
//!
//! It is made of the report's value, as the page is. But whoever subscribes to the topic reads it, and mails lie about: it has
//! names, counts and what the outcome itself tells, and no text of the database's objects.
//!
//! Names and messages come from strangers. Each is written into one line or indented below one, so that nothing in them passes
//! for a heading or a line of ours.

mod message;
mod subject;

use jiff::Timestamp;
use tenant_restore_core::job::JobResult;
use tenant_restore_events::outgoing::{Ended, Outcome};

use crate::page::cost::{self, Costs};
use crate::page::notes::{Mends, Remarks};
use crate::page::verdict::{Problem, Step, Verdict};
use crate::report::Report;
use crate::words::{Shown, duration, instant, seconds, several};

pub use message::Message;

/// What an e-mail says of an outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its subject, as SNS takes one.
    pub subject: String,
    /// The most urgent first: what is cut off an overlong text stands at its end.
    body: String,
    /// Where the rest is; never cut.
    closing: String,
}

impl Notice {
    /// Of an outcome with its report.
    pub fn of(report: &Report) -> Self {
        let jobs = report.job_results();
        let verdict = Verdict::of(report, &jobs);
        let (remarks, mends) = (Remarks::of(&jobs), Mends::of(&jobs));
        let leftovers = cost::leftovers(report);
        let mut body = Text::default();
        body.line(&headline(&report.outcome, &verdict));
        body.section("Why", |text| causes(text, &report.outcome, &jobs));
        let steps = verdict.steps(report, &remarks, &mends, leftovers.len());
        body.section("What to do next", |text| next(text, &steps));
        body.section("Left over", |text| {
            for what in &leftovers {
                text.line(&format!("  - {}", in_line(&what.0)));
            }
        });
        body.section("The restore", |text| facts(text, report));
        body.section("Schemas", |text| schemas(text, report, &verdict));
        body.section("Not restored as it was", |text| noted(text, &remarks));
        body.section("Mended", |text| {
            if mends.places > 0 {
                let places = several(mends.places, "name", "names");
                text.line(&format!("  {places} in the copies; the report has each"));
            }
        });
        Self {
            subject: subject::of(&report.outcome),
            body: body.0,
            closing: closing(&report.outcome),
        }
    }

    /// Of a request that never became a restore.
    pub fn of_refusal(ended: &Ended) -> Self {
        Self::of(&Report::without_restore(ended))
    }
}

/// Lines of text.
#[derive(Default)]
struct Text(String);

impl Text {
    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    /// A heading with what is below it, if there is anything.
    fn section(&mut self, title: &str, write: impl FnOnce(&mut Self)) {
        let mut inner = Self::default();
        write(&mut inner);
        if !inner.0.is_empty() {
            self.0.push_str(&format!("\n{title}\n{}", inner.0));
        }
    }
}

fn headline(ended: &Ended, verdict: &Verdict) -> String {
    let outcome = ended.outcome.as_str();
    format!(
        "{outcome}: {}. {}.",
        in_line(&subject::what(ended)),
        verdict.headline
    )
}

fn causes(text: &mut Text, ended: &Ended, jobs: &[JobResult]) {
    if ended.outcome == Outcome::Completed {
        return;
    }
    let told: Vec<_> = ended.causes.iter().map(Problem::told).collect();
    for (at, cause) in told.iter().enumerate() {
        let field = cause
            .field
            .as_ref()
            .map(|field| format!(" ({})", in_line(&field.0)));
        let (kind, field) = (in_line(&cause.kind.0), field.unwrap_or_default());
        let message = indented(&cause.message.0);
        text.line(&format!("  {}. {kind}{field}: {message}", at + 1));
        text.line(&format!("     Remedy: {}", indented(&cause.remedy.0)));
    }
    let found = jobs.iter().filter_map(|job| job.failure.as_ref());
    let found: usize = found.map(|failure| failure.causes.len()).sum();
    if found > told.len() {
        text.line("  The report has all that the workers found.");
    }
}

fn next(text: &mut Text, steps: &[Step]) {
    for (at, step) in steps.iter().enumerate() {
        text.line(&format!("  {}. {}", at + 1, step.text));
        for command in &step.commands {
            text.line(&format!("       {}", in_line(&command.0)));
        }
    }
}

fn facts(text: &mut Text, report: &Report) {
    let ended = &report.outcome;
    let subject = &ended.subject;
    let requested_by = report
        .request
        .as_ref()
        .and_then(|request| request.requested_by.clone());
    let took = report
        .request
        .is_some()
        .then(|| took(ended.started_at, ended.ended_at));
    let lines = [
        ("Database", subject.database.clone()),
        ("Source", subject.source.clone()),
        ("Target", subject.target.clone()),
        ("As of", ended.restore_point.map(instant)),
        ("Snapshot", subject.snapshot_id.clone()),
        ("Took", took),
        ("Cost", spent(report)),
        ("Requested", requested_by.map(|who| format!("by {who}"))),
        ("Request", Some(subject.request_id.clone())),
        ("Attempt", Some(ended.attempt.to_string())),
    ];
    for (name, value) in lines {
        if let Some(value) = value {
            text.line(&format!("  {name:<10}{}", in_line(&value)));
        }
    }
}

fn took(from: Timestamp, to: Timestamp) -> String {
    let time = duration(seconds(from, to));
    format!("{time}, from {} to {}", instant(from), instant(to))
}

fn spent(report: &Report) -> Option<String> {
    let costs = Costs::of(report);
    let list = costs.list.map(|list| format!(", list prices of {list}"));
    let unpriced =
        (costs.unpriced > 0).then(|| format!(", and {} of unknown price", costs.unpriced));
    (!costs.lines.is_empty()).then(|| {
        let (list, unpriced) = (list.unwrap_or_default(), unpriced.unwrap_or_default());
        format!("${} for temporary resources{unpriced}{list}", costs.total)
    })
}

fn schemas(text: &mut Text, report: &Report, verdict: &Verdict) {
    for pair in verdict.schemas(report) {
        let copy = pair
            .restored_as
            .map(|copy| format!(" -> {}", in_line(&copy.0)));
        let (schema, copy) = (in_line(&pair.schema.0), copy.unwrap_or_default());
        text.line(&format!("  {schema}{copy}: {}", pair.standing));
    }
}

fn noted(text: &mut Text, remarks: &Remarks) {
    for group in remarks.groups.iter().filter(|group| group.may_act_on_live) {
        for line in &group.lines {
            let object = in_line(&line.object.0);
            text.line(&format!(
                "  - {object} may act on live data ({})",
                group.title
            ));
        }
    }
    let others = remarks.count() - remarks.may_act_on_live;
    if others > 0 {
        text.line(&format!(
            "  {} in the report",
            several(others, "other remark", "other remarks")
        ));
    }
}

fn closing(ended: &Ended) -> String {
    let mut text = Text::default();
    text.section("More", |text| {
        let id = ended.subject.restore_id.as_deref();
        if let Some(id) = id.or_else(|| typed(&ended.subject.request_id)) {
            text.line(&format!("  tenant-restore status {id} --log"));
        }
        if let (Some(id), Some(_)) = (id, &ended.report) {
            text.line(&format!("  tenant-restore report {id}"));
        }
        for report in [&ended.report_page, &ended.report].into_iter().flatten() {
            text.line(&format!("  {}", in_line(report)));
        }
        text.line(&format!(
            "  Outcome {} (the same if this mail comes twice)",
            ended.outcome_id
        ));
    });
    text.0
}

/// A request's id, if it may be typed into a shell as it is.
fn typed(request_id: &str) -> Option<&str> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "._/:@-".contains(letter);
    let is_plain = request_id.chars().all(plain) && !request_id.starts_with('-');
    (is_plain && (1..=128).contains(&request_id.len())).then_some(request_id)
}

/// A stranger's text in a line.
fn in_line(text: &str) -> String {
    Shown::of(text).to_string().replace('\n', "⟨U+000A⟩")
}

/// A stranger's text of several lines, below the one where it begins.
fn indented(text: &str) -> String {
    Shown::of(text).to_string().replace('\n', "\n     ")
}

#[cfg(test)]
mod tests;
