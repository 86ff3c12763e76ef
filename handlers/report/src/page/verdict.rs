//! How it ended, how the schemas stand now, and what to do next.

use tenant_restore_core::error::Cause;
use tenant_restore_core::job::{JobResult, Mode};
use tenant_restore_events::Phase;
use tenant_restore_events::outgoing::{self, Outcome, RestoredSchema};

use super::notes::{Mends, Remarks};
use crate::report::Report;
use crate::words::{Shown, duration, quoted, seconds, several};

/// How the restored schemas stand in production.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// There, and open to their users.
    Open,
    /// There, since the drop after a failure failed.
    NotDropped,
    /// They were made and dropped again.
    Dropped,
    /// They were never made.
    NeverMade,
}

/// The headline.
pub struct Verdict {
    /// How it ended.
    pub outcome: Outcome,
    /// What that means for the schemas.
    pub standing: Standing,
    /// One sentence.
    pub headline: String,
    /// The time that it took.
    pub took: String,
}

/// One thing to do.
pub struct Step {
    /// In words.
    pub text: String,
    /// What to type, if there is something to type.
    pub commands: Vec<Shown>,
}

/// A schema and its copy.
pub struct SchemaLine {
    pub schema: Shown,
    pub restored_as: Option<Shown>,
    pub standing: &'static str,
}

/// A cause or a finding.
pub struct Problem {
    pub kind: Shown,
    pub field: Option<Shown>,
    pub message: Shown,
    pub remedy: Shown,
}

impl Problem {
    /// As a handler or a worker found it.
    pub fn of(cause: &Cause) -> Self {
        Self {
            kind: Shown(cause.kind.to_string()),
            field: cause.field.clone().map(Shown),
            message: Shown::of(&cause.message),
            remedy: Shown::of(&cause.remedy),
        }
    }

    /// As an outcome tells it.
    pub fn told(cause: &outgoing::Cause) -> Self {
        Self {
            kind: Shown::of(&cause.kind),
            field: cause.field.clone().map(Shown),
            message: Shown::of(&cause.message),
            remedy: Shown::of(&cause.remedy),
        }
    }
}

/// Why it failed: what was told, and what only the workers' results have, since a notice is kept short.
pub fn causes(report: &Report, jobs: &[JobResult]) -> Vec<Problem> {
    let told = &report.outcome.causes;
    let failed = report.outcome.outcome != Outcome::Completed;
    let found = jobs
        .iter()
        .filter_map(|job| job.failure.as_ref())
        .flat_map(|failure| &failure.causes)
        .filter(|cause| failed && !told.iter().any(|told| is_told(told, cause)));
    told.iter()
        .map(Problem::told)
        .chain(found.map(Problem::of))
        .collect()
}

/// A told message may be shortened, or count at its end what was left out.
fn is_told(told: &outgoing::Cause, found: &Cause) -> bool {
    let shortened = told.message.strip_suffix('…');
    told.kind == found.kind.to_string()
        && (told.message.starts_with(&found.message)
            || shortened.is_some_and(|head| found.message.starts_with(head)))
}

impl Verdict {
    /// Of a report.
    pub fn of(report: &Report, jobs: &[JobResult]) -> Self {
        let outcome = report.outcome.outcome;
        let standing = standing(report, jobs);
        let schemas = several(report.outcome.subject.schemas.len(), "schema", "schemas");
        let headline = match (outcome, standing) {
            (Outcome::Completed, _) => format!("{schemas} restored"),
            (Outcome::Rejected, _) => "Nothing was created".to_owned(),
            (Outcome::Failed, Standing::Open) => {
                format!("{schemas} restored, but not as they were")
            }
            (Outcome::Failed, Standing::NotDropped) => {
                "What was made in production could not be dropped".to_owned()
            }
            (Outcome::Failed, Standing::Dropped) => {
                "What was made in production was dropped again".to_owned()
            }
            (Outcome::Failed, Standing::NeverMade) => "Nothing is left in production".to_owned(),
        };
        Self {
            outcome,
            standing,
            headline,
            took: duration(seconds(report.outcome.started_at, report.outcome.ended_at)),
        }
    }

