//! The faults that this RDS knows besides those of every service. `match` is compared with the instance's identifier.

/// A creation ends in the failure status that `code` names, for example `storage-full`.
pub const CREATE_FAILS: &str = "create-fails";
/// A restore ends in the failure status that `code` names, for example `restore-error` or `incompatible-restore`.
pub const RESTORE_FAILS: &str = "restore-fails";
/// An instance isn't described for `ms` after it was asked for.
pub const DESCRIBE_LAG: &str = "describe-lag";
/// An instance stays in `creating` for `ms` longer.
pub const PROVISION_SLOWLY: &str = "provision-slowly";
/// A new password works `ms` later still.
pub const PASSWORD_LAG: &str = "password-lag";

/// All of them.
pub const NAMES: [&str; 5] = [
    CREATE_FAILS,
    RESTORE_FAILS,
    DESCRIBE_LAG,
    PROVISION_SLOWLY,
    PASSWORD_LAG,
];
