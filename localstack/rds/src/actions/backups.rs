//! `DescribeDBInstanceAutomatedBackups`, `DeleteDBInstanceAutomatedBackup`.

use local_cloud_wire::AwsError;
use local_cloud_wire::query::{Form, Xml};

use super::page::{paged, passes};
use crate::answer::{AutomatedBackup, BackupStatus, automated_backup};
use crate::fleet::Fleet;
use crate::parameters::{identifier_of, required};
use crate::postgres::remove_backups;
use crate::record::{Choices, Instance, Retained};
use crate::refusal::{internal, invalid_combination, no_automated_backup};
use crate::snapshots;
use crate::status::Status;

/// Describes the automated backups of the instances that have them, and those that outlived theirs.
///
/// # Errors
/// `DBInstanceAutomatedBackupNotFound` for an instance without, or an invalid filter or page.
pub fn automated(fleet: &Fleet, form: &Form) -> Result<Xml, AwsError> {
    let arn = form.get("DBInstanceAutomatedBackupsArn");
    let resource = match arn {
        Some(arn) => Some(resource_id_in(arn).ok_or_else(|| no_automated_backup(arn))?),
        None => form.get("DbiResourceId").map(str::to_owned),
    };
    let wanted = form.get("DBInstanceIdentifier").map(identifier_of);
    let mut found = Vec::new();
    for one in all(fleet) {
        let portrait = &one.portrait;
        let named = wanted
            .as_ref()
            .is_none_or(|name| *name == portrait.identifier)
            && resource
                .as_ref()
                .is_none_or(|id| *id == portrait.resource_id);
        if named && passes(form, |name, value| filter(&one, name, value))? {
            found.push(one);
        }
    }
    if let (Some(name), true) = (wanted.or(resource), found.is_empty()) {
        return Err(no_automated_backup(&name));
    }
    let render = |one: &AutomatedBackup<Choices>| automated_backup(&fleet.world.region, one);
    let lists = (
        "DescribeDBInstanceAutomatedBackups",
        "DBInstanceAutomatedBackups",
    );
    paged(form, lists, &found, key, render)
}

fn key(one: &AutomatedBackup<Choices>) -> String {
    format!("{} {}", one.portrait.identifier, one.portrait.resource_id)
}

/// Of present instances first, then retained ones.
fn all(fleet: &Fleet) -> Vec<AutomatedBackup<Choices>> {
    let state = fleet.state();
    let present = |one: &&Instance| {
        one.membership.is_none()
            && one.choices.backup_retention > 0
            && !state.retained.contains_key(&one.resource_id)
    };
    let active = state.instances.values().filter(present).map(|one| {
        let window = one.window(fleet.latest_restorable_time(&one.holder()));
        AutomatedBackup {
            portrait: one.portrait(),
            status: BackupStatus::of(window),
            window,
            tags: Vec::new(),
        }
    });
    let retained = |one: &Retained<Choices>| AutomatedBackup {
        portrait: one.portrait.clone(),
        window: one.window(),
        status: BackupStatus::Retained,
        tags: one.tags.clone(),
    };
    active
        .chain(state.retained.values().map(retained))
        .collect()
}

fn filter(one: &AutomatedBackup<Choices>, name: &str, value: &str) -> Option<bool> {
    match name {
        "status" => Some(value == one.status.name()),
        "db-instance-id" => Some(one.portrait.identifier == identifier_of(value)),
        "dbi-resource-id" => Some(one.portrait.resource_id == value),
        _ => None,
    }
}

/// The resource id in the ARN of automated backups, `…:auto-backup:ab-<resource id>`.
pub fn resource_id_in(arn: &str) -> Option<String> {
    let (_, name) = arn.split_once(":auto-backup:ab-")?;
    let (kind, rest) = name.split_once('-')?;
    Some(format!("{kind}-{}", rest.to_ascii_uppercase()))
}

/// Deletes retained automated backups.
///
/// # Errors
/// As documented for the operation.
pub async fn delete(fleet: &Fleet, form: &Form) -> Result<Xml, AwsError> {
    let id = match form.get("DBInstanceAutomatedBackupsArn") {
        Some(arn) => resource_id_in(arn).ok_or_else(|| no_automated_backup(arn))?,
        None => required(form, "DbiResourceId")?.to_owned(),
    };
    let taken = fleet.change(|state| {
        let owner = state.instances.values().find(|one| one.resource_id == id);
        if owner.is_some_and(|one| one.status != Status::Deleting) {
            return Err(invalid_combination(
                "The automated backups of a present instance go with it or with BackupRetentionPeriod 0.",
            ));
        }
        if owner.is_some() {
            let message = format!("The instance of the automated backup {id} is being deleted.");
            return Err(AwsError::new("InvalidDBInstanceAutomatedBackupState", message));
        }
        state
            .retained
            .remove(&id)
            .ok_or_else(|| no_automated_backup(&id))
    });
    let taken = taken.await?;
    snapshots::drop_automated(fleet, &id).await;
    fleet.until_unread(&id).await;
    remove_backups(&fleet.site.vault(&id))
        .await
        .map_err(|error| internal("remove automated backups", &error))?;
    let gone = AutomatedBackup {
        window: taken.window(),
        portrait: taken.portrait,
        status: BackupStatus::Retained,
        tags: taken.tags,
    };
    let answer = automated_backup(&fleet.world.region, &gone);
    Ok(Xml::parent("DeleteDBInstanceAutomatedBackupResult").child(answer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backups_are_found_by_the_arn_that_describes_them() {
        let arn = "arn:aws:rds:eu-west-3:000000000000:auto-backup:ab-db-0a1b";
        assert_eq!(resource_id_in(arn).as_deref(), Some("db-0A1B"));
        assert_eq!(
            resource_id_in("arn:aws:rds:eu-west-3:000000000000:db:a"),
            None
        );
    }
}
