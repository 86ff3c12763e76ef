//! What a customer chooses for a cluster: read from the parameters of a call.

use local_cloud_wire::AwsError;
use local_cloud_wire::query::Form;

use crate::choices::DEFAULT_SECURITY_GROUP;
use crate::parameters::{boolean, number};
use crate::record::{Capacity, ClusterChoices, Engine, MultiAz, Scaling, State};
use crate::refusal::{
    invalid_combination, invalid_value, missing, no_cluster_parameter_group, no_subnet_group,
};

/// The engine's default cluster parameter group.
pub fn default_cluster_parameter_group(engine: Engine, major: u32) -> String {
    format!("default.{}{major}", engine.name())
}

/// The choices of a new cluster.
///
/// # Errors
/// A missing or invalid parameter.
pub fn choices_of_new(form: &Form, engine: Engine, major: u32) -> Result<ClusterChoices, AwsError> {
    let storage_type = match engine {
        Engine::AuroraPostgresql => "aurora",
        Engine::Postgres => "io1",
    };
    let defaults = ClusterChoices {
        subnet_group: "default".into(),
        security_groups: vec![DEFAULT_SECURITY_GROUP.into()],
        parameter_group: default_cluster_parameter_group(engine, major),
        storage_type: storage_type.into(),
        storage_encrypted: false,
        kms_key: None,
        backup_retention: 1,
        deletion_protection: false,
        iam_authentication: false,
        copy_tags_to_snapshot: false,
        scaling: None,
        multi_az: multi_az(form, engine)?,
    };
    overlay(form, defaults)
}

/// The choices of a restored cluster: the source's, but for groups and what has to be said anew
/// (`RestoreDBClusterToPointInTime`, RDS API reference).
///
/// # Errors
/// An invalid parameter.
pub fn choices_of_restored(
    form: &Form,
    source: &ClusterChoices,
    engine: Engine,
    major: u32,
) -> Result<ClusterChoices, AwsError> {
    let inherited = ClusterChoices {
        security_groups: vec![DEFAULT_SECURITY_GROUP.into()],
        parameter_group: default_cluster_parameter_group(engine, major),
        deletion_protection: false,
        iam_authentication: false,
        copy_tags_to_snapshot: false,
        scaling: None,
        ..source.clone()
    };
    overlay(form, inherited)
}

/// The choices with those that the call names instead.
///
/// # Errors
/// An invalid parameter.
pub fn overlay(form: &Form, base: ClusterChoices) -> Result<ClusterChoices, AwsError> {
    let lower = |name: &str, base: String| form.get(name).map_or(base, str::to_ascii_lowercase);
    let flag = |name: &str, base: bool| boolean(form, name).map(|given| given.unwrap_or(base));
    let groups = form.list("VpcSecurityGroupIds");
    Ok(ClusterChoices {
        subnet_group: lower("DBSubnetGroupName", base.subnet_group),
        security_groups: if groups.is_empty() {
            base.security_groups
        } else {
            groups.into_iter().map(str::to_owned).collect()
        },
        parameter_group: lower("DBClusterParameterGroupName", base.parameter_group),
        storage_type: form
            .get("StorageType")
            .map_or(base.storage_type, str::to_owned),
        storage_encrypted: flag("StorageEncrypted", base.storage_encrypted)?,
        kms_key: form.get("KmsKeyId").map(str::to_owned).or(base.kms_key),
        backup_retention: number(form, "BackupRetentionPeriod", 1..=35)?
            .unwrap_or(base.backup_retention),
        deletion_protection: flag("DeletionProtection", base.deletion_protection)?,
        iam_authentication: flag("EnableIAMDatabaseAuthentication", base.iam_authentication)?,
        copy_tags_to_snapshot: flag("CopyTagsToSnapshot", base.copy_tags_to_snapshot)?,
        scaling: scaling(&form.below("ServerlessV2ScalingConfiguration"))?.or(base.scaling),
        multi_az: base.multi_az,
    })
}

/// `ServerlessV2ScalingConfiguration`: 0 or 0.5 to 256 capacity units in halves; a pause needs 0 as the least
/// (RDS API reference).
fn scaling(form: &Form) -> Result<Option<Scaling>, AwsError> {
    let (least, most) = (
        capacity(form, "MinCapacity")?,
        capacity(form, "MaxCapacity")?,
    );
    let pause_after = number(form, "SecondsUntilAutoPause", 300..=86_400)?;
    let (least, most) = match (least, most) {
        (None, None) => return Ok(None),
        (Some(least), Some(most)) => (least, most),
        _ => {
            return Err(invalid_combination(
                "ServerlessV2ScalingConfiguration needs MinCapacity and MaxCapacity.",
            ));
        }
    };
    if least > most || most < Capacity(2) {
        return Err(invalid_value(
            "MaxCapacity must be at least 1 and not less than MinCapacity.",
        ));
    }
    if pause_after.is_some() && least > Capacity(0) {
        return Err(invalid_combination(
            "SecondsUntilAutoPause needs a MinCapacity of 0.",
        ));
    }
    Ok(Some(Scaling {
        least,
        most,
        pause_after,
    }))
}

