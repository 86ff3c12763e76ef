//! Which parameters this PostgreSQL has, as it says itself (`postgres --describe-config`), and those that RDS adds.

use std::collections::BTreeMap;

/// A parameter that a group can hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// `DataType`.
    pub data_type: &'static str,
    /// Whether it takes effect without a restart: `dynamic`, not `static`.
    pub dynamic: bool,
    /// Whether customers may set it.
    pub modifiable: bool,
    /// The least and the greatest value of a number.
    pub range: Option<(String, String)>,
    /// The value of the default group, where the engine names one.
    pub default: Option<String>,
    /// `Description`.
    pub description: String,
}

/// All parameters by name.
pub type Catalog = BTreeMap<String, Parameter>;

/// What RDS sets itself (RDS user guide, working with parameters on RDS for PostgreSQL).
const OF_RDS: [&str; 24] = [
    "archive_cleanup_command",
    "archive_command",
    "archive_library",
    "archive_mode",
    "archive_timeout",
    "bonjour",
    "config_file",
    "data_directory",
    "external_pid_file",
    "fsync",
    "full_page_writes",
    "hba_file",
    "hot_standby",
    "ident_file",
    "listen_addresses",
    "port",
    "primary_conninfo",
    "primary_slot_name",
    "promote_trigger_file",
    "recovery_end_command",
    "restore_command",
    "unix_socket_directories",
    "wal_level",
    "zero_damaged_pages",
];

/// What RDS adds: name, type, whether dynamic, default, description.
const ADDED: [(&str, &str, bool, &str, &str); 8] = [
    (
        "rds.force_ssl",
        "boolean",
        true,
        "1",
        "Force SSL connections.",
    ),
    (
        "rds.logical_replication",
        "boolean",
        false,
        "0",
        "Enables logical decoding.",
    ),
    (
        "cron.database_name",
        "string",
        false,
        "postgres",
        "Sets the database where pg_cron runs.",
    ),
    (
        "cron.launch_active_jobs",
        "boolean",
        true,
        "1",
        "Launches the jobs that are active.",
    ),
    (
        "cron.max_running_jobs",
        "integer",
        false,
        "5",
        "The maximum number of jobs that can run concurrently.",
    ),
    (
        "cron.use_background_workers",
        "boolean",
        false,
        "0",
        "Uses background workers instead of client sessions.",
    ),
    (
        "pg_stat_statements.max",
        "integer",
        false,
        "5000",
        "Sets the maximum number of statements tracked by pg_stat_statements.",
    ),
    (
        "pg_stat_statements.track",
        "string",
        true,
        "top",
        "Selects which statements are tracked by pg_stat_statements.",
    ),
];

/// Reads the answer of `postgres --describe-config`.
pub fn read(described: &str) -> Catalog {
    let own = described.lines().filter_map(described_parameter);
    let added = ADDED.iter().map(
        |(name, data_type, dynamic, default, description)| Parameter {
            name: (*name).to_owned(),
            data_type,
            dynamic: *dynamic,
            modifiable: true,
            range: None,
            default: Some((*default).to_owned()),
            description: (*description).to_owned(),
        },
    );
    own.chain(added)
        .map(|one| (one.name.clone(), one))
        .collect()
}

/// A line: name, context, group, type, default, least, greatest, description, more of it, with tabs in between.
fn described_parameter(line: &str) -> Option<Parameter> {
    let fields: Vec<&str> = line.split('\t').collect();
    let [name, context, _, kind, _, least, most, description, ..] = fields.as_slice() else {
        return None;
    };
    let data_type = match *kind {
        "BOOLEAN" => "boolean",
        "INTEGER" => "integer",
        "REAL" => "float",
        _ => "string",
    };
    let controlled =
        OF_RDS.contains(name) || name.starts_with("ssl_") || name.starts_with("recovery_");
    Some(Parameter {
        name: (*name).to_owned(),
        data_type,
        dynamic: *context != "postmaster",
        modifiable: !controlled && *context != "internal",
        range: (!least.is_empty()).then(|| ((*least).to_owned(), (*most).to_owned())),
        // The default that the program tells is not the one that it takes, for some.
        default: None,
        description: (*description).to_owned(),
    })
}

impl Parameter {
    /// Whether the value fits type and range.
    pub fn takes(&self, value: &str) -> bool {
        match self.data_type {
            "boolean" => matches!(value, "0" | "1" | "on" | "off" | "true" | "false"),
            "integer" | "float" => self.is_in_range(value),
            _ => !value.contains(['\n', '\0']),
        }
    }

    fn is_in_range(&self, value: &str) -> bool {
        let Ok(number) = value.parse::<f64>() else {
            return false;
        };
        let whole = self.data_type == "float" || number.fract() == 0.0;
        let within = self.range.as_ref().is_none_or(|(least, most)| {
            let (least, most) = (least.parse::<f64>(), most.parse::<f64>());
            least.is_ok_and(|least| least <= number) && most.is_ok_and(|most| number <= most)
        });
        whole && within
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESCRIBED: &str = "archive_mode\tpostmaster\tWrite-Ahead Log\tENUM\toff\t\t\tAllows archiving.\t\n\
        work_mem\tuser\tMemory\tINTEGER\t0\t64\t2147483647\tSets the memory.\tMore.\n\
        max_worker_processes\tpostmaster\tBehavior\tINTEGER\t0\t0\t262143\tMaximum number.\t\n";

    #[test]
    fn type_range_and_restart_are_as_postgresql_says() {
        let catalog = read(DESCRIBED);
        let memory = &catalog["work_mem"];
        assert!(memory.dynamic && memory.modifiable && memory.data_type == "integer");
        assert!(memory.takes("4096"));
        for bad in ["63", "4MB", "1.5", ""] {
            assert!(!memory.takes(bad), "{bad}");
        }
        assert!(!catalog["max_worker_processes"].dynamic);
    }

    #[test]
    fn what_rds_controls_is_not_for_customers_and_what_it_adds_is() {
        let catalog = read(DESCRIBED);
        assert!(!catalog["archive_mode"].modifiable);
        assert!(catalog["rds.force_ssl"].takes("0") && !catalog["rds.force_ssl"].takes("perhaps"));
    }
}
