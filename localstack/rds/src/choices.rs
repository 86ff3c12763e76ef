//! What a customer chooses for an instance: read from the parameters of a call.

use local_cloud_wire::AwsError;
use local_cloud_wire::query::Form;

use crate::parameters::{boolean, number, required};
use crate::record::{Choices, State};
use crate::refusal::{invalid_combination, invalid_value, no_parameter_group, no_subnet_group};

/// The security group of instances for which none is named: the VPC's default one.
pub const DEFAULT_SECURITY_GROUP: &str = "sg-00000001";

/// The class of Aurora Serverless v2.
pub const SERVERLESS: &str = "db.serverless";

/// The engine's default parameter group.
pub fn default_parameter_group(major: u32) -> String {
    format!("default.postgres{major}")
}

/// The choices of a new instance.
///
/// # Errors
/// A missing or invalid parameter.
pub fn choices_of_new(form: &Form, region: &str, major: u32) -> Result<Choices, AwsError> {
    let defaults = Choices {
        class: class(required(form, "DBInstanceClass")?)?,
        allocated_storage: 20,
        storage_type: "gp2".into(),
        subnet_group: "default".into(),
        security_groups: vec![DEFAULT_SECURITY_GROUP.into()],
        parameter_group: default_parameter_group(major),
        availability_zone: format!("{region}a"),
        multi_az: false,
        publicly_accessible: false,
        storage_encrypted: false,
        kms_key: None,
        backup_retention: 1,
        deletion_protection: false,
        iam_authentication: false,
        auto_minor_version_upgrade: true,
        copy_tags_to_snapshot: false,
    };
    overlay(form, defaults)
}

/// The choices of a restored instance: the source's, but for what RDS does not inherit
/// (`RestoreDBInstanceToPointInTime`, RDS API reference).
///
/// # Errors
/// An invalid parameter.
pub fn choices_of_restored(form: &Form, source: &Choices, major: u32) -> Result<Choices, AwsError> {
    let inherited = Choices {
        subnet_group: source.subnet_group.clone(),
        security_groups: vec![DEFAULT_SECURITY_GROUP.into()],
        parameter_group: default_parameter_group(major),
        multi_az: false,
        publicly_accessible: false,
        deletion_protection: false,
        iam_authentication: false,
        copy_tags_to_snapshot: false,
        ..source.clone()
    };
    let choices = overlay(form, inherited)?;
    if choices.allocated_storage < source.allocated_storage {
        return Err(invalid_value(
            "AllocatedStorage must not be less than the source's.",
        ));
    }
    Ok(choices)
}

/// The choices with those that the call names instead.
///
/// # Errors
/// An invalid parameter.
pub fn overlay(form: &Form, base: Choices) -> Result<Choices, AwsError> {
    let text = |name: &str, base: String| form.get(name).map_or(base, str::to_owned);
    let flag = |name: &str, base: bool| boolean(form, name).map(|given| given.unwrap_or(base));
    let groups = form.list("VpcSecurityGroupIds");
    let choices = Choices {
        class: class(form.get("DBInstanceClass").unwrap_or(&base.class))?,
        allocated_storage: number(form, "AllocatedStorage", 5..=65_536)?
            .unwrap_or(base.allocated_storage),
        storage_type: text("StorageType", base.storage_type),
        subnet_group: form
            .get("DBSubnetGroupName")
            .map_or(base.subnet_group, str::to_ascii_lowercase),
        security_groups: if groups.is_empty() {
            base.security_groups
        } else {
            groups.into_iter().map(str::to_owned).collect()
        },
        parameter_group: form
            .get("DBParameterGroupName")
            .map_or(base.parameter_group, str::to_ascii_lowercase),
        availability_zone: text("AvailabilityZone", base.availability_zone),
        multi_az: flag("MultiAZ", base.multi_az)?,
        publicly_accessible: flag("PubliclyAccessible", base.publicly_accessible)?,
        storage_encrypted: flag("StorageEncrypted", base.storage_encrypted)?,
        kms_key: form.get("KmsKeyId").map(str::to_owned).or(base.kms_key),
        backup_retention: number(form, "BackupRetentionPeriod", 0..=35)?
            .unwrap_or(base.backup_retention),
        deletion_protection: flag("DeletionProtection", base.deletion_protection)?,
        iam_authentication: flag("EnableIAMDatabaseAuthentication", base.iam_authentication)?,
        auto_minor_version_upgrade: flag(
            "AutoMinorVersionUpgrade",
            base.auto_minor_version_upgrade,
        )?,
        copy_tags_to_snapshot: flag("CopyTagsToSnapshot", base.copy_tags_to_snapshot)?,
    };
    if choices.multi_az && form.get("AvailabilityZone").is_some() {
        return Err(invalid_combination(
            "Requesting a specific availability zone is not valid for Multi-AZ instances.",
        ));
    }
    Ok(choices)
}

