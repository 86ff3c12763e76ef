//! The faults that this RDS knows besides those of every service. `match` is compared with the identifier of
//! the instance, cluster or snapshot.

/// A creation ends in the failure status that `code` names, for example `storage-full`.
pub const CREATE_FAILS: &str = "create-fails";
/// A restore ends in the failure status that `code` names, for example `restore-error` or `incompatible-restore`.
pub const RESTORE_FAILS: &str = "restore-fails";
/// An instance isn't described for `ms` after it was asked for.
pub const DESCRIBE_LAG: &str = "describe-lag";
/// An instance, cluster or snapshot stays in `creating` for `ms` longer.
pub const PROVISION_SLOWLY: &str = "provision-slowly";
/// A new password works `ms` later still.
pub const PASSWORD_LAG: &str = "password-lag";
/// An instance stays in `deleting` until the fault is switched off.
pub const DELETE_HELD: &str = "delete-held";

/// `RDS-EVENT-0043` comes from the snapshot alone, not from the restored instance as well.
pub const SNAPSHOT_EVENT_ONLY: &str = "snapshot-event-only";
/// The restored instance tells its restore from a snapshot as `RDS-EVENT-0008`.
pub const OLDER_RESTORE_EVENT: &str = "older-restore-event";
/// A snapshot ends as `failed`.
pub const SNAPSHOT_FAILS: &str = "snapshot-fails";

/// Backups lag: the latest restorable time stays `ms` behind. RDS ships transaction logs every five minutes, so in AWS
/// it does always (RDS user guide, restoring to a point in time).
pub const BACKUPS_LAG: &str = "backups-lag";

/// AWS has no such instance to give: `match` is compared with identifier, class and Availability Zone.
pub const NO_CAPACITY: &str = "no-capacity";

/// All of them.
pub const NAMES: [&str; 11] = [
    CREATE_FAILS,
    RESTORE_FAILS,
    DESCRIBE_LAG,
    PROVISION_SLOWLY,
    PASSWORD_LAG,
    SNAPSHOT_EVENT_ONLY,
    OLDER_RESTORE_EVENT,
    SNAPSHOT_FAILS,
    NO_CAPACITY,
    DELETE_HELD,
    BACKUPS_LAG,
];