    /// The outcome in one word.
    pub fn word(&self) -> &'static str {
        match self.outcome {
            Outcome::Completed => "Completed",
            Outcome::Failed => "Failed",
            Outcome::Rejected => "Rejected",
        }
    }

    /// The class of the page that colours it.
    pub fn class(&self) -> &'static str {
        match self.outcome {
            Outcome::Completed => "good",
            Outcome::Failed => "bad",
            Outcome::Rejected => "odd",
        }
    }

    /// Each schema, and what became of it.
    pub fn schemas(&self, report: &Report) -> Vec<SchemaLine> {
        let standing = match (self.outcome, self.standing) {
            (Outcome::Completed, _) => "open to its users",
            (_, Standing::Open) => "open to its users; see the differences",
            (_, Standing::NotDropped) => "may still be there",
            (_, Standing::Dropped) => "dropped again",
            (_, Standing::NeverMade) => "not made",
        };
        let pairs = report.outcome.subject.schemas.iter();
        let line = |pair: &RestoredSchema| SchemaLine {
            schema: Shown::of(&pair.schema),
            restored_as: pair.restored_as.clone().map(Shown),
            standing,
        };
        pairs.map(line).collect()
    }

    /// What to do next, most urgent first.
    pub fn steps(
        &self,
        report: &Report,
        remarks: &Remarks,
        mends: &Mends,
        leftovers: usize,
    ) -> Vec<Step> {
        let mut steps = Vec::new();
        let id = report.outcome.subject.restore_id.as_deref();
        let replay: Vec<_> = id
            .map(|id| Shown(format!("tenant-restore replay {id}")))
            .into_iter()
            .collect();
        match (self.outcome, self.standing) {
            (Outcome::Rejected, _) => {
                let or_replay = if replay.is_empty() {
                    "."
                } else {
                    "; if the request itself was right, replay it."
                };
                let again = format!("Remove each cause, then request the restore again{or_replay}");
                steps.push(step(again, replay));
            }
            (Outcome::Failed, Standing::Open) => {
                steps.push(step(
                    "Don't use the restored schemas before the differences are understood.",
                    Vec::new(),
                ));
                steps.push(step(
                    "To try again, drop them first, then replay the restore.",
                    drops(report).into_iter().chain(replay).collect(),
                ));
            }
            (Outcome::Failed, Standing::NotDropped) => {
                steps.push(step(
                    "Drop by hand what is left. A schema without this restore's marker table may have been handed over whole: look at it first.",
                    drops(report),
                ));
                steps.push(step("Remove the cause, then replay the restore.", replay));
            }
            (Outcome::Failed, _) => {
                steps.push(step("Remove the cause, then replay the restore.", replay));
            }
            (Outcome::Completed, _) => {}
        }
        if self.standing == Standing::Open {
            if remarks.may_act_on_live > 0 {
                let what = several(remarks.may_act_on_live, "object", "objects");
                steps.push(step(format!("Before anything of the restored schemas runs, look at what may still name a live schema and so act on live data: {what}, first under “Not restored as it was”."), Vec::new()));
            }
            if self.outcome == Outcome::Completed {
                steps.push(step(
                    "Look at the restored rows beside the live ones.",
                    looks(report),
                ));
            }
            if mends.places > 0 {
                steps.push(step("Before you give a restored schema the live one's name, undo what was mended: the report lists it under “Mended”.", Vec::new()));
            }
            if self.outcome == Outcome::Completed {
                steps.push(step(
                    "When they aren't needed any more, drop the restored schemas.",
                    drops(report),
                ));
            }
        }
        if leftovers > 0 {
            steps.push(step("Delete by hand what is listed under “Left over”: it may cost money while it exists.", Vec::new()));
        }
        steps
    }
}

fn step(text: impl Into<String>, commands: Vec<Shown>) -> Step {
    Step {
        text: text.into(),
        commands,
    }
}

/// More would be a page of its own; the names are in the list of schemas.
const MOST_COMMANDS: usize = 5;

fn for_each(report: &Report, statement: impl Fn(&str) -> String) -> Vec<Shown> {
    let names = report.outcome.subject.schemas.iter();
    let names = names.filter_map(|pair| pair.restored_as.as_deref());
    let mut commands: Vec<_> = names.map(|name| Shown(statement(&quoted(name)))).collect();
    let more = commands.len().saturating_sub(MOST_COMMANDS);
    if more > 0 {
        commands.truncate(MOST_COMMANDS);
        commands.push(Shown(format!("-- and so on for {more} more")));
    }
    commands
}

fn drops(report: &Report) -> Vec<Shown> {
    for_each(report, |name| format!("drop schema {name} cascade;"))
}

fn looks(report: &Report) -> Vec<Shown> {
    for_each(report, |name| format!("set search_path to {name};"))
}

fn standing(report: &Report, jobs: &[JobResult]) -> Standing {
    if report.opened || report.outcome.outcome == Outcome::Completed {
        return Standing::Open;
    }
    let told = |kind: &str| report.outcome.causes.iter().any(|cause| cause.kind == kind);
    let dropping = jobs.iter().rev().find(|job| {
        job.drop.is_some() || job.failure.as_ref().is_some_and(|f| f.mode == Mode::Drop)
    });
    match dropping.map(|job| &job.drop) {
        _ if told("DropFailed") => Standing::NotDropped,
        Some(Some(drop)) if drop.dropped.is_empty() => Standing::NeverMade,
        Some(Some(_)) => Standing::Dropped,
        Some(None) => Standing::NotDropped,
        // Nothing is made in production before the phase `ddl`; a failure after it is followed by a drop.
        None if report.failed_in.is_none_or(|phase| phase <= Phase::Ddl) => Standing::NeverMade,
        None => Standing::NotDropped,
    }
}
