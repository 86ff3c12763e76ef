//! What has happened in a restore so far, as far as its record still tells: a restore that is resumed forgets that it
//! failed. `watch` tells what it has not told yet.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;
use tenant_restore_core::job::SchemaName;
use tenant_restore_events::Phase;
use tenant_restore_events::outgoing::{Cause, Ended};

use crate::status::{Held, State, Status};
use crate::text::{cause, clock, duration, keeping};

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    tag = "event"
)]
pub enum News {
    /// The request was taken.
    Opened {
        at: Timestamp,
        restore_id: String,
        request_id: String,
        schemas: Vec<SchemaName>,
    },
    /// A phase began.
    PhaseBegan { at: Timestamp, phase: Phase },
    /// A phase ended.
    PhaseEnded {
        at: Timestamp,
        phase: Phase,
        seconds: f64,
    },
    /// The restore can't succeed any more.
    Failing {
        at: Timestamp,
        phase: Phase,
        causes: Vec<Cause>,
        /// What is kept for a replay, if it is.
        #[serde(skip_serializing_if = "Option::is_none")]
        held: Option<Held>,
    },
    /// The outcome.
    Ended {
        at: Timestamp,
        outcome: State,
        seconds: f64,
        causes: Vec<Cause>,
        report: Option<String>,
        report_page: Option<String>,
    },
}

/// What was told already.
#[derive(Debug, Default)]
pub struct Told(BTreeSet<Mark>);

