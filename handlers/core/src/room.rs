//! Whether there is room for a restore: what the worker measured in production, held against what AWS shows.

use crate::error::{Cause, ErrorKind};
use crate::job::{Connections, Finding, MoverChoice, PreflightReport, Volume};
use crate::restore::ResourceKind;
use crate::sight::{Made, Quota, RoomSight, StorageSight};

const GIB: u64 = 1 << 30;

/// Connections that a restore takes at least: master, login role, and one stream.
pub const FEWEST_CONNECTIONS: u32 = 4;

/// Whether the restore would use DMS.
pub fn with_dms(mover: MoverChoice, report: &PreflightReport) -> bool {
    match mover {
        MoverChoice::Copy => false,
        MoverChoice::Dms => true,
        MoverChoice::Auto => report.dms_expected,
    }
}

/// Connections that a DMS task takes in production while it loads: `MaxFullLoadSubTasks` and one for itself.
const CONNECTIONS_OF_A_LOAD: u32 = 9;

/// Connections of the worker beside DMS: the master's, and two for each of its streams.
const CONNECTIONS_OF_THE_WORKER: u32 = 9;

/// How many DMS tasks may load at a time. A quarter of what production had left stays with its tenants; one task loads
/// always, since the preflight saw that a restore has room at all.
pub fn loads_at_once(free_connections: Option<u32>, of_class: usize) -> usize {
    let Some(free) = free_connections else {
        return of_class;
    };
    let ours = (free / 4 * 3).saturating_sub(CONNECTIONS_OF_THE_WORKER);
    let loads = usize::try_from(ours / CONNECTIONS_OF_A_LOAD).unwrap_or(of_class);
    loads.clamp(1, of_class.max(1))
}

/// How many DMS tasks an instance class can bear loading at a time: two a vCPU, since each moves several tables at once.
/// DMS documents no such figure, only that large loads want more CPU and memory (DMS user guide, "Choosing the right
/// instance class"). The classes of t2 and t3 have two vCPUs up to large.
pub fn loads_of_class(class: &str) -> usize {
    let size = class.rsplit('.').next().unwrap_or_default();
    match size {
        "micro" | "small" => 2,
        "medium" | "large" => 4,
        "xlarge" => 8,
        _ => {
            let times = size
                .strip_suffix("xlarge")
                .and_then(|times| times.parse::<usize>().ok());
            times.map_or(4, |times| 8 * times)
        }
    }
}

/// Everything that is short, or may become so.
pub fn judge(report: &PreflightReport, room: &RoomSight, mover: MoverChoice) -> Vec<Finding> {
    let with_dms = with_dms(mover, report);
    let mut found = Vec::new();
    found.extend(
        report
            .volume
            .and_then(|volume| storage(&volume, room.storage)),
    );
    found.extend(report.connections.as_ref().and_then(connections));
    let wanted = |quota: &&Quota| with_dms || !quota.name.starts_with("DMS");
    found.extend(room.quotas.iter().filter(wanted).filter_map(quota));
    found.extend(unpriced(room));
    found
}

/// Where a class is known its price may still not be in the list; then the size is told without one.
fn unpriced(room: &RoomSight) -> Option<Finding> {
    let is_unknown = |made: &&Made| made.kind == ResourceKind::Database && made.cost.is_none();
    room.makes.iter().find(is_unknown)?;
    Some(Finding::warning(Cause::new(
        ErrorKind::PriceUnknown,
        "what the temporary database costs can't be told: neither RDS, by what it shows of the source, nor the \
         configuration says of which class and size it will be",
    )))
}

fn storage(volume: &Volume, storage: Option<StorageSight>) -> Option<Finding> {
    let (gib, most) = match storage {
        Some(StorageSight::Grows) => return None,
        Some(StorageSight::Allocated { gib, most }) => (gib, most.filter(|most| *most > gib)),
        None => {
            let message =
                "production's storage isn't shown by RDS, so nobody knows whether the copy fits";
            return Some(Finding::warning(Cause::new(
                ErrorKind::StorageShort,
                message,
            )));
        }
    };
    // The worker has told that nobody knows.
    let schemas = volume.schemas?;
    let taken = volume.databases.saturating_add(volume.log);
    let free = |gib: u64| gib.saturating_mul(GIB).saturating_sub(taken);
    let log = if volume.log_is_kept { schemas } else { 0 };
    let need = schemas.saturating_add(log);
    let basis = basis(volume, schemas, gib);
    let cause = |message: String| Cause::new(ErrorKind::StorageShort, message);
    let (need_text, free_text) = (size(need), size(free(gib)));
    match most {
        _ if free(gib) >= need.saturating_mul(2) => None,
        None if free(gib) < need => Some(Finding::critical(cause(format!(
            "the copy needs {need_text}, production has about {free_text} free ({basis})"
        )))),
        Some(most) if free(most) < need => Some(Finding::critical(cause(format!(
            "the copy needs {need_text}, production has about {} free even once it has grown to {most} GiB ({basis})",
            size(free(most))
        )))),
        Some(most) if free(gib) < need => Some(Finding::warning(cause(format!(
            "the copy needs {need_text}, production has about {free_text} free until RDS lets it grow (to {most} GiB \
             at most, not more than once in six hours) ({basis})"
        )))),
        _ => Some(Finding::warning(cause(format!(
            "the copy needs {need_text} of about {free_text} that production has free ({basis})"
        )))),
    }
}

