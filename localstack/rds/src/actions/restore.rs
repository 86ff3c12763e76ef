//! `RestoreDBInstanceToPointInTime`.

use std::sync::Arc;

use jiff::Timestamp;
use local_cloud_wire::AwsError;
use local_cloud_wire::query::{Form, Xml};
use local_cloud_wire::time::iso_milliseconds;

use super::create::{Wish, admit, result, wished_port};
use crate::choices::{choices_of_restored, refuse_managed_password};
use crate::fleet::Fleet;
use crate::parameters::{boolean, identifier_of, instant, new_identifier, tags};
use crate::record::{Instance, Origin, State};
use crate::refusal::{
    invalid_combination, invalid_state, invalid_value, no_instance, not_restorable,
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
    let target = Target::read(form)?;
    let source = find_source(&fleet.state(), form)?;
    if fleet.instance(&identifier).is_some() {
        return Err(crate::refusal::instance_exists(&identifier));
    }
    let window = restorable(&source, fleet.latest_restorable_time(&source.identifier))?;
    let at = target.within(window)?;
    let wish = Wish {
        identifier,
        master: source.master.clone(),
        database: source.database.clone(),
        choices: choices_of_restored(form, &source.choices, fleet.machine.installation.major())?,
        tags: if form.structures("Tags").is_empty() {
            source.tags
        } else {
            tags(form)?
        },
        origin: Origin::PointInTime {
            source: source.identifier,
            at,
        },
        port: wished_port(form)?,
    };
    let instance = admit(fleet, wish).await?;
    Ok(result(fleet, "RestoreDBInstanceToPointInTime", &instance))
}

/// The time that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Latest,
    At(Timestamp),
}

impl Target {
    fn read(form: &Form) -> Result<Self, AwsError> {
        let latest = boolean(form, "UseLatestRestorableTime")?.unwrap_or(false);
        match (instant(form, "RestoreTime")?, latest) {
            (Some(at), false) => Ok(Self::At(at)),
            (None, true) => Ok(Self::Latest),
            (Some(_), true) => Err(invalid_combination(
                "RestoreTime can't be given when UseLatestRestorableTime is true.",
            )),
            (None, false) => Err(invalid_combination(
                "Either RestoreTime or UseLatestRestorableTime must be given.",
            )),
        }
    }

    fn within(self, window: Window) -> Result<Timestamp, AwsError> {
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

fn find_source(state: &State, form: &Form) -> Result<Instance, AwsError> {
    let by_identifier = form.get("SourceDBInstanceIdentifier");
    let by_resource = form.get("SourceDbiResourceId");
    let found = match (by_identifier, by_resource) {
        (Some(name), None) => state.instances.get(&identifier_of(name)),
        (None, Some(id)) => state
            .instances
            .values()
            .find(|instance| instance.resource_id == id),
        _ => {
            let problem =
                "Exactly one of SourceDBInstanceIdentifier and SourceDbiResourceId must be given.";
            return Err(invalid_combination(problem));
        }
    };
    found
        .cloned()
        .ok_or_else(|| no_instance(by_identifier.or(by_resource).unwrap_or_default()))
}

fn restorable(source: &Instance, latest: Option<Timestamp>) -> Result<Window, AwsError> {
    if source.choices.backup_retention == 0 {
        return Err(not_restorable(&source.identifier));
    }
    if source.status == Status::Creating
        || source.status == Status::Deleting
        || source.status.is_failure()
    {
        return Err(invalid_state(&source.identifier, source.status));
    }
    let problem = || invalid_value(format!("{} has no restorable time yet.", source.identifier));
    source.window(latest).ok_or_else(problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Target, AwsError> {
        Target::read(&Form::decode(body.as_bytes()))
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
