//! The first connection to the temporary database.

use std::time::Duration;

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio::time::{Instant, sleep};
use tokio_postgres::Client;

use crate::context::Context;

/// How long a new password may take to work: RDS answers before it does, without a documented bound.
const PASSWORD_TAKES: Duration = Duration::from_secs(30);
/// Pause between two attempts.
const PAUSE: Duration = Duration::from_secs(2);

/// Connects; a refused password is tried again for a bounded time, because it was set just before.
pub(super) async fn temporary(context: &Context) -> Result<Client, Cause> {
    let deadline = Instant::now() + PASSWORD_TAKES;
    loop {
        let refused = match context.temporary_to_change().await {
            Ok(client) => return Ok(client),
            Err(cause) => cause,
        };
        if refused.kind != ErrorKind::CredentialsRefused || Instant::now() + PAUSE > deadline {
            return Err(refused);
        }
        tracing::info!("the temporary database refuses the new password still");
        sleep(PAUSE).await;
    }
}
