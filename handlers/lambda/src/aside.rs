//! A message about a restore that isn't in this handler's hands, or not any more.

use tenant_restore_core::decision::{self, Wake};
use tenant_restore_core::restore::Restore;
use tenant_restore_events::{Command, Instruction};

use crate::engine::{Engine, Woken};
use crate::fault::Fault;
use crate::store::Stored;

impl Engine {
    /// Leaves the restore to its phase's handler, but loses nothing that this message was to cause. `unsaved` if a save of
    /// this invocation was refused: perhaps it was done and its answer lost, and the call's repetition met its own work.
    /// If this message was delivered before, its handler may have crashed after a save that ended its phase.
    pub(crate) async fn step_aside(
        &self,
        stored: &Stored,
        woken: &Woken<'_>,
        unsaved: bool,
    ) -> Result<(), Fault> {
        let restore = &stored.restore;
        if decision::ends_a_stop(restore, &woken.wake) {
            self.wake_cleanup(restore).await?;
        } else if unsaved || woken.delivery.again {
            self.send_outbox(&restore.outbox).await?;
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
            return self.send_outbox(&restore.outbox).await;
        }
        let clean_up = Instruction::CleanUp;
        let command = Command::new(restore.id.as_str(), restore.attempt, clean_up);
        self.send(&command, 0).await
    }
}
