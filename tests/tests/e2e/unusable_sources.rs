//! Sources that nothing can be restored from, or into: told apart, and rejected before anything is made.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use tenant_restore_tests::network::another_vpc;
use tenant_restore_tests::outcome::Outcome;
use tenant_restore_tests::request::Request;
use tenant_restore_tests::{Context, Result, leftovers, wait};

use crate::stage::{Stage, TAG, none_of, play};

const CREATED_WITHIN: Duration = Duration::from_secs(60);

/// Asks for an instance, in a DB subnet group or without one. It needn't become available.
async fn create_instance(stage: &Stage, name: &str, subnet_group: Option<&str>) -> Result<()> {
    let create = stage
        .cloud
        .rds
        .create_db_instance()
        .db_instance_identifier(name)
        .db_instance_class("db.t4g.micro")
        .engine("postgres")
        .allocated_storage(20)
        .master_username("master")
        .master_user_password("not-used-by-anyone-1")
        .set_db_subnet_group_name(subnet_group.map(str::to_owned));
    create.send().await.context(format!("create {name}"))?;
    Ok(())
}

async fn delete_instance(stage: &Stage, name: &str) -> Result<()> {
    let delete = stage.cloud.rds.delete_db_instance();
    let delete = delete
        .db_instance_identifier(name)
        .skip_final_snapshot(true);
    delete.send().await.context(format!("delete {name}"))?;
    Ok(())
}

/// The rejection of a restore from that source, which must leave nothing.
async fn rejection(stage: &Stage, source: &str) -> Result<Outcome> {
    let id = stage.request_id(&format!("from-{source}"));
    let request = Request::new(&id, "any", &["any"], Timestamp::UNIX_EPOCH).with("source", source);
    let outcome = stage.ask(&request).await?;
    assert_eq!(outcome.outcome, "REJECTED", "{}", outcome.why());
    let restore = outcome.restore_id.as_deref();
    let left = leftovers::in_aws(&stage.cloud, TAG, restore).await?;
    none_of("left behind", &left)?;
    Ok(outcome)
}

#[test]
fn a_source_in_another_vpc_is_rejected_with_both_vpcs_named() {
    play(async |stage| {
        let (name, group) = (stage.request_id("far-away"), stage.request_id("far-group"));
        let vpc = another_vpc(&stage.cloud, &group).await?;
        create_instance(stage, &name, Some(&group)).await?;
        let outcome = rejection(stage, &name).await?;
        let [cause] = outcome.causes.as_slice() else {
            panic!("one cause: {}", outcome.why());
        };
        assert_eq!(
            (cause.kind.as_str(), cause.field.as_deref()),
            ("OtherNetwork", Some("source"))
        );
        assert!(
            cause.message.contains(&vpc) && cause.remedy.contains("VPC"),
            "{cause:?}"
        );
        delete_instance(stage, &name).await
    });
}

#[test]
fn a_source_whose_key_is_unusable_is_rejected_as_such() {
    const STATUS: &str = "inaccessible-encryption-credentials";
    play(async |stage| {
        let name = stage.request_id("keyless");
        let fault = json!({ "service": "rds", "fault": "create-fails", "match": name, "code": STATUS, "times": 1 });
        stage.faults.switch_on(&fault).await?;
        create_instance(stage, &name, None).await?;
        wait::until(
            &format!("{name} without its key"),
            CREATED_WITHIN,
            async || {
                let describe = stage.cloud.rds.describe_db_instances();
                let answer = describe.db_instance_identifier(&name).send().await;
                let answer = answer.context("describe the instance")?;
                let status = answer
                    .db_instances()
                    .first()
                    .and_then(|one| one.db_instance_status());
                Ok((status == Some(STATUS)).then_some(()))
            },
        )
        .await?;
        let outcome = rejection(stage, &name).await?;
        let [cause] = outcome.causes.as_slice() else {
            panic!("one cause: {}", outcome.why());
        };
        assert_eq!(
            (cause.kind.as_str(), cause.field.as_deref()),
            ("KeyUnusable", Some("source"))
        );
        assert!(
            cause.message.contains(STATUS) && cause.remedy.contains("KMS"),
            "{cause:?}"
        );
        delete_instance(stage, &name).await
    });
}
