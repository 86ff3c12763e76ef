//! A message about a restore that isn't in this handler's hands, or not any more.

use tenant_restore_core::decision::{self, Wake};
use tenant_restore_core::restore::Restore;
use tenant_restore_events::{Command, Instruction};

use crate::engine::{Engine, Woken};
use crate::fault::Fault;
use crate::store::Stored;

impl Engine {
    /// Leaves the restore to its phase's handler, but loses nothing that this message was to cause: its handler may have
    /// crashed after a save that ended its phase, or the answer to such a save was lost, and its repetition refused.
    /// `unsaved` is what this invocation could not save.
    pub(crate) async fn step_aside(
        &self,
        stored: &Stored,
        woken: &Woken<'_>,
        unsaved: Option<&Restore>,
    ) -> Result<(), Fault> {
        let restore = &stored.restore;
        let is_ours = unsaved.is_some_and(|tried| decision::is_entered_as(restore, tried));
        if decision::ends_a_stop(restore, &woken.wake) {
            self.wake_cleanup(restore).await?;
        } else if is_ours || woken.delivery.again {
            self.send_outbox(restore).await?;
        }
        // What concerns another phase is logged there.
        if !matches!(woken.wake, Wake::Command(_)) {
            return Ok(());
        }
        let entry = self.entry(woken, restore, restore, &[]);
        self.log(&restore.id, stored.version, &entry).await
    }

    async fn wake_cleanup(&self, restore: &Restore) -> Result<(), Fault> {
        if !restore.outbox.is_empty() {
            return self.send_outbox(restore).await;
        }
        let clean_up = Instruction::CleanUp;
        let command = Command::new(restore.id.as_str(), restore.attempt, clean_up);
        self.send(&command, 0, restore.trace.as_ref()).await
    }
}
