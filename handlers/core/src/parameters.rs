//! The parameters of a temporary database: the source's own, but for what would let the copy act by itself.

use crate::effect::GroupScope;

/// Libraries that start background workers with work of their own: scheduled jobs, partition maintenance, subscriptions.
const ACTIVE_LIBRARIES: [&str; 3] = ["pg_cron", "pg_partman_bgw", "pglogical"];

/// Settings of those libraries mean nothing without them.
const ACTIVE_SETTINGS: [&str; 3] = ["cron.", "pg_partman_bgw.", "pglogical."];

const LIBRARIES: &str = "shared_preload_libraries";

/// No worker for logical replication: subscriptions stay asleep.
const WORKERS: &str = "max_logical_replication_workers";

/// How the families of Aurora's parameter groups begin.
const AURORA: &str = "aurora-";

/// A parameter and its value.
pub type Parameter = (String, String);

/// The parameters of a temporary database, from those that a user has set in the source's group. `wal_level` and
/// `rds.logical_replication` stay as they are: a server with slots in its files refuses to start with less (PostgreSQL
/// documentation, "Logical decoding concepts").
///
/// In Aurora the workers of logical replication are a parameter of clusters, which the group of an instance doesn't know
/// (Aurora user guide, "Aurora PostgreSQL parameters").
pub fn derived(of_source: &[Parameter], scope: GroupScope, family: &str) -> Vec<Parameter> {
    let mut parameters: Vec<_> = of_source
        .iter()
        .filter(|(name, _)| name != WORKERS && !acts(name))
        .map(|(name, value)| (name.clone(), kept(name, value)))
        // Nothing left of a list: then the family's default, which doesn't act.
        .filter(|(_, value)| !value.is_empty())
        .collect();
    if scope == GroupScope::Cluster || !family.starts_with(AURORA) {
        parameters.push((WORKERS.to_owned(), "0".to_owned()));
    }
    parameters
}

fn acts(name: &str) -> bool {
    ACTIVE_SETTINGS
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

fn kept(name: &str, value: &str) -> String {
    if name != LIBRARIES {
        return value.to_owned();
    }
    let libraries = value.split(',').map(str::trim);
    let quiet = libraries.filter(|library| !ACTIVE_LIBRARIES.contains(library));
    quiet.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(parameters: &[(&str, &str)]) -> Vec<Parameter> {
        parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn scheduled_jobs_and_subscriptions_are_off_and_all_else_stays() {
        let source = of(&[
            (
                "shared_preload_libraries",
                "pg_stat_statements, pg_cron,pglogical",
            ),
            ("cron.database_name", "tenant_a"),
            ("timezone", "Europe/Paris"),
            ("max_logical_replication_workers", "8"),
            ("rds.logical_replication", "1"),
        ]);
        let expected = of(&[
            ("shared_preload_libraries", "pg_stat_statements"),
            ("timezone", "Europe/Paris"),
            ("rds.logical_replication", "1"),
            ("max_logical_replication_workers", "0"),
        ]);
        assert_eq!(
            derived(&source, GroupScope::Instance, "postgres17"),
            expected
        );
    }

    #[test]
    fn a_source_without_settings_of_its_own_is_quieted_too() {
        let none = of(&[("max_logical_replication_workers", "0")]);
        assert_eq!(derived(&[], GroupScope::Instance, "postgres17"), none);
        assert_eq!(
            derived(&[], GroupScope::Cluster, "aurora-postgresql17"),
            none
        );
    }

    #[test]
    fn the_group_of_an_aurora_instance_sets_nothing_that_only_clusters_have() {
        let source = of(&[("work_mem", "8192")]);
        assert_eq!(
            derived(&source, GroupScope::Instance, "aurora-postgresql17"),
            source
        );
    }
}
