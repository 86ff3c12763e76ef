//! What happened when: phases, what they waited for, what the workers did, how long temporary resources lived.

use jiff::{SignedDuration, Timestamp};
use tenant_restore_core::job::JobResult;

use crate::report::Report;
use crate::words::{Shown, clock, duration, seconds, title};

/// A span of time that bars are drawn in.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    from: Timestamp,
    to: Timestamp,
}

/// A bar: where it begins and how long it is, in percent of its scale.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    pub left: String,
    pub width: String,
}

impl Scale {
    /// From the first of these instants to the last.
    pub fn over(instants: impl IntoIterator<Item = Timestamp>) -> Option<Self> {
        let mut instants = instants.into_iter();
        let first = instants.next()?;
        let scale = Self {
            from: first,
            to: first,
        };
        Some(instants.fold(scale, |scale, at| Self {
            from: scale.from.min(at),
            to: scale.to.max(at),
        }))
    }

    /// The bar of a span within the scale.
    pub fn bar(&self, from: Timestamp, to: Timestamp) -> Bar {
        let whole = seconds(self.from, self.to).max(0.001);
        let left = (seconds(self.from, from) / whole * 100.0).min(100.0);
        let width = (seconds(from, to) / whole * 100.0).min(100.0 - left);
        Bar {
            left: format!("{left:.2}"),
            width: format!("{width:.2}"),
        }
    }
}

/// All bars.
pub struct Timeline {
    pub ticks: Vec<String>,
    pub phases: Vec<PhaseRow>,
    pub resources: Vec<Row>,
}

/// A phase, with what its handler waited for and what its worker did.
pub struct PhaseRow {
    pub row: Row,
    pub parts: Vec<Row>,
}

/// One line.
pub struct Row {
    pub class: &'static str,
    pub label: Shown,
    pub bar: Bar,
    pub took: String,
    pub times: String,
}

struct Span {
    from: Timestamp,
    to: Timestamp,
}

impl Timeline {
    /// Of a report.
    pub fn of(report: &Report, jobs: &[JobResult]) -> Self {
        let end = report.outcome.ended_at;
        let edges = report.phases.iter().map(|phase| phase.began);
        let scale = Scale::over(edges.chain([report.outcome.started_at, end]));
        let scale = scale.unwrap_or(Scale { from: end, to: end });
        let row = |class, label: String, Span { from, to }| Row {
            class,
            label: Shown(label),
            bar: scale.bar(from, to),
            took: duration(seconds(from, to)),
            times: format!("{}–{} UTC", clock(from), clock(to)),
        };
        let mut phases: Vec<PhaseRow> = Vec::new();
        for time in &report.phases {
            let span = Span {
                from: time.began,
                to: time.ended.unwrap_or(end),
            };
            let name = time.phase.to_string();
            let first = !phases.iter().any(|phase| phase.row.label.0 == name);
            let mut parts: Vec<_> = Vec::new();
            // A resumed restore comes to a phase twice; its waits are told with the first.
            for wait in report
                .waits
                .iter()
                .filter(|wait| first && wait.phase == name)
            {
                let span = Span {
                    from: wait.from,
                    to: wait.to,
                };
                let label = format!("waited: {}", title(&wait.what).to_lowercase());
                parts.push((wait.from, row("wait", label, span)));
            }
            for (mode, work) in work_within(jobs, &span) {
                parts.push((work.from, row("work", format!("worker: {mode}"), work)));
            }
            parts.sort_by_key(|(from, _)| *from);
            let parts = parts.into_iter().map(|(_, part)| part).collect();
            phases.push(PhaseRow {
                row: row("phase", name, span),
                parts,
            });
        }
        let resources = report.resources.iter().map(|resource| {
            let to = resource.gone_at.unwrap_or(end);
            let span = Span {
                from: resource.noted_at,
                to,
            };
            let label = format!(
                "{} {}",
                title(&format!("{:?}", resource.kind)),
                resource.name
            );
            row("resource", label, span)
        });
        Self {
            ticks: ticks(&scale),
            phases,
            resources: resources.collect(),
        }
    }
}

/// What the workers did that began within a phase: they tell how long each mode took, in order.
fn work_within(jobs: &[JobResult], phase: &Span) -> Vec<(&'static str, Span)> {
    let mut work = Vec::new();
    for job in jobs {
        let mut from = job.started_at;
        for timing in &job.timings {
            let millis = i64::try_from(timing.millis).unwrap_or(i64::MAX);
            let to = from
                .saturating_add(SignedDuration::from_millis(millis))
                .unwrap_or(Timestamp::MAX);
            if job.started_at >= phase.from && job.started_at < phase.to {
                work.push((timing.mode.as_str(), Span { from, to }));
            }
            from = to;
        }
    }
    work
}

/// Five instants along the scale.
fn ticks(scale: &Scale) -> Vec<String> {
    let whole = scale.to.duration_since(scale.from);
    let at = |part: i32| {
        scale
            .from
            .saturating_add(whole * part / 4)
            .unwrap_or(scale.to)
    };
    (0..=4).map(|part| clock(at(part))).collect()
}
