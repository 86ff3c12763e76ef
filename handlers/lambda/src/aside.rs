//! A message about a restore that isn't in this handler's hands, or not any more.

use tenant_restore_core::decision::{self, Wake};
use tenant_restore_core::restore::Restore;
use tenant_restore_events::{Command, Instruction};

use crate::batch::Delivery;
use crate::engine::{Engine, Woken};
use crate::fault::Fault;
use crate::store::Stored;

impl Engine {
    /// Leaves the restore to its phase's handler, but loses nothing that this message was to cause.
    pub(crate) async fn step_aside(&self, stored: &Stored, woken: &Woken<'_>) -> Result<(), Fault> {
        let restore = &stored.restore;
        if decision::ends_a_stop(restore, &woken.wake) {
            self.wake_cleanup(restore).await?;
        } else {
            self.send_again(restore, woken.delivery).await?;
        }
        // What concerns another phase is logged there.
        if !matches!(woken.wake, Wake::Command(_)) {
            return Ok(());
        }
        let entry = self.entry(woken, restore, restore, &[]);
        self.log(&restore.id, stored.version, &entry).await
    }

    /// If a handler crashed on this message after a save that ended its phase, what that causes still waits in the outbox.
    pub(crate) async fn send_again(
        &self,
        restore: &Restore,
        delivery: &Delivery,
    ) -> Result<(), Fault> {
        if delivery.again {
            self.send_outbox(&restore.outbox).await?;
        }
        Ok(())
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
