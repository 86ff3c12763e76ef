//! The owners of the archive's objects, looked for before anything is created: an owner that production doesn't have
//! any more would stop the restore at its very end.

use std::collections::BTreeMap;

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::Client;

use crate::archive::Archive;
use crate::failed::{Failed, OrCause};
use crate::production::entries::{Part, part};

/// Fails with one cause per owner that can't own anything in production.
///
/// Nothing else is made owner instead: functions, views and index expressions run with their owner's rights.
pub async fn check(master: &Client, archive: &Archive) -> Result<(), Failed> {
    let owned = count(archive);
    let names: Vec<&str> = owned.keys().copied().collect();
    let rows = master
        .query(
            "select rolname::text, rolsuper from pg_roles where rolname = any ($1)",
            &[&names],
        )
        .await
        .or_cause(
            ErrorKind::ApplyFailed,
            || "look for the owners of the objects",
        )?;
    let present: BTreeMap<String, bool> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let causes = owned
        .iter()
        .filter_map(|(owner, objects)| unusable(owner, *objects, present.get(*owner).copied()));
    Failed::from_causes(causes.collect())
}

fn count(archive: &Archive) -> BTreeMap<&str, usize> {
    let mut owned = BTreeMap::new();
    let entries = archive
        .entries
        .iter()
        // Default privileges of a role that is gone are left out, and told, by the opening.
        .filter(|entry| !matches!(part(entry), Part::LeftOut | Part::DefaultPrivileges))
        .filter(|entry| !entry.owner.is_empty());
    for entry in entries {
        *owned.entry(entry.owner.as_str()).or_default() += 1;
    }
    owned
}

fn unusable(owner: &str, objects: usize, is_superuser: Option<bool>) -> Option<Cause> {
    let mut cause = match is_superuser {
        Some(false) => return None,
        Some(true) => Cause::new(
            ErrorKind::ApplyFailed,
            format!(
                "role {owner:?} owns {objects} archive entries and is a superuser, to whom nothing can be handed over"
            ),
        ),
        None => Cause::new(
            ErrorKind::ApplyFailed,
            format!(
                "role {owner:?} owns {objects} archive entries and doesn't exist in production"
            ),
        ),
    };
    cause.remedy = match is_superuser {
        Some(_) => "Give the objects another owner, then choose a later restore point.".to_owned(),
        None => format!(
            "Create role {owner:?} in production (NOLOGIN is enough), then replay the restore."
        ),
    };
    Some(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_that_is_gone_stops_the_restore_and_the_remedy_names_it() {
        let cause = unusable("clerk", 3, None).unwrap();
        assert!(cause.message.contains("clerk") && cause.remedy.contains("Create role \"clerk\""));
    }

    #[test]
    fn an_ordinary_role_can_own_and_a_superuser_can_not() {
        assert_eq!(unusable("clerk", 3, Some(false)), None);
        assert!(unusable("rdsadmin", 1, Some(true)).is_some());
    }
}
