//! What of a restore's course its trace tells: the attempt as a whole, a segment for each phase, and in these the waits, the
//! worker's jobs, and the steps that moved it.
//!
//! X-Ray keeps 500 kB of a trace that comes at once, and about 100 kB of one that comes slowly (AWS re:Post, "trace quota error
//! in X-Ray"); whatever is beyond is lost, the end first. So a tick that found nothing new isn't told, nor is the hundredth
//! refusal.

use jiff::{SignedDuration, Timestamp};
use tenant_restore_events::Phase;
use tenant_restore_events::outgoing::Outcome;

use super::{Annotations, Call, Document, Trace};
use crate::error::ErrorKind;
use crate::job::{JobResult, Mode};
use crate::naming::RestoreId;
use crate::restore::{PhaseTime, Restore, TaskState};
use crate::sight::Seen;
use crate::wait::WaitFor;

/// Of one wait, so many ticks are told, if each does something.
const MOST_TICKS: u32 = 20;

/// What a handler did for a restore, between two saves.
#[derive(Debug, Clone)]
pub struct Step {
    /// The phase whose handler it was.
    pub handler: Phase,
    /// What woke it: `request`, `command`, `tick`, `event` or `letter`.
    pub cause: String,
    /// The command's or event's name.
    pub name: String,
    /// The message that woke it, or whatever tells this step from others.
    pub of: String,
    /// When it began.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// Whether it moved the restore.
    pub moved: bool,
    /// Why it had to stop.
    pub trouble: Option<ErrorKind>,
    /// What it called.
    pub calls: Vec<Call>,
    /// Jobs whose end it found.
    pub jobs: Vec<JobTime>,
}

/// A job of the worker that is over. X-Ray's daemon doesn't run beside the worker: who reads the result tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobTime {
    name: String,
    started_at: Timestamp,
    ended_at: Timestamp,
    modes: Vec<(Mode, u64)>,
    failure: Option<ErrorKind>,
}

/// The jobs whose end was found between these.
pub fn jobs(before: &Restore, after: &Restore, seen: &Seen) -> Vec<JobTime> {
    let running = |job: &str| {
        before
            .task(job)
            .is_none_or(|task| task.state == TaskState::Running)
    };
    let over = after
        .tasks
        .iter()
        .filter(|task| task.state != TaskState::Running && running(&task.job));
    over.filter_map(|task| {
        let sight = seen.tasks.get(&task.job)?.as_ref()?;
        Some(job_time(&task.job, sight.result.as_deref()?))
    })
    .collect()
}

fn job_time(name: &str, result: &JobResult) -> JobTime {
    let failure = result
        .failure
        .as_ref()
        .and_then(|failure| failure.causes.first());
    JobTime {
        name: name.to_owned(),
        started_at: result.started_at,
        ended_at: result.ended_at,
        modes: result
            .timings
            .iter()
            .map(|timing| (timing.mode, timing.millis))
            .collect(),
        failure: failure.map(|cause| cause.kind),
    }
}

/// What is to be told of a step; nothing of a restore that isn't sampled. `before` is none if the step opened the restore.
pub fn story(
    deployment: &str,
    before: Option<&Restore>,
    after: &Restore,
    step: &Step,
) -> Vec<Document> {
    let Some(trace) = after.trace.as_ref().filter(|trace| trace.sampled) else {
        return Vec::new();
    };
    let story = Story {
        deployment,
        trace,
        after,
        step,
    };
    // Another attempt has a trace of its own.
    let before = before.filter(|before| before.attempt == after.attempt);
    let ends = after.announced && before.is_none_or(|before| !before.announced);
    let mut documents = Vec::new();
    if before.is_none() {
        documents.push(story.attempt());
    }
    documents.extend(story.phases(before, ends));
    if let Some(before) = before {
        documents.extend(story.wait(before));
        documents.extend(story.jobs(before));
        documents.extend(story.step(before));
    }
    if ends {
        documents.push(story.attempt().ended(step.ended));
    }
    documents
}

/// What is to be told of a request that opened no restore.
pub fn refusal(
    deployment: &str,
    id: &RestoreId,
    trace: &Trace,
    kind: Option<ErrorKind>,
    ended: Timestamp,
) -> Option<Document> {
    if !trace.sampled {
        return None;
    }
    let annotations = Annotations {
        restore: id.to_string(),
        attempt: 1,
        phase: None,
        outcome: Some(Outcome::Rejected.as_str()),
    };
    let segment = Document::segment(trace, deployment, trace.segment.clone(), trace.since)
        .below(trace.parent.clone())
        .annotated(annotations)
        .ended(ended);
    Some(match kind {
        Some(kind) => segment.noted("kind", kind.to_string()).refused(),
        None => segment.refused(),
    })
}

struct Story<'a> {
    deployment: &'a str,
    trace: &'a Trace,
    after: &'a Restore,
    step: &'a Step,
}

