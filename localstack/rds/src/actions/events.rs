//! `DescribeEvents`.

use jiff::{Timestamp, ToSpan};
use local_cloud_wire::AwsError;
use local_cloud_wire::query::{Form, Xml};

use super::page::paged;
use crate::answer::past_event;
use crate::fleet::Fleet;
use crate::parameters::{instant, number};
use crate::record::PastEvent;
use crate::refusal::{invalid_combination, invalid_value};

/// Describes the events of the last hour, or of the time and source that the call names.
///
/// # Errors
/// An invalid source type, time or page.
pub fn describe(fleet: &Fleet, form: &Form) -> Result<Xml, AwsError> {
    let (from, to) = span(form, Timestamp::now())?;
    let source = form.get("SourceIdentifier");
    match (source, form.get("SourceType")) {
        (Some(_), None) => {
            return Err(invalid_combination(
                "SourceType is required with SourceIdentifier.",
            ));
        }
        (_, Some(other)) if !SOURCE_TYPES.contains(&other) => {
            return Err(invalid_value(format!("Invalid source type: {other}")));
        }
        _ => {}
    }
    let kind = form.get("SourceType");
    let categories = form.list("EventCategories");
    let wanted = |event: &PastEvent| {
        kind.is_none_or(|kind| kind == event.kind)
            && from <= event.at
            && event.at <= to
            && source.is_none_or(|name| name.eq_ignore_ascii_case(&event.identifier))
            && (categories.is_empty()
                || categories
                    .iter()
                    .any(|one| event.categories.iter().any(|have| have == one)))
    };
    let all: Vec<(usize, PastEvent)> = fleet.state().events.iter().cloned().enumerate().collect();
    let found: Vec<_> = all.into_iter().filter(|(_, event)| wanted(event)).collect();
    paged(
        form,
        ("DescribeEvents", "Events"),
        &found,
        |(n, _)| format!("{n:08}"),
        |(_, event)| past_event(event),
    )
}

const SOURCE_TYPES: [&str; 4] = [
    "db-instance",
    "db-cluster",
    "db-snapshot",
    "db-cluster-snapshot",
];

/// The time that is asked for: `StartTime` to `EndTime`, or the last `Duration` minutes.
fn span(form: &Form, now: Timestamp) -> Result<(Timestamp, Timestamp), AwsError> {
    const FOURTEEN_DAYS: u32 = 14 * 24 * 60;
    let minutes = number(form, "Duration", 1..=FOURTEEN_DAYS)?.unwrap_or(60);
    let to = instant(form, "EndTime")?.unwrap_or(now);
    let from = match instant(form, "StartTime")? {
        Some(from) => from,
        None => to
            .checked_sub(i64::from(minutes).minutes())
            .unwrap_or(Timestamp::UNIX_EPOCH),
    };
    if from > to {
        Err(invalid_combination("StartTime is after EndTime."))
    } else {
        Ok((from, to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_time_the_last_hour_is_meant() {
        let now: Timestamp = "2026-03-04T12:00:00Z".parse().unwrap();
        let hour = "2026-03-04T11:00:00Z".parse().unwrap();
        assert_eq!(span(&Form::default(), now).unwrap(), (hour, now));
        assert_eq!(
            span(&Form::decode(b"Duration=30"), now).unwrap().0,
            "2026-03-04T11:30:00Z".parse().unwrap()
        );
    }
}
