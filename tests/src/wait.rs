//! Waiting for a condition, never for a time.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::error::{Error, Result};

const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// Looks until `look` finds something, and gives it.
///
/// # Errors
/// What `look` fails with, at once; or that `what` did not come within `limit`.
pub async fn until<T>(
    what: &str,
    limit: Duration,
    mut look: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        if Instant::now() >= deadline {
            return Err(Error::new(format!(
                "{what} did not come within {} s",
                limit.as_secs()
            )));
        }
        sleep(BETWEEN_LOOKS).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn waiting_ends_with_the_first_thing_found() {
        let mut looks = 0;
        let found = until("a third look", Duration::from_secs(5), async || {
            looks += 1;
            Ok((looks == 3).then_some(looks))
        });
        assert_eq!(found.await.unwrap(), 3);
    }

    #[tokio::test]
    async fn waiting_ends_at_the_deadline_and_says_for_what() {
        let error = until::<()>("the answer", Duration::ZERO, async || Ok(None))
            .await
            .unwrap_err();
        assert_eq!(error.to_string(), "the answer did not come within 0 s");
    }
}
