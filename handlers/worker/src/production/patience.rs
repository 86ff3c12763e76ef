//! Trying again after a lost fight for a lock, with growing pauses and an end.

use std::time::Duration;

use tokio_postgres::error::SqlState;

/// With a lock timeout of 2 s and pauses of up to 3 s: about three minutes.
const ATTEMPTS: u32 = 40;
/// What has live users may be theirs for longer: about ten minutes.
const ATTEMPTS_WITH_LIVE_USERS: u32 = 240;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// How often a transaction has already lost, and whether it may try again.
#[derive(Debug)]
pub struct Patience {
    lost: u32,
    attempts: u32,
    /// Whether the transaction is bounded in time, so that a statement that was cancelled has lost too.
    bounded: bool,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            lost: 0,
            attempts: ATTEMPTS,
            bounded: false,
        }
    }
}

impl Patience {
    /// For a transaction that is bounded in time, since it locks what has live users.
    pub fn with_live_users() -> Self {
        Self {
            lost: 0,
            attempts: ATTEMPTS_WITH_LIVE_USERS,
            bounded: true,
        }
    }

    /// Whether the transaction that ended with this error should be tried again; pauses before it says yes.
    pub async fn bears(&mut self, error: &tokio_postgres::Error) -> bool {
        let cancelled = error.code() == Some(&SqlState::QUERY_CANCELED);
        (Self::is_lost_fight(error) || self.bounded && cancelled) && self.waits().await
    }

    /// Whether there is patience left for one more pause; pauses before it says yes.
    pub async fn waits(&mut self) -> bool {
        self.lost += 1;
        if self.lost >= self.attempts {
            return false;
        }
        tokio::time::sleep(self.pause(random())).await;
        true
    }

    /// Whether the error is a lock or a catalog row that another session had.
    pub fn is_lost_fight(error: &tokio_postgres::Error) -> bool {
        error
            .as_db_error()
            .is_some_and(|refused| is_lost(refused.code(), refused.message()))
    }

    /// Doubling pauses, of which `chance` (0 to 255) takes away up to a half.
    fn pause(&self, chance: u8) -> Duration {
        let doubled = FIRST_PAUSE.saturating_mul(1 << self.lost.min(16));
        let full = doubled.min(LONGEST_PAUSE);
        full - full * u32::from(chance) / 512
    }
}

/// Two sessions that grant on the same object at once: the loser gets an internal error with this message
/// (PostgreSQL's `simple_heap_update`).
fn is_lost(code: &SqlState, message: &str) -> bool {
    let lost_lock =
        *code == SqlState::LOCK_NOT_AVAILABLE || *code == SqlState::T_R_DEADLOCK_DETECTED;
    lost_lock || *code == SqlState::INTERNAL_ERROR && message == "tuple concurrently updated"
}

/// A random byte; without a random source every pause is simply the full one.
fn random() -> u8 {
    let mut byte = [0];
    match getrandom::fill(&mut byte) {
        Ok(()) => byte[0],
        Err(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lost_fights_are_fought_again() {
        assert!(is_lost(
            &SqlState::LOCK_NOT_AVAILABLE,
            "canceling statement due to lock timeout"
        ));
        assert!(is_lost(
            &SqlState::INTERNAL_ERROR,
            "tuple concurrently updated"
        ));
        assert!(!is_lost(&SqlState::INTERNAL_ERROR, "cache lookup failed"));
        assert!(!is_lost(
            &SqlState::INSUFFICIENT_PRIVILEGE,
            "permission denied"
        ));
    }

    #[test]
    fn pauses_double_up_to_three_seconds_and_chance_takes_at_most_a_half() {
        let after = |lost| Patience {
            lost,
            ..Patience::default()
        };
        assert_eq!(after(1).pause(0), Duration::from_millis(100));
        assert_eq!(after(3).pause(0), Duration::from_millis(400));
        assert_eq!(after(39).pause(0), LONGEST_PAUSE);
        assert!(after(39).pause(255) >= LONGEST_PAUSE / 2);
    }
}
