//! What a person does about the restore, and when.

use tenant_restore_core::order::Order;

use crate::luck::Luck;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person {
    /// Lets it go as it goes.
    Waits,
    /// Cancels it at any moment.
    Cancels,
    /// Cancels it once it is held.
    CancelsWhenHeld,
    /// Has it resumed once it is held.
    ReplaysWhenHeld,
    /// Has another attempt made once it has failed.
    ReplaysWhenEnded,
}

/// What a person is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    Requested,
    Held,
    Ended,
}

impl Person {
    /// What is ordered at these news, after so many seconds.
    pub fn orders(self, news: News, luck: &mut Luck) -> Option<(i64, Order)> {
        match (self, news) {
            (Self::Cancels, News::Requested) => Some((luck.between(0, 4000), Order::Cancel)),
            (Self::CancelsWhenHeld, News::Held) => Some((luck.between(0, 3600), Order::Cancel)),
            (Self::ReplaysWhenHeld, News::Held) => Some((luck.between(0, 3600), Order::Replay)),
            // Also at once: handlers of the first attempt may still be at work.
            (Self::ReplaysWhenEnded, News::Ended) => Some((luck.between(0, 30), Order::Replay)),
            _ => None,
        }
    }
}
