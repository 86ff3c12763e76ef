//! `RestoreDBInstanceToPointInTime`.

use std::sync::Arc;

use jiff::Timestamp;
use local_cloud_wire::AwsError;
use local_cloud_wire::query::{Form, Xml};
use local_cloud_wire::time::iso_milliseconds;

use super::backups::resource_id_in;
use super::create::{Wish, admit, result};
use crate::choices::refuse_managed_password;
use crate::fleet::Fleet;
use crate::parameters::{boolean, identifier_of, instant, new_identifier};
use crate::record::{Backup, Choices, Instance, Origin, Portrait, backup_for};
use crate::refusal::{
    instance_exists, invalid_combination, invalid_state, invalid_value, no_automated_backup,
    no_instance, not_restorable,
};
use crate::status::Status;
use crate::window::Window;

/// Starts the restore.
///
/// # Errors
/// As documented for the operation.
pub async fn restore(fleet: &Arc<Fleet>, form: &Form) -> Result<Xml, AwsError> {
    let identifier = new_identifier(form, "TargetDBInstanceIdentifier")?;
    refuse_managed_password(form)?;
    let target = Target::read(form, "RestoreTime")?;
    let source = find_source(fleet, form)?;
    if fleet.instance(&identifier).is_some() {
        return Err(instance_exists(&identifier));
    }
    let at = target.within(source.window)?;
    let origin = source.origin(at)?;
    let wish = Wish::restored(fleet, form, identifier, source.portrait, origin)?;
    let instance = admit(fleet, wish).await?;
    Ok(result(fleet, "RestoreDBInstanceToPointInTime", &instance))
}

/// The time that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The latest restorable one.
    Latest,
    /// This one.
    At(Timestamp),
}

impl Target {
    /// From the parameter of that name, which holds an instant, and `UseLatestRestorableTime`.
    ///
    /// # Errors
    /// Both, neither, or no instant.
    pub fn read(form: &Form, name: &str) -> Result<Self, AwsError> {
        let latest = boolean(form, "UseLatestRestorableTime")?.unwrap_or(false);
        match (instant(form, name)?, latest) {
            (Some(at), false) => Ok(Self::At(at)),
            (None, true) => Ok(Self::Latest),
            (Some(_), true) => Err(invalid_combination(format!(
                "{name} can't be given when UseLatestRestorableTime is true."
            ))),
            (None, false) => Err(invalid_combination(format!(
                "Either {name} or UseLatestRestorableTime must be given."
            ))),
        }
    }

    /// The time within the window.
    ///
    /// # Errors
    /// `InvalidParameterValue` outside of it.
    pub fn within(self, window: Window) -> Result<Timestamp, AwsError> {
        match self {
            Self::Latest => Ok(window.latest),
            Self::At(at) if window.contains(at) => Ok(at),
            Self::At(at) => Err(invalid_value(format!(
                "The specified time {} is not within the restorable time range from {} to {}.",
                iso_milliseconds(at),
                iso_milliseconds(window.earliest),
                iso_milliseconds(window.latest)
            ))),
        }
    }
}

/// Automated backups and what they were taken of.
pub struct Source<C> {
    /// What they were taken of.
    pub portrait: Portrait<C>,
    /// The base backups.
    pub backups: Vec<Backup>,
    /// The restore window.
    pub window: Window,
}

impl<C> Source<C> {
    /// The restore to that time, which must be within the window.
    ///
    /// # Errors
    /// `InvalidParameterValue` if no base backup ended before.
    pub fn origin(&self, at: Timestamp) -> Result<Origin, AwsError> {
        let none = || invalid_value(format!("No backup was taken before {at}."));
        let backup = backup_for(&self.backups, at).ok_or_else(none)?;
        Ok(Origin::PointInTime {
            source: self.portrait.identifier.clone(),
            resource_id: self.portrait.resource_id.clone(),
            backup: backup.name.clone(),
            at,
        })
    }
}