/// Whether the groups that are named exist.
///
/// # Errors
/// `DBSubnetGroupNotFoundFault`, `DBParameterGroupNotFound`.
pub fn check_groups(state: &State, choices: &Choices, major: u32) -> Result<(), AwsError> {
    let (subnets, parameters) = (&choices.subnet_group, &choices.parameter_group);
    if subnets != "default" && !state.subnet_groups.contains_key(subnets) {
        return Err(no_subnet_group(subnets));
    }
    if *parameters != default_parameter_group(major)
        && !state.parameter_groups.contains_key(parameters)
    {
        return Err(no_parameter_group(parameters));
    }
    Ok(())
}

/// RDS takes over the master's password when it creates or modifies, but not when it restores: that is for Oracle only
/// (RDS API reference).
///
/// # Errors
/// `InvalidParameterCombination`.
pub fn refuse_managed_password(form: &Form) -> Result<(), AwsError> {
    match boolean(form, "ManageMasterUserPassword")? {
        Some(true) => Err(invalid_combination(
            "ManageMasterUserPassword can't be given for a restore of this engine: use it to modify the restored database.",
        )),
        _ => Ok(()),
    }
}

/// An instance class of an instance outside of clusters.
fn class(text: &str) -> Result<String, AwsError> {
    if text == SERVERLESS {
        return Err(invalid_combination(
            "The class db.serverless is for instances of Aurora clusters.",
        ));
    }
    let parts = text.split('.').count();
    if text.starts_with("db.") && parts >= 2 && !text.ends_with('.') {
        return Ok(text.to_owned());
    }
    Err(invalid_value(format!("Invalid DB Instance class: {text}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(body: &str) -> Form {
        Form::decode(body.as_bytes())
    }

    fn source() -> Choices {
        let body = "DBInstanceClass=db.r6g.large&AllocatedStorage=50&DBParameterGroupName=own&VpcSecurityGroupIds.member.1=sg-1\
                    &DeletionProtection=true&BackupRetentionPeriod=7&MultiAZ=true&DBSubnetGroupName=Subnets";
        choices_of_new(&form(body), "eu-west-3", 15).unwrap()
    }

    #[test]
    fn a_restored_instance_takes_class_storage_and_retention_from_its_source_and_groups_from_the_defaults()
     {
        let restored = choices_of_restored(&form(""), &source(), 15).unwrap();
        assert_eq!(
            (
                restored.class.as_str(),
                restored.allocated_storage,
                restored.backup_retention
            ),
            ("db.r6g.large", 50, 7)
        );
        assert_eq!(restored.parameter_group, "default.postgres15");
        assert_eq!(restored.security_groups, [DEFAULT_SECURITY_GROUP]);
        assert!(!restored.deletion_protection && !restored.multi_az);
    }

    #[test]
    fn what_the_restore_names_is_taken_instead() {
        let restored = choices_of_restored(
            &form("BackupRetentionPeriod=0&DBParameterGroupName=own"),
            &source(),
            15,
        )
        .unwrap();
        assert_eq!(
            (restored.backup_retention, restored.parameter_group.as_str()),
            (0, "own")
        );
        assert!(choices_of_restored(&form("AllocatedStorage=20"), &source(), 15).is_err());
    }

    #[test]
    fn groups_must_exist_but_the_default_ones_always_do() {
        let mut choices = source();
        assert_eq!(
            check_groups(&State::default(), &choices, 15)
                .unwrap_err()
                .code,
            "DBSubnetGroupNotFoundFault"
        );
        choices.subnet_group = "default".into();
        assert_eq!(
            check_groups(&State::default(), &choices, 15)
                .unwrap_err()
                .code,
            "DBParameterGroupNotFound"
        );
        choices.parameter_group = "default.postgres15".into();
        assert!(check_groups(&State::default(), &choices, 15).is_ok());
    }
}