fn capacity(form: &Form, name: &str) -> Result<Option<Capacity>, AwsError> {
    let Some(text) = form.get(name) else {
        return Ok(None);
    };
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let half = match part.trim_end_matches('0') {
        "" => Some(0),
        "5" => Some(1),
        _ => None,
    };
    let units = whole.parse::<u32>().ok().filter(|whole| *whole <= 256);
    let halves = units.zip(half).map(|(whole, half)| whole * 2 + half);
    let problem = || {
        invalid_value(format!(
            "{name} must be a number from 0 to 256 in steps of 0.5: {text}"
        ))
    };
    halves
        .filter(|halves| *halves <= 512)
        .map(|halves| Some(Capacity(halves)))
        .ok_or_else(problem)
}

/// What only a Multi-AZ DB cluster has; it is one by its engine.
fn multi_az(form: &Form, engine: Engine) -> Result<Option<MultiAz>, AwsError> {
    let class = form.get("DBClusterInstanceClass");
    if engine == Engine::AuroraPostgresql {
        return match class {
            None => Ok(None),
            Some(_) => Err(invalid_combination(
                "DBClusterInstanceClass is for Multi-AZ DB clusters only.",
            )),
        };
    }
    let class = class.ok_or_else(|| missing("DBClusterInstanceClass"))?;
    let storage = number(form, "AllocatedStorage", 5..=65_536)?;
    Ok(Some(MultiAz {
        class: class.to_owned(),
        allocated_storage: storage.ok_or_else(|| missing("AllocatedStorage"))?,
    }))
}

/// Whether the groups that are named exist.
///
/// # Errors
/// `DBSubnetGroupNotFoundFault`, `DBClusterParameterGroupNotFound`.
pub fn check_groups(
    state: &State,
    choices: &ClusterChoices,
    engine: Engine,
    major: u32,
) -> Result<(), AwsError> {
    let (subnets, parameters) = (&choices.subnet_group, &choices.parameter_group);
    if subnets != "default" && !state.subnet_groups.contains_key(subnets) {
        return Err(no_subnet_group(subnets));
    }
    let default = default_cluster_parameter_group(engine, major);
    if *parameters != default && !state.cluster_parameter_groups.contains_key(parameters) {
        return Err(no_cluster_parameter_group(parameters));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<ClusterChoices, AwsError> {
        choices_of_new(&Form::decode(body.as_bytes()), Engine::AuroraPostgresql, 15)
    }

    #[test]
    fn capacities_come_in_halves_within_the_limits() {
        let of = |least: &str, most: &str| {
            let name = "ServerlessV2ScalingConfiguration";
            read(&format!(
                "{name}.MinCapacity={least}&{name}.MaxCapacity={most}"
            ))
        };
        let scaling = of("0.5", "16").unwrap().scaling.unwrap();
        assert_eq!(
            (scaling.least.to_string(), scaling.most.to_string()),
            ("0.5".into(), "16.0".into())
        );
        for (least, most) in [
            ("0.3", "1"),
            ("2", "1"),
            ("0", "0.5"),
            ("1", "257"),
            ("x", "1"),
        ] {
            let error = of(least, most).unwrap_err();
            assert_eq!(error.code, "InvalidParameterValue", "{least} to {most}");
        }
    }

    #[test]
    fn only_a_cluster_that_may_reach_zero_can_pause() {
        let name = "ServerlessV2ScalingConfiguration";
        let of = |least: &str| {
            read(&format!(
                "{name}.MinCapacity={least}&{name}.MaxCapacity=4&{name}.SecondsUntilAutoPause=300"
            ))
        };
        assert!(of("0").is_ok());
        assert_eq!(of("0.5").unwrap_err().code, "InvalidParameterCombination");
    }

    #[test]
    fn a_restored_cluster_neither_inherits_its_scaling_nor_its_groups_nor_its_protection() {
        let name = "ServerlessV2ScalingConfiguration";
        let source = read(&format!(
            "{name}.MinCapacity=1&{name}.MaxCapacity=4&DeletionProtection=true&BackupRetentionPeriod=7\
             &VpcSecurityGroupIds.VpcSecurityGroupId.1=sg-9&StorageEncrypted=true"
        ))
        .unwrap();
        let engine = Engine::AuroraPostgresql;
        let restored = choices_of_restored(&Form::default(), &source, engine, 15).unwrap();
        assert_eq!(
            (restored.scaling, restored.deletion_protection),
            (None, false)
        );
        assert_eq!(restored.security_groups, [DEFAULT_SECURITY_GROUP]);
        assert_eq!(
            (restored.backup_retention, restored.storage_encrypted),
            (7, true)
        );
    }

    #[test]
    fn automated_backups_of_a_cluster_can_not_be_turned_off() {
        let error = read("BackupRetentionPeriod=0").unwrap_err();
        assert_eq!(error.code, "InvalidParameterValue");
    }

    #[test]
    fn a_cluster_of_the_engine_postgres_is_a_multi_az_one_and_says_its_class() {
        let read =
            |body: &str| choices_of_new(&Form::decode(body.as_bytes()), Engine::Postgres, 15);
        assert_eq!(read("").unwrap_err().code, "MissingParameter");
        let chosen = read("DBClusterInstanceClass=db.m5d.large&AllocatedStorage=100").unwrap();
        assert_eq!(chosen.multi_az.unwrap().class, "db.m5d.large");
    }
}