impl Story<'_> {
    fn attempt(&self) -> Document {
        let Self { trace, after, .. } = self;
        let outcome = after.ended.as_ref().map(|ended| ended.outcome);
        let annotations = Annotations {
            outcome: outcome.map(Outcome::as_str),
            ..self.annotations(None)
        };
        let segment = Document::segment(trace, self.deployment, trace.segment.clone(), trace.since)
            .below(trace.parent.clone())
            .annotated(annotations);
        match outcome {
            Some(Outcome::Failed) => segment.failed(),
            Some(Outcome::Rejected) => segment.refused(),
            None if after.is_plan() && !after.causes.is_empty() => segment.refused(),
            Some(Outcome::Completed) | None => segment,
        }
    }

    /// The phases that began or ended in this step. One that goes on is told as being in progress, so that whatever is told
    /// of it has a parent, also if the restore is never heard of again.
    fn phases(&self, before: Option<&Restore>, ends: bool) -> Vec<Document> {
        let after = &self.after.phases;
        let unchanged = |number: usize, time: &PhaseTime| {
            let known = before.and_then(|before| before.phases.get(number));
            known.is_some_and(|known| known.ended == time.ended)
        };
        let told = after.iter().enumerate().filter(|(number, time)| {
            !unchanged(*number, time) || (ends && *number + 1 == after.len())
        });
        told.map(|(number, time)| self.phase(number, time, ends))
            .collect()
    }

    fn phase(&self, number: usize, time: &PhaseTime, ends: bool) -> Document {
        let name = format!("{}-{}", self.deployment, time.phase);
        let id = self.phase_id(number);
        let segment = Document::segment(self.trace, &name, id, time.began)
            .below(Some(self.trace.segment.clone()))
            .annotated(self.annotations(Some(time.phase)));
        let segment = if self.after.failed_in == Some(time.phase) && time.ended.is_some() {
            segment.failed()
        } else {
            segment
        };
        match time.ended.or(ends.then_some(self.step.ended)) {
            Some(ended) => segment.ended(ended),
            None => segment,
        }
    }

    fn phase_id(&self, number: usize) -> String {
        self.trace.segment_of(&format!("phase {number}"))
    }

    /// A wait of the handler that this step ended.
    fn wait(&self, before: &Restore) -> Option<Document> {
        let step = self.step;
        let wait = before.waits.get(&step.handler)?;
        let goes_on = self.after.waits.get(&step.handler);
        if goes_on.is_some_and(|next| next.what == wait.what) {
            return None;
        }
        let name = format!("wait for {:?}", wait.what);
        let what = format!("wait {}", wait.generation);
        let times = (wait.since, step.began);
        Some(
            self.below_phase(before, &name, &what, times)
                .noted("ticks", wait.ticks.to_string()),
        )
    }

    fn jobs<'b>(&'b self, before: &'b Restore) -> impl Iterator<Item = Document> + 'b {
        self.step.jobs.iter().map(|job| {
            let what = format!("job {}", job.name);
            let times = (job.started_at, job.ended_at);
            let name = format!("worker {}", job.name);
            let document = self.below_phase(before, &name, &what, times);
            let document = document.holding(self.modes(job));
            match job.failure {
                Some(kind) => document.blamed(kind),
                None => document,
            }
        })
    }

    /// The modes ran one after the other.
    fn modes(&self, job: &JobTime) -> Vec<Document> {
        let mut began = job.started_at;
        let modes = job.modes.iter().map(|(mode, millis)| {
            let took = SignedDuration::from_millis(i64::try_from(*millis).unwrap_or(i64::MAX));
            let ended = began
                .checked_add(took)
                .unwrap_or(job.ended_at)
                .min(job.ended_at);
            let id = self.trace.segment_of(&format!("{} {mode:?}", job.name));
            let part = Document::part(&format!("{mode:?}"), id, began).ended(ended);
            began = ended;
            part
        });
        modes.collect()
    }

    /// The step itself, if it did something.
    fn step(&self, before: &Restore) -> Option<Document> {
        let step = self.step;
        let wait = before.waits.get(&step.handler);
        let repeated = wait.is_some_and(|wait| wait.ticks >= MOST_TICKS)
            && step.cause == "tick"
            && before.phase == self.after.phase;
        let refused_again = wait.is_some_and(|wait| wait.what == WaitFor::Retry)
            && step.trouble.is_some()
            && before.phase == self.after.phase;
        let silent = !step.moved && step.trouble.is_none() && step.calls.is_empty();
        if silent || repeated || refused_again {
            return None;
        }
        let what = format!("step {} {} {}", step.handler, step.of, step.began);
        let times = (step.began, step.ended);
        let name = format!("{} {}", step.handler, step.name);
        let calls = step.calls.iter().enumerate();
        let calls =
            calls.map(|(number, call)| call.document(self.trace, &format!("{what} {number}")));
        let document = self
            .below_phase(before, &name, &what, times)
            .noted("cause", step.cause.clone())
            .holding(calls.collect());
        Some(match step.trouble {
            Some(kind) => document.blamed(kind),
            None => document,
        })
    }

    fn below_phase(
        &self,
        before: &Restore,
        name: &str,
        what: &str,
        times: (Timestamp, Timestamp),
    ) -> Document {
        let parent = self.phase_id(before.phases.len().saturating_sub(1));
        Document::subsegment(self.trace, name, what, parent, times)
    }

    fn annotations(&self, phase: Option<Phase>) -> Annotations {
        Annotations {
            restore: self.after.id.to_string(),
            attempt: self.after.attempt,
            phase: phase.map(Phase::as_str),
            outcome: None,
        }
    }
}
