//! The restore window of an instance: which points in time recovery can reach.

use jiff::{Timestamp, ToSpan};

/// From the end of the oldest base backup to the last archived heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The earliest restorable time.
    pub earliest: Timestamp,
    /// The latest restorable time.
    pub latest: Timestamp,
}

impl Window {
    /// The window, if both ends are known and in order.
    pub fn new(earliest: Option<Timestamp>, latest: Option<Timestamp>) -> Option<Self> {
        let (earliest, latest) = (earliest?, latest?);
        (earliest <= latest).then_some(Self { earliest, latest })
    }

    /// Whether recovery can reach that time.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.earliest <= at && at <= self.latest
    }
}

/// The last millisecond that recovery can surely stop at, when the first commit after it is at or after `commit`
/// (microseconds since 1970). Recovery stops before the first commit that is later than the target, so the target
/// must be earlier than that commit.
pub fn reachable_before(commit: i64) -> Timestamp {
    let milliseconds = (commit - 1).div_euclid(1000);
    Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The newest of the base backups that ended at or before the target: recovery starts from it.
/// A target in the millisecond in which a backup ended counts as after it.
pub fn newest_usable(
    ends: impl IntoIterator<Item = Timestamp>,
    target: Timestamp,
) -> Option<Timestamp> {
    ends.into_iter().filter(|end| *end <= target).max()
}

/// The first whole millisecond at or after an instant: ends of backups are kept as such, so that what the API says,
/// in milliseconds, is never before the backup's end.
pub fn rounded_up(at: Timestamp) -> Timestamp {
    let floor = Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at);
    if floor == at {
        at
    } else {
        floor.checked_add(1.millisecond()).unwrap_or(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_window_without_a_backup_or_without_an_archived_commit_does_not_exist() {
        let noon = at("2026-03-04T12:00:00Z");
        assert_eq!(Window::new(None, Some(noon)), None);
        assert_eq!(Window::new(Some(noon), None), None);
        assert_eq!(
            Window::new(Some(noon), Some(at("2026-03-04T11:59:59.999Z"))),
            None
        );
    }

    #[test]
    fn both_ends_of_the_window_can_be_restored_to() {
        let (earliest, latest) = (at("2026-03-04T12:00:00Z"), at("2026-03-04T13:00:00Z"));
        let window = Window::new(Some(earliest), Some(latest)).unwrap();
        assert!(window.contains(earliest) && window.contains(latest));
        assert!(
            !window.contains(at("2026-03-04T11:59:59.999Z"))
                && !window.contains(at("2026-03-04T13:00:00.001Z"))
        );
    }

    #[test]
    fn the_latest_time_is_always_before_the_commit_that_proves_it() {
        let whole = at("2026-03-04T12:00:00.005Z");
        assert_eq!(
            reachable_before(whole.as_microsecond()),
            at("2026-03-04T12:00:00.004Z")
        );
        assert_eq!(reachable_before(whole.as_microsecond() + 1), whole);
        assert_eq!(reachable_before(whole.as_microsecond() + 999), whole);
    }

    #[test]
    fn recovery_starts_from_the_newest_backup_before_the_target() {
        let ends = [
            at("2026-03-04T10:00:00Z"),
            at("2026-03-04T11:00:00Z"),
            at("2026-03-04T12:00:00Z"),
        ];
        assert_eq!(
            newest_usable(ends, at("2026-03-04T11:30:00Z")),
            Some(ends[1])
        );
        assert_eq!(newest_usable(ends, ends[1]), Some(ends[1]));
        assert_eq!(newest_usable(ends, at("2026-03-04T09:59:59Z")), None);
    }

    #[test]
    fn a_backup_end_is_never_rounded_to_before_itself() {
        assert_eq!(
            rounded_up(at("2026-03-04T12:00:00.000001Z")),
            at("2026-03-04T12:00:00.001Z")
        );
        assert_eq!(
            rounded_up(at("2026-03-04T12:00:00.002Z")),
            at("2026-03-04T12:00:00.002Z")
        );
    }
}
