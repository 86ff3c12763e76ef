//! Several sessions of the login role that take from one schedule what may run beside what the others run.

use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::future::{join_all, try_join_all};
use tenant_restore_core::error::{Cause, ErrorKind};
use tokio::sync::Notify;
use tokio_postgres::Client;

use super::maintenance::{self, Means};
use super::schedule::{Needs, Next, SMALL, Schedule};
use super::statements::{Refused, Statement, apply_some};
use super::{Patience, at_once, loader, tenants_path};
use crate::context::Context;
use crate::failed::{Failed, OrCause as _};

/// A statement and what it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// What to run.
    pub statement: Statement,
    /// Before and beside what.
    pub needs: Needs,
}

/// Whether what was run is noted in the ledger.
#[derive(Debug, Clone, Copy)]
pub enum Noting {
    /// Noted, by the transaction that ran it.
    Noted,
    /// Not noted: it may be repeated.
    Repeatable,
}

/// The sessions' common state.
struct Shared {
    schedule: Schedule,
    helpers_left: u32,
    refused: Vec<(usize, Refused)>,
}

/// The work of all sessions.
struct Work<'a> {
    context: &'a Context,
    tasks: &'a [Task],
    noting: Noting,
    means: Means,
    bears: &'a (dyn Fn(&Refused) -> bool + Sync),
    shared: Mutex<Shared>,
    ended: Notify,
}

/// Runs the tasks over several connections; with those that were refused for a reason that `bears` knows.
///
/// The claim of the restore must be held. Every other refusal stops the rest and fails.
pub async fn run(
    context: &Context,
    master: &Client,
    tasks: &[Task],
    noting: Noting,
    bears: &(dyn Fn(&Refused) -> bool + Sync),
) -> Result<Vec<(usize, Refused)>, Failed> {
    if tasks.is_empty() {
        return Ok(Vec::new());
    }
    let sessions = at_once::connections(master, context.bounds.connections).await?;
    let sessions = sessions.min(tasks.len());
    let means = maintenance::means(master, sessions).await?;
    tracing::info!(
        sessions,
        statements = tasks.len(),
        maintenance_work_mem_kb = means.memory_kb,
        "statements side by side"
    );
    let needs = tasks.iter().map(|task| task.needs.clone()).collect();
    let work = Work {
        context,
        tasks,
        noting,
        means,
        bears,
        shared: Mutex::new(Shared {
            schedule: Schedule::new(needs),
            helpers_left: means.helpers,
            refused: Vec::new(),
        }),
        ended: Notify::new(),
    };
    // All are opened before the first statement: one may run a tenant's code, which could give the login role another
    // password. What an earlier run's may have given it is mended here.
    loader::set_password(master, &context.job, &context.loader_login().await?).await?;
    let opened = try_join_all((0..sessions).map(|_| work.open())).await?;
    let causes: Vec<Cause> = join_all(opened.into_iter().map(|session| work.session(session)))
        .await
        .into_iter()
        .filter_map(Result::err)
        .collect();
    Failed::from_causes(causes)?;
    let shared = work
        .shared
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    match shared.schedule.left().first() {
        None => Ok(shared.refused),
        Some(at) => {
            let name = &tasks[*at].statement.name;
            let message = format!("could not apply {name}: it and others wait for each other");
            Err(Cause::new(ErrorKind::ApplyFailed, message).into())
        }
    }
}

impl Work<'_> {
    async fn session(&self, session: Client) -> Result<(), Cause> {
        let outcome = self.take_all(session).await;
        if outcome.is_err() {
            self.shared().schedule.stop();
        }
        self.ended.notify_waiters();
        outcome
    }

    async fn take_all(&self, mut session: Client) -> Result<(), Cause> {
        loop {
            // Listening begins before the look at the schedule, so that no end is missed in between.
            let ended = self.ended.notified();
            tokio::pin!(ended);
            ended.as_mut().enable();
            let next = self.shared().schedule.take();
            match next {
                Next::End => return Ok(()),
                Next::Wait => ended.await,
                Next::Run(batch) => {
                    session = self.run_batch(session, &batch).await?;
                    self.ended.notify_waiters();
                }
            }
        }
    }

    async fn open(&self) -> Result<Client, Cause> {
        let temporary = self.context.temporary().await?;
        let session = self.context.loader().await?;
        tenants_path::ready_for_ddl(&session, &temporary, &self.context.job).await?;
        let memory = format!("set maintenance_work_mem = {}", self.means.memory_kb);
        session
            .batch_execute(&memory)
            .await
            .or_cause(ErrorKind::ApplyFailed, || "give a session its memory")?;
        Ok(session)
    }

    async fn run_batch(&self, mut session: Client, batch: &[usize]) -> Result<Client, Cause> {
        let statements: Vec<&Statement> =
            batch.iter().map(|at| &self.tasks[*at].statement).collect();
        let home = match self.noting {
            Noting::Noted => Some(self.context.job.schemas[0].restored_as.as_str()),
            Noting::Repeatable => None,
        };
        let helpers = self.lend_helpers(batch);
        let helped = format!("set max_parallel_maintenance_workers = {helpers}");
        session
            .batch_execute(&helped)
            .await
            .or_cause(ErrorKind::ApplyFailed, || "give a session its helpers")?;
        let outcome = apply_some(&mut session, home, &statements).await;
        let mut shared = self.shared();
        shared.helpers_left += helpers;
        match outcome {
            Ok(ran) => {
                shared.schedule.done(&batch[..ran]);
                shared.schedule.give_back(&batch[ran..]);
            }
            Err(refused) => {
                // Its transaction is gone, and what ran before it in the batch too.
                let at = batch[refused.at];
                let others: Vec<usize> = batch.iter().copied().filter(|one| *one != at).collect();
                shared.schedule.give_back(&others);
                if (self.bears)(&refused) {
                    shared.schedule.done(&[at]);
                    shared.refused.push((at, refused));
                } else if !Patience::is_lost_fight(&refused.error)
                    || !shared.schedule.lost_a_lock(at)
                {
                    return Err(refused.cause(&statements));
                }
            }
        }
        drop(shared);
        Ok(session)
    }

    /// Helpers for a build on a big table, as many as the others leave.
    fn lend_helpers(&self, batch: &[usize]) -> u32 {
        let mut shared = self.shared();
        let big = matches!(batch, [at] if shared.schedule.bytes(*at) >= SMALL);
        let lent = if big {
            self.means.helpers_of_one.min(shared.helpers_left)
        } else {
            0
        };
        shared.helpers_left -= lent;
        lent
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