/// RDS tells the free space to CloudWatch alone (metric FreeStorageSpace), which nobody here asks.
fn basis(volume: &Volume, schemas: u64, gib: u64) -> String {
    let measured = if volume.measured {
        "measured"
    } else {
        "as of the last ANALYZE"
    };
    let kept = if volume.log_is_kept {
        ", all of it kept once more as log by a replication slot"
    } else {
        ""
    };
    format!(
        "reckoned from {gib} GiB allocated, databases of {}, log of up to {}; schemas of {} {measured}{kept}",
        size(volume.databases),
        size(volume.log),
        size(schemas)
    )
}

fn connections(connections: &Connections) -> Option<Finding> {
    let free = connections.free();
    let message = format!(
        "production has {free} connections left (max_connections {}, {} reserved, {} in use); a restore takes at least \
         {FEWEST_CONNECTIONS}",
        connections.most, connections.reserved, connections.used
    );
    (free < FEWEST_CONNECTIONS)
        .then(|| Finding::critical(Cause::new(ErrorKind::ConnectionsShort, message)))
}

fn quota(quota: &Quota) -> Option<Finding> {
    let Quota {
        name,
        used,
        most,
        needed,
    } = quota;
    let message = format!(
        "{used} of {most} {name} are in use in this account and region; a restore needs {needed}"
    );
    let cause = || Cause::new(ErrorKind::QuotaExceeded, message);
    match most.saturating_sub(*used) {
        free if free < *needed => Some(Finding::critical(cause())),
        // The next one won't find room.
        free if free < needed.saturating_mul(2) => Some(Finding::warning(cause())),
        _ => None,
    }
}

