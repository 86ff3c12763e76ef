//! What the statuses of RDS and DMS mean for us (RDS user guide, "Viewing DB instance status"; DMS API reference).

/// What to do about a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// It can be used and modified.
    Usable,
    /// It may become usable.
    Wait,
    /// It will never become usable.
    Fatal,
}

/// Of a temporary DB instance.
pub fn database(status: &str) -> Meaning {
    match status {
        "available" | "storage-optimization" | "storage-initialization" => Meaning::Usable,
        "failed"
        | "restore-error"
        | "insufficient-capacity"
        | "storage-full"
        | "upgrade_failed"
        | "inaccessible-encryption-credentials"
        | "inaccessible-encryption-credentials-recoverable"
        | "stopping"
        | "stopped"
        | "delete-precheck"
        | "deleting" => Meaning::Fatal,
        other if other.starts_with("incompatible-") => Meaning::Fatal,
        _ => Meaning::Wait,
    }
}

/// Whether RDS took the call and then had no such instance to give: one in another zone or of another class may do.
pub fn lacks_capacity(status: &str) -> bool {
    status == "insufficient-capacity"
}

/// What to look at when a temporary DB instance has ended in a status it can't leave.
pub fn database_remedy(status: &str) -> &'static str {
    match status {
        "insufficient-capacity" => {
            "RDS has none of this class in these zones; replay the restore later, or configure another class or zone."
        }
        "incompatible-network" => {
            "Look for free IP addresses in the subnets of the deployment's DB subnet group, then replay the restore."
        }
        "incompatible-parameters" | "incompatible-option-group" | "incompatible-create" => {
            "Look at the parameter and option group of the source; mend what doesn't fit, then replay the restore."
        }
        "storage-full" => {
            "Raise the source's allocated storage, which the temporary database gets too, then ask for a later restore point."
        }
        "restore-error" | "incompatible-restore" | "failed" => {
            "Look at the instance's events in RDS; if there is nothing to mend, choose another restore point."
        }
        _ => "Look at the instance's events in RDS, then replay the restore.",
    }
}

/// Of a DB cluster (Aurora user guide, "Viewing DB cluster status").
pub fn cluster(status: &str) -> Meaning {
    match status {
        "available" | "backing-up" | "storage-optimization" => Meaning::Usable,
        "cloning-failed"
        | "migration-failed"
        | "upgrade_failed"
        | "failed"
        | "inaccessible-encryption-credentials"
        | "inaccessible-encryption-credentials-recoverable"
        | "stopping"
        | "stopped"
        | "deleting" => Meaning::Fatal,
        other if other.starts_with("incompatible-") => Meaning::Fatal,
        _ => Meaning::Wait,
    }
}

/// Whether a source cluster in this status can be restored from.
pub fn source_cluster_is_usable(status: &str) -> bool {
    let never = ["creating", "migrating", "starting", "renaming"];
    cluster(status) != Meaning::Fatal && !never.contains(&status)
}

/// Whether a source in this status can be restored from; its databases must be reachable too.
pub fn source_is_usable(status: &str) -> bool {
    let never = ["creating", "starting", "rebooting", "renaming"];
    database(status) != Meaning::Fatal && !never.contains(&status)
}

/// Whether it is the KMS key that RDS can't use.
pub fn lacks_key(status: &str) -> bool {
    status.starts_with("inaccessible-encryption-credentials")
}

/// Of a replication instance.
pub fn replication_instance(status: &str) -> Meaning {
    match status {
        "available" => Meaning::Usable,
        "failed"
        | "deleted"
        | "deleting"
        | "storage-full"
        | "inaccessible-encryption-credentials" => Meaning::Fatal,
        other if other.starts_with("incompatible-") => Meaning::Fatal,
        _ => Meaning::Wait,
    }
}

/// Whether a DMS task in this status neither runs nor is about to: only then can it be deleted (DMS user guide, task
/// statuses).
pub fn replication_task_rests(status: &str) -> bool {
    matches!(status, "ready" | "stopped" | "failed" | "failed-move")
}

/// Whether something of RDS or DMS is on its way out.
pub fn is_deleting(status: &str) -> bool {
    matches!(status, "deleting" | "delete-precheck")
}

/// Whether an ECS task is on its way out (ECS developer guide, task lifecycle).
pub fn worker_task_is_ending(status: &str) -> bool {
    matches!(
        status,
        "DEACTIVATING" | "STOPPING" | "DEPROVISIONING" | "STOPPED" | "DELETED"
    )
}

/// The status of an ECS task that isn't over. ECS goes on to show one that is to stop as it was, until its containers are
/// told (ECS developer guide, task lifecycle); that counts as stopping.
pub fn unfinished_worker_task<'a>(desired: &str, last: &'a str) -> Option<&'a str> {
    match last {
        "STOPPED" | "DELETED" => None,
        _ if desired == "STOPPED" && !worker_task_is_ending(last) => Some("STOPPING"),
        _ => Some(last),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_billed_and_stuck_database_is_fatal() {
        for status in [
            "restore-error",
            "incompatible-parameters",
            "incompatible-network",
            "storage-full",
        ] {
            assert_eq!(database(status), Meaning::Fatal, "{status}");
        }
    }

    #[test]
    fn a_database_that_is_still_made_is_waited_for() {
        for status in [
            "creating",
            "backing-up",
            "modifying",
            "resetting-master-credentials",
            "rebooting",
        ] {
            assert_eq!(database(status), Meaning::Wait, "{status}");
        }
    }

    #[test]
    fn a_source_whose_key_is_gone_is_told_from_one_that_is_stopped() {
        for status in [
            "inaccessible-encryption-credentials",
            "inaccessible-encryption-credentials-recoverable",
        ] {
            assert!(!source_is_usable(status) && !source_cluster_is_usable(status));
            assert!(lacks_key(status));
        }
        assert!(!lacks_key("stopped"));
    }

    #[test]
    fn a_source_may_be_backing_up_but_not_stopped() {
        assert!(source_is_usable("backing-up"));
        assert!(!source_is_usable("stopped"));
        assert!(!source_is_usable("creating"));
    }

    #[test]
    fn a_worker_that_ecs_is_to_stop_is_ending_although_it_is_shown_as_it_was() {
        assert_eq!(
            unfinished_worker_task("RUNNING", "RUNNING"),
            Some("RUNNING")
        );
        for shown in ["PENDING", "RUNNING", "DEPROVISIONING"] {
            let status = unfinished_worker_task("STOPPED", shown);
            assert!(status.is_some_and(worker_task_is_ending), "{shown}");
        }
        for over in ["STOPPED", "DELETED"] {
            assert_eq!(unfinished_worker_task("STOPPED", over), None);
        }
    }
}