/// What tells a piece of news from all others: the same failure may be told with other words later.
type Mark = (&'static str, Timestamp, Option<Phase>);

impl Told {
    /// Those of the news that were not told yet; they are now.
    pub fn fresh(&mut self, news: Vec<News>) -> Vec<News> {
        let mut fresh = news;
        fresh.retain(|piece| self.0.insert(piece.mark()));
        fresh
    }
}

impl News {
    fn mark(&self) -> Mark {
        match self {
            Self::Opened { at, .. } => ("opened", *at, None),
            Self::PhaseBegan { at, phase } => ("began", *at, Some(*phase)),
            Self::PhaseEnded { at, phase, .. } => ("ended", *at, Some(*phase)),
            Self::Failing { at, phase, .. } => ("failing", *at, Some(*phase)),
            Self::Ended { at, .. } => ("outcome", *at, None),
        }
    }
}

/// Everything so far.
pub fn news(status: &Status) -> Vec<News> {
    let mut news = vec![News::Opened {
        at: status.opened_at,
        restore_id: status.restore_id.clone(),
        request_id: status.request_id.clone(),
        schemas: status.schemas.clone(),
    }];
    let mut failed_in = status.failed_in;
    for times in &status.phases {
        news.push(News::PhaseBegan {
            at: times.began,
            phase: times.phase,
        });
        let Some(at) = times.ended else { continue };
        news.push(News::PhaseEnded {
            at,
            phase: times.phase,
            seconds: times.seconds,
        });
        if failed_in.take_if(|phase| *phase == times.phase).is_some() {
            // Until when it is held is told with it, and known a moment later.
            if status
                .held
                .as_ref()
                .is_some_and(|held| held.until.is_none())
            {
                return news;
            }
            news.push(News::Failing {
                at,
                phase: times.phase,
                causes: status.causes.clone(),
                held: status.held.clone(),
            });
        }
    }
    if let Some(at) = status.ended_at {
        news.push(News::Ended {
            at,
            outcome: status.state,
            seconds: status.seconds,
            causes: status.causes.clone(),
            report: status.report.clone(),
            report_page: status.report_page.clone(),
        });
    }
    news
}

/// The news of a request that never became a restore.
pub fn rejection(ended: &Ended) -> News {
    News::Ended {
        at: ended.ended_at,
        outcome: ended.outcome.into(),
        seconds: ended
            .ended_at
            .duration_since(ended.started_at)
            .as_secs_f64(),
        causes: ended.causes.clone(),
        report: ended.report.clone(),
        report_page: ended.report_page.clone(),
    }
}

/// The lines that tell it on a stream that isn't a terminal.
pub fn lines(news: &News) -> Vec<String> {
    match news {
        News::Opened {
            at,
            restore_id,
            request_id,
            schemas,
        } => {
            let mut lines = vec![format!(
                "{}  restore {restore_id} of request {request_id}",
                clock(*at)
            )];
            lines.extend(
                schemas
                    .iter()
                    .map(|pair| format!("           {} as {}", pair.schema, pair.restored_as)),
            );
            lines
        }
        News::PhaseBegan { at, phase } => vec![format!("{}  {phase} began", clock(*at))],
        News::PhaseEnded { at, phase, seconds } => {
            vec![format!(
                "{}  {phase} ended after {}",
                clock(*at),
                duration(*seconds)
            )]
        }
        News::Failing {
            at,
            phase,
            causes,
            held,
        } => {
            let next = held.as_ref().map_or_else(
                || "cleaning up".to_owned(),
                |held| format!("held {}", keeping(held)),
            );
            let title = format!("{}  failed in {phase}; {next}", clock(*at));
            std::iter::once(title).chain(indented(causes)).collect()
        }
        News::Ended {
            at,
            outcome,
            seconds,
            causes,
            report,
            report_page,
        } => {
            let title = format!(
                "{}  {} after {}",
                clock(*at),
                outcome.as_str(),
                duration(*seconds)
            );
            let report = report
                .iter()
                .map(|report| format!("           report {report}"));
            let page = report_page
                .iter()
                .map(|page| format!("           page   {page}"));
            std::iter::once(title)
                .chain(indented(causes))
                .chain(report)
                .chain(page)
                .collect()
        }
    }
}

fn indented(causes: &[Cause]) -> impl Iterator<Item = String> {
    causes
        .iter()
        .flat_map(cause)
        .map(|line| format!("           {line}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::samples;

    fn told(status: &Status) -> String {
        news(status)
            .iter()
            .flat_map(lines)
            .map(|line| line + "\n")
            .collect()
    }

    #[test]
    fn what_was_told_is_never_told_otherwise_later() {
        let (earlier, later) = (news(&samples::running()), news(&samples::completed()));
        assert!(earlier.len() < later.len());
        assert_eq!(earlier, later[..earlier.len()]);
    }

    #[test]
    fn nothing_is_told_twice_or_left_out_when_a_held_restore_is_resumed() {
        let mut told = Told::default();
        let mut lines_of = |status| {
            let fresh = told.fresh(news(&status));
            fresh.iter().flat_map(lines).collect::<Vec<_>>()
        };
        let before = lines_of(samples::about_to_be_held());
        let held = lines_of(samples::held());
        let all = news(&samples::held());
        let all: Vec<_> = all.iter().flat_map(lines).collect();
        assert_eq!([before, held].concat(), all);
        assert_eq!(lines_of(samples::held()), Vec::<String>::new());
        let fresh = lines_of(samples::resumed());
        let expected = ["cleanup ended after 10 min 00 s", "migrate began"];
        assert_eq!(fresh.len(), expected.len(), "{fresh:?}");
        for (line, words) in fresh.iter().zip(expected) {
            assert!(line.ends_with(words), "{line}");
        }
    }

    #[test]
    fn a_completed_restore_is_told_phase_by_phase() {
        assert_eq!(
            told(&samples::completed()),
            include_str!("golden/watch-completed.txt")
        );
    }

    #[test]
    fn a_failure_is_told_when_it_happens_and_again_at_the_end() {
        assert_eq!(
            told(&samples::failed()),
            include_str!("golden/watch-failed.txt")
        );
    }

    #[test]
    fn a_hold_is_told_with_its_end_and_its_costs() {
        assert_eq!(
            told(&samples::held()),
            include_str!("golden/watch-held.txt")
        );
    }

    #[test]
    fn each_piece_of_news_is_one_json_object_that_names_its_event() {
        let events: Vec<_> = news(&samples::failed())
            .iter()
            .map(|news| serde_json::to_value(news).unwrap()["event"].clone())
            .collect();
        assert_eq!(events[0], "opened");
        assert!(events.contains(&"failing".into()));
        assert_eq!(events[events.len() - 1], "ended");
    }
}
