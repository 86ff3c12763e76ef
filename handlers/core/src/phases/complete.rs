//! Phase 7: the outcome, decided once, told at least once under one `outcomeId`: on the bus, to SNS, in the report.
//! A plan has no outcome: its answer is told, on the bus alone. Before an outcome, what others wait for is given back: target names, and the place among the restores that run.

use jiff::Timestamp;

use crate::decision::{Choreography, Decision, Setting};
use crate::effect::Effect;
use crate::restore::{REPORT_FILE, REPORT_PAGE_FILE, Restore};
use crate::sight::{Look, Seen};

/// The phase.
pub struct Complete;

impl Choreography for Complete {
    fn looks(&self, _: &Restore, _: &Setting) -> Vec<Look> {
        Vec::new()
    }

    fn decide(
        &self,
        mut restore: Restore,
        _: &Seen,
        setting: &Setting,
        now: Timestamp,
    ) -> Decision {
        if restore.announced {
            if let Some(time) = restore.phases.last_mut() {
                time.ended.get_or_insert(now);
            }
            return Decision::rest(restore);
        }
        if let Some(planned) = restore.planned() {
            let tell = Effect::TellPlan {
                planned: Box::new(planned),
            };
            return Decision::look_again(restore, vec![tell]);
        }
        let prefix = restore.names(&setting.deployment).audit_prefix();
        let folder = format!("{prefix}{}", restore.attempt);
        let uri = format!("s3://{}/{folder}", setting.bucket);
        let ended = restore.decide_outcome(&uri, now).clone();
        let results = restore
            .tasks
            .iter()
            .map(|task| task.result_key.clone())
            .collect();
        let announce = Effect::Announce {
            ended: Box::new(ended),
            report_key: format!("{folder}/{REPORT_FILE}"),
            page_key: format!("{folder}/{REPORT_PAGE_FILE}"),
            results,
        };
        let effects = vec![Effect::ReleaseClaims, Effect::ReleaseAdmission, announce];
        Decision::look_again(restore, effects)
    }
}