fn find_source(fleet: &Fleet, form: &Form) -> Result<Source<Choices>, AwsError> {
    let identifier = form.get("SourceDBInstanceIdentifier");
    let resource_id = form.get("SourceDbiResourceId");
    let backups = form.get("SourceDBInstanceAutomatedBackupsArn");
    match (identifier, resource_id, backups) {
        (Some(name), None, None) => {
            let one = fleet.instance(&identifier_of(name));
            of_instance(fleet, one.ok_or_else(|| no_instance(name))?)
        }
        (None, Some(id), None) => of_resource(fleet, id),
        (None, None, Some(arn)) => {
            let id = resource_id_in(arn).ok_or_else(|| no_automated_backup(arn))?;
            of_resource(fleet, &id)
        }
        _ => Err(invalid_combination(
            "Exactly one of SourceDBInstanceIdentifier, SourceDbiResourceId and \
             SourceDBInstanceAutomatedBackupsArn must be given.",
        )),
    }
}

/// The backups under a resource id: those of a present instance, or retained ones.
fn of_resource(fleet: &Fleet, id: &str) -> Result<Source<Choices>, AwsError> {
    let retained = fleet.state().retained.get(id).cloned();
    if let Some(retained) = retained {
        let window = retained.window().ok_or_else(|| no_automated_backup(id))?;
        return Ok(Source {
            window,
            portrait: retained.portrait,
            backups: retained.backups,
        });
    }
    let instances = fleet.state().instances.clone();
    let found = instances.into_values().find(|one| one.resource_id == id);
    of_instance(fleet, found.ok_or_else(|| no_automated_backup(id))?)
}

fn of_instance(fleet: &Fleet, one: Instance) -> Result<Source<Choices>, AwsError> {
    if one.membership.is_some() {
        return Err(invalid_combination(format!(
            "The instance {} is a member of a cluster: use RestoreDBClusterToPointInTime.",
            one.identifier
        )));
    }
    if one.choices.backup_retention == 0 {
        return Err(not_restorable(&one.identifier));
    }
    if matches!(one.status, Status::Creating | Status::Deleting) || one.status.is_failure() {
        return Err(invalid_state(&one.identifier, one.status));
    }
    let problem = || invalid_value(format!("{} has no restorable time yet.", one.identifier));
    let latest = fleet.latest_restorable_time(&one.holder());
    Ok(Source {
        window: one.window(latest).ok_or_else(problem)?,
        portrait: one.portrait(),
        backups: one.backups,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Target, AwsError> {
        Target::read(&Form::decode(body.as_bytes()), "RestoreTime")
    }

    #[test]
    fn exactly_one_way_to_name_the_time_is_taken() {
        assert_eq!(
            read("UseLatestRestorableTime=true").unwrap(),
            Target::Latest
        );
        assert!(matches!(
            read("RestoreTime=2026-03-04T10%3A11%3A12Z").unwrap(),
            Target::At(_)
        ));
        assert_eq!(read("").unwrap_err().code, "InvalidParameterCombination");
        let both = read("RestoreTime=2026-03-04T10%3A11%3A12Z&UseLatestRestorableTime=true");
        assert_eq!(both.unwrap_err().code, "InvalidParameterCombination");
        assert_eq!(
            read("RestoreTime=yesterday").unwrap_err().code,
            "InvalidParameterValue"
        );
    }

    #[test]
    fn a_time_outside_the_window_is_refused_with_the_window() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let window = Window {
            earliest: at("2026-03-04T10:00:00Z"),
            latest: at("2026-03-04T11:00:00Z"),
        };
        assert_eq!(Target::Latest.within(window).unwrap(), window.latest);
        let error = Target::At(at("2026-03-04T11:00:01Z"))
            .within(window)
            .unwrap_err();
        assert_eq!(error.code, "InvalidParameterValue");
        assert!(
            error.message.contains("2026-03-04T11:00:00.000Z"),
            "{error}"
        );
    }
}