/// A size for people: three digits and a binary unit.
pub fn size(bytes: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut unit = 0;
    let mut amount = bytes as f64 / 1024.0;
    while amount >= 999.5 && unit + 1 < units.len() {
        amount /= 1024.0;
        unit += 1;
    }
    let digits = usize::from(amount < 99.5);
    format!("{amount:.digits$} {}", units[unit])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Severity;

    fn report(schemas: u64, log_is_kept: bool) -> PreflightReport {
        PreflightReport {
            volume: Some(Volume {
                schemas: Some(schemas * GIB),
                databases: 50 * GIB,
                log: GIB,
                log_is_kept,
                measured: true,
            }),
            connections: Some(Connections {
                most: 100,
                reserved: 3,
                used: 20,
            }),
            ..PreflightReport::default()
        }
    }

    fn room(gib: u64, most: Option<u64>) -> RoomSight {
        RoomSight {
            storage: Some(StorageSight::Allocated { gib, most }),
            quotas: Vec::new(),
            makes: Vec::new(),
        }
    }

    fn judged(report: &PreflightReport, room: &RoomSight) -> Vec<(Severity, ErrorKind)> {
        let found = judge(report, room, MoverChoice::Auto);
        found
            .iter()
            .map(|finding| (finding.severity, finding.cause.kind))
            .collect()
    }

    #[test]
    fn a_copy_that_does_not_fit_is_critical_and_a_tight_fit_a_warning() {
        let critical = (Severity::Critical, ErrorKind::StorageShort);
        let warning = (Severity::Warning, ErrorKind::StorageShort);
        for (schemas, kept, gib, most, expected) in [
            (10, false, 100, None, None),
            (30, false, 100, None, Some(warning)),
            (60, false, 100, None, Some(critical)),
            (60, false, 100, Some(200), Some(warning)),
            (60, false, 100, Some(100), Some(critical)),
            (160, false, 100, Some(200), Some(critical)),
            (30, true, 100, None, Some(critical)),
            (10, false, 40, None, Some(critical)),
        ] {
            assert_eq!(
                judged(&report(schemas, kept), &room(gib, most)),
                Vec::from_iter(expected),
                "{schemas} {kept} {gib} {most:?}"
            );
        }
    }

    #[test]
    fn a_temporary_database_of_unknown_size_is_told_as_one_without_a_price() {
        let made = |kind| Made {
            kind,
            what: "something".to_owned(),
            cost: None,
        };
        let mut room = room(100, None);
        room.makes = vec![made(ResourceKind::Secret)];
        assert_eq!(judged(&report(10, false), &room), []);
        room.makes.push(made(ResourceKind::Database));
        let expected = [(Severity::Warning, ErrorKind::PriceUnknown)];
        assert_eq!(judged(&report(10, false), &room), expected);
    }

    #[test]
    fn the_finding_says_what_its_figures_are_based_on() {
        let found = judge(&report(60, false), &room(100, None), MoverChoice::Copy);
        let message = &found[0].cause.message;
        for words in ["60.0 GiB", "49.0 GiB free", "100 GiB allocated", "measured"] {
            assert!(message.contains(words), "{words} is not in: {message}");
        }
    }

    #[test]
    fn storage_that_grows_by_itself_is_never_short_and_storage_that_is_not_shown_is_told() {
        let grows = RoomSight {
            storage: Some(StorageSight::Grows),
            quotas: Vec::new(),
            makes: Vec::new(),
        };
        assert_eq!(judged(&report(1000, true), &grows), []);
        let gone = RoomSight {
            storage: None,
            quotas: Vec::new(),
            makes: Vec::new(),
        };
        assert_eq!(
            judged(&report(1, false), &gone),
            [(Severity::Warning, ErrorKind::StorageShort)]
        );
    }

    #[test]
    fn a_server_without_connections_left_is_critical() {
        let mut report = report(1, false);
        report.connections = Some(Connections {
            most: 20,
            reserved: 3,
            used: 14,
        });
        assert_eq!(
            judged(&report, &room(100, None)),
            [(Severity::Critical, ErrorKind::ConnectionsShort)]
        );
    }

    #[test]
    fn a_full_quota_is_critical_and_one_of_dms_only_where_dms_is_used() {
        let quota = |name: &str| Quota {
            name: name.to_owned(),
            used: 40,
            most: 40,
            needed: 1,
        };
        let full = RoomSight {
            quotas: vec![
                quota("RDS DB instances"),
                quota("DMS replication instances"),
            ],
            ..room(100, None)
        };
        let count = |mover| judge(&report(1, false), &full, mover).len();
        assert_eq!((count(MoverChoice::Copy), count(MoverChoice::Dms)), (1, 2));
        assert_eq!(count(MoverChoice::Auto), 1, "no table for DMS is expected");
    }

    #[test]
    fn what_takes_the_last_of_a_quota_is_warned_of() {
        let judged_with = |used, needed| {
            let quotas = vec![Quota {
                name: "GiB of RDS storage".to_owned(),
                used,
                most: 100,
                needed,
            }];
            let room = RoomSight {
                quotas,
                ..room(100, None)
            };
            let found = judge(&report(1, false), &room, MoverChoice::Copy);
            found.first().map(|finding| finding.severity)
        };
        assert_eq!(judged_with(90, 20), Some(Severity::Critical));
        assert_eq!(judged_with(80, 20), Some(Severity::Warning));
        assert_eq!(judged_with(60, 20), None);
    }

    #[test]
    fn loads_are_bound_by_the_class_and_by_what_production_has_left_but_one_goes_always() {
        for (free, of_class, expected) in [
            (None, 4, 4),
            (Some(4), 4, 1),
            (Some(40), 4, 2),
            (Some(400), 4, 4),
            (Some(400), 64, 32),
        ] {
            assert_eq!(loads_at_once(free, of_class), expected, "{free:?}");
        }
        for (class, expected) in [
            ("dms.t3.small", 2),
            ("dms.t3.medium", 4),
            ("dms.c5.xlarge", 8),
            ("dms.r6i.4xlarge", 32),
            ("unknown", 4),
        ] {
            assert_eq!(loads_of_class(class), expected, "{class}");
        }
    }

    #[test]
    fn sizes_have_three_digits_and_a_unit() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1536, "1.5 KiB"),
            (700 << 20, "700 MiB"),
            (49 << 30, "49.0 GiB"),
            (5 << 50, "5120 TiB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }
}
