//! The page: what a person needs to know, in the order in which it is needed.

pub mod cost;
pub mod notes;
mod tables;
mod timeline;
pub mod verdict;

use std::fmt::{self, Display, Formatter};

use askama::Template;
use tenant_restore_core::job::JobResult;
use tenant_restore_events::outgoing::Ended;

use crate::report::Report;
use crate::words::{Shown, instant, several};
use cost::Costs;
use notes::{Mends, Remarks};
use tables::Tables;
use timeline::Timeline;
use verdict::{Problem, SchemaLine, Step, Verdict};

/// The page as its template sees it.
#[derive(Template)]
#[template(path = "page.html")]
struct Page {
    verdict: Verdict,
    facts: Vec<Fact>,
    steps: Vec<Step>,
    schemas: Vec<SchemaLine>,
    causes: Vec<Problem>,
    findings: Vec<Problem>,
    differences: Vec<Shown>,
    remarks: Remarks,
    mends: Mends,
    timeline: Timeline,
    tables: Tables,
    costs: Costs,
    leftovers: Vec<Shown>,
    unread: usize,
}

/// A line about the request.
struct Fact {
    name: &'static str,
    value: Shown,
}

/// The page could not be written: a defect of its template.
#[derive(Debug)]
pub struct Unwritable(askama::Error);

impl Display for Unwritable {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "write the report's page: {}", self.0)
    }
}

impl std::error::Error for Unwritable {}

/// The report as an HTML page that needs nothing beside it.
///
/// # Errors
/// The template can't be written, which is a defect of it.
pub fn page(report: &Report) -> Result<String, Unwritable> {
    let jobs = report.job_results();
    let unread = report.jobs.len() - jobs.len();
    let tables = Tables::of(&jobs, &report.replicated);
    let remarks = Remarks::of(&jobs);
    let mends = Mends::of(&jobs);
    let costs = Costs::of(report);
    let leftovers = cost::leftovers(report);
    let verdict = Verdict::of(report, &jobs);
    let page = Page {
        steps: verdict.steps(report, &remarks, &mends, leftovers.len()),
        schemas: verdict.schemas(report),
        causes: verdict::causes(report, &jobs),
        findings: report.warnings.iter().map(Problem::of).collect(),
        differences: notes::differences(&jobs),
        facts: facts(report, &jobs),
        timeline: Timeline::of(report, &jobs),
        verdict,
        remarks,
        mends,
        tables,
        costs,
        leftovers,
        unread,
    };
    page.render().map_err(Unwritable)
}

fn facts(report: &Report, jobs: &[JobResult]) -> Vec<Fact> {
    let Ended {
        subject, attempt, ..
    } = &report.outcome;
    let request = report.request.as_ref();
    let restore_point = report.outcome.restore_point.map(instant);
    let options = request.map(|request| {
        format!(
            "mover {}, validate {}, on mismatch {}, external foreign keys {}, on failure {}",
            name(&request.mover),
            name(&request.validate),
            name(&request.on_mismatch),
            name(&request.external_foreign_keys),
            name(&request.on_failure),
        )
    });
    let accepted = request.map(|request| {
        let accepted: Vec<_> = request.accept.iter().map(name).collect();
        accepted.join(", ")
    });
    let login = jobs
        .iter()
        .rev()
        .find_map(|job| job.probe.as_ref())
        .map(|probe| {
            let tried = several(probe.tried.len(), "version", "versions");
            match &probe.version {
                Some(version) => {
                    format!("version {version} of the source's secret ({tried} tried)")
                }
                None => format!("none of the source's secret ({tried} tried); it was reset"),
            }
        });
    let lines = [
        ("Restore", subject.restore_id.clone()),
        ("Attempt", Some(attempt.to_string())),
        ("Request", Some(subject.request_id.clone())),
        (
            "Requested by",
            request.and_then(|request| request.requested_by.clone()),
        ),
        ("Database", subject.database.clone()),
        ("Source", subject.source.clone()),
        ("Target", subject.target.clone()),
        ("As of", restore_point),
        ("Snapshot", subject.snapshot_id.clone()),
        ("Began", Some(instant(report.outcome.started_at))),
        ("Ended", Some(instant(report.outcome.ended_at))),
        ("Options", options),
        ("Accepted", accepted.filter(|accepted| !accepted.is_empty())),
        ("Password of then", login),
        ("Outcome id", Some(report.outcome.outcome_id.clone())),
    ];
    let lines = lines.into_iter().filter_map(|(name, value)| {
        let value = Shown(value?);
        Some(Fact { name, value })
    });
    lines.collect()
}

/// The name under which a value without fields is written.
fn name<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        Ok(other) => other.to_string(),
        Err(error) => error.to_string(),
    }
}

#[cfg(test)]
pub mod tests;
