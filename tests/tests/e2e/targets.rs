//! Restores into another database than the source, which may be deleted.

use std::collections::HashMap;

use serde_json::{Value, json};
use tenant_restore_tests::cloud::Cloud;
use tenant_restore_tests::command_line::run;
use tenant_restore_tests::kind::Kind;
use tenant_restore_tests::production::Production;
use tenant_restore_tests::remains::{close, opt_in};
use tenant_restore_tests::report::Report;
use tenant_restore_tests::request::Request;
use tenant_restore_tests::truth::Truth;
use tenant_restore_tests::{Context, Result, leftovers};
use tokio::sync::OnceCell;

use crate::stage::{ENDS_WITHIN, Stage, TAG, Tenant, none_of, play, tenant_of};

/// The instance that all tests here restore into; the cloud ends with it.
static TARGET: OnceCell<Production> = OnceCell::const_new();

/// It has the owners and grantees that the schemas need: roles aren't restored.
async fn target_of(stage: &Stage) -> Result<&'static Production> {
    let create = async || {
        let target = Production::create(&stage.cloud, &stage.request_id("target")).await?;
        create_roles(
            &target,
            &["postgres", "moved_1_app", "lost_1_app", "wanted_app"],
        )
        .await?;
        Ok(target)
    };
    TARGET.get_or_try_init(create).await
}

async fn create_roles(target: &Production, roles: &[&str]) -> Result<()> {
    let connection = target.connect("postgres").await?;
    for role in roles {
        // A member reads what the role owns.
        let create = format!("create role {role} nologin role current_user");
        let created = connection.batch_execute(&create).await;
        created.context(format!("create the role {role}"))?;
    }
    Ok(())
}

/// A schema that no restore was about is as it was.
async fn untouched(tenant: &mut Tenant) -> Result<()> {
    let truth = tenant.truth.clone();
    for schema in truth.schemas() {
        let differences = truth.differences(&mut tenant.connection, schema, schema);
        none_of(&format!("{schema} was touched"), &differences.await?)?;
    }
    Ok(())
}

async fn schemas_of(tenant: &Tenant) -> Result<Vec<String>> {
    let doing = "list the schemas";
    let names = "select nspname::text from pg_namespace where nspname !~ '^pg_' order by 1";
    let rows = tenant.connection.query(names, &[]).await.context(doing)?;
    let names = rows.iter().map(|row| row.try_get(0));
    names.collect::<Result<_, _>>().context(doing)
}

/// The attributes of a request's notice, which filter policies go by.
fn attributes_of(stage: &Stage, request_id: &str) -> Result<HashMap<String, String>> {
    let notices = stage.chronicle.notices(request_id).into_iter();
    let attributes = notices.map(|notice| notice.attributes).next();
    attributes.context(format!("find the notice of {request_id}"))
}

/// What every event about a request says of its target.
fn targets_told(stage: &Stage, request_id: &str) -> Vec<Value> {
    let events = stage.chronicle.events(request_id).into_iter();
    events.map(|event| event.detail["target"].clone()).collect()
}

#[test]
fn a_schema_comes_back_into_another_instance_and_neither_source_nor_neighbours_are_touched() {
    play(async |stage| {
        let target = target_of(stage).await?;
        let database = "into_another";
        let (mut source, mut there) = futures::try_join!(
            stage.tenant(database, &["moved_1"]),
            tenant_of(target, database, &["resident_1"]),
        )?;
        let before = schemas_of(&source).await?;
        let plan = source.request(&stage.request_id("plan-into-another"));
        let options = [
            "plan",
            "--file",
            "-",
            "--target",
            &target.identifier,
            "--output",
            "json",
        ];
        let plan = run(&options, &plan.detail.to_string()).await?.json()?;
        assert_eq!(plan["possible"], true, "{plan}");
        assert_eq!(plan["target"], *target.identifier);
        let tables = plan["tables"].as_array().context("find the tables")?;
        assert!(tables.iter().all(|table| table["schema"] == "moved_1") && !tables.is_empty());
        let id = stage.request_id("into-another");
        let request = source
            .request(&id)
            .with("target", target.identifier.as_str());
        let outcome = stage.ask(&request).await?;
        let truth = source.truth.clone();
        stage
            .came_back(&mut there.connection, &truth, &outcome)
            .await?;
        untouched(&mut source).await?;
        untouched(&mut there).await?;
        assert_eq!(
            schemas_of(&source).await?,
            before,
            "nothing was added to the source"
        );
        let told = targets_told(stage, &id);
        assert!(
            told.iter().all(|name| *name == *target.identifier),
            "{told:?}"
        );
        let named = [
            ("outcome", "COMPLETED"),
            ("database", database),
            ("source", stage.production.identifier.as_str()),
            ("target", target.identifier.as_str()),
        ];
        let named = named.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(attributes_of(stage, &id)?, HashMap::from(named));
        Ok(())
    });
}

#[test]
fn a_schema_comes_back_from_an_instance_into_a_cluster_whose_member_names_the_same_target() {
    play(async |stage| {
        let name = stage.request_id("target-aurora");
        let target = Production::create_of(&stage.cloud, &name, Kind::AuroraProvisioned).await?;
        create_roles(&target, &["postgres", "ashore_1_app"]).await?;
        let database = "into_cluster";
        let (mut source, mut there) = futures::try_join!(
            stage.tenant(database, &["ashore_1"]),
            tenant_of(&target, database, &["resident_2"]),
        )?;
        let before = schemas_of(&source).await?;
        let id = stage.request_id("into-cluster");
        let request = source.request(&id).with("target", name.as_str());
        request.publish(&stage.cloud).await?;
        stage
            .chronicle
            .wait_for(&id, "RestoreAccepted", ENDS_WITHIN)
            .await?;
        let member = member_of(&stage.cloud, &name).await?;
        let twin = source.request(&stage.request_id("into-member"));
        let twin = stage.ask(&twin.with("target", member)).await?;
        let cause = &twin.causes[0];
        let claimed = (cause.kind.as_str(), cause.field.as_deref());
        assert_eq!(claimed, ("TargetClaimed", Some("suffix")), "{cause:?}");

        let outcome = stage.chronicle.wait_for_end(&id, ENDS_WITHIN).await?;
        let truth = source.truth.clone();
        stage
            .came_back(&mut there.connection, &truth, &outcome)
            .await?;
        untouched(&mut source).await?;
        untouched(&mut there).await?;
        assert_eq!(schemas_of(&source).await?, before, "nothing was added");
        let target_named = attributes_of(stage, &id)?.remove("target");
        assert_eq!(target_named, Some(name));
        drop(there);
        target.delete().await
    });
}

/// The one instance of a cluster.
async fn member_of(cloud: &Cloud, cluster: &str) -> Result<String> {
    let request = cloud.rds.describe_db_clusters();
    let request = request.db_cluster_identifier(cluster);
    let answer = request.send().await.context("describe the cluster")?;
    let member = answer.db_clusters()[0].db_cluster_members().first();
    let member = member.and_then(|member| member.db_instance_identifier());
    Ok(member.context("find the cluster's member")?.to_owned())
}

/// The secret outlives the source, and its version of then logs in; what the snapshot opts in with is none, so the
/// password is reset.
#[test]
fn a_deleted_source_comes_back_into_another_instance_from_retained_backups_and_from_a_snapshot() {
    play(async |stage| {
        let target = target_of(stage).await?;
        let (database, schema) = ("of_deleted", "lost_1");
        let schemas = [schema];
        let source = Production::create(&stage.cloud, &stage.request_id("deleted")).await?;
        let (mut lost, mut there) = futures::try_join!(
            tenant_of(&source, database, &schemas),
            tenant_of(target, database, &["resident_2"]),
        )?;
        let by_time = lost.truth.clone();
        let change = format!("delete from {schema}.order_items");
        let changed = lost.connection.batch_execute(&change).await;
        changed.context("change the tenant")?;
        let at_snapshot = Truth::note(&mut lost.connection, &schemas).await?;
        let snapshot = source.snapshot(&stage.request_id("last")).await?;
        let secret = source.secret().context("find the secret")?.to_owned();
        let asked = |name: &str| {
            let request = lost.request(&stage.request_id(name));
            request.with("source", source.identifier.as_str())
        };
        let without_target = asked("deleted-nowhere");
        let not_opted_in = asked("deleted-not-opted-in").with("target", target.identifier.as_str());
        // That DMS is needed is known only once the copy is there.
        let timed = asked("deleted-time").with("target", target.identifier.as_str());
        let of_snapshot = asked("deleted-snapshot")
            .with("target", target.identifier.as_str())
            .with("mover", "copy")
            .without("restoreTime")
            .with("snapshotId", snapshot.name.as_str());
        drop(lost);
        let backups = source.delete_keeping_backups().await?;

        refused(stage, &not_opted_in, ("SourceNotAllowed", "source")).await?;
        opt_in(&stage.cloud, &backups.arn, &secret).await?;
        opt_in(&stage.cloud, &snapshot.arn, "managed").await?;
        refused(stage, &without_target, ("SourceUnknown", "target")).await?;
        planned(&timed).await?;
        let (timed, of_snapshot) = tokio::try_join!(stage.ask(&timed), stage.ask(&of_snapshot))?;
        stage
            .came_back(&mut there.connection, &by_time, &timed)
            .await?;
        stage
            .came_back(&mut there.connection, &at_snapshot, &of_snapshot)
            .await?;
        untouched(&mut there).await?;
        for (outcome, proven) in [(&timed, true), (&of_snapshot, false)] {
            let report = outcome.report.as_deref().context("find the report")?;
            let report = Report::read(&stage.cloud, report).await?;
            assert_eq!(report.probe().is_some(), proven, "the login of then");
        }
        backups.delete().await
    });
}

/// A plan of a deleted source tells what it can't know, and that, not a price.
async fn planned(request: &Request) -> Result<()> {
    let plan = ["plan", "--file", "-", "--output", "json"];
    let ran = run(&plan, &request.detail.to_string()).await?;
    let plan = ran.json()?;
    assert_eq!(plan["possible"], true, "{plan:#}");
    let warnings = plan["warnings"].as_array().context("read the warnings")?;
    for unknown in ["SchemaMissing", "PriceUnknown"] {
        let told = warnings.iter().any(|warning| warning["kind"] == unknown);
        assert!(told, "{unknown}: {plan:#}");
    }
    let unpriced = json!(["temporary database"]);
    assert_eq!(plan["creates"]["unpriced"], unpriced, "{plan:#}");
    assert!(plan["estimate"]["usd"].is_null(), "{plan:#}");
    Ok(())
}

/// The request is rejected for one reason, with kind and field, and leaves nothing.
async fn refused(stage: &Stage, request: &Request, expected: (&str, &str)) -> Result<()> {
    let outcome = stage.ask(request).await?;
    assert_eq!(outcome.outcome, "REJECTED", "{}", outcome.why());
    let [cause] = outcome.causes.as_slice() else {
        panic!("one cause: {}", outcome.why());
    };
    let found = (cause.kind.as_str(), cause.field.as_deref());
    assert_eq!(found, (expected.0, Some(expected.1)), "{cause:?}");
    let restore = outcome.restore_id.as_deref().context("find the restore")?;
    let left = leftovers::in_aws(&stage.cloud, TAG, Some(restore)).await?;
    none_of("left behind", &left)
}

#[test]
fn a_target_that_is_not_there_not_allowed_or_has_the_name_already_is_rejected_with_nothing_made() {
    play(async |stage| {
        let target = target_of(stage).await?;
        let database = "wrong_target";
        let (source, mut there) = futures::try_join!(
            stage.tenant(database, &["wanted"]),
            tenant_of(target, database, &["wanted_back"]),
        )?;
        let into = |name: &str, identifier: &str| {
            let request = source.request(&stage.request_id(name));
            request.with("suffix", "back").with("target", identifier)
        };
        let unknown = into("target-unknown", "no-such-instance");
        refused(stage, &unknown, ("TargetUnknown", "target")).await?;
        let taken = into("target-taken", &target.identifier);
        refused(stage, &taken, ("TargetNameTaken", "schemas[0]")).await?;
        let closed = Production::create(&stage.cloud, &stage.request_id("closed")).await?;
        close(&stage.cloud, &closed).await?;
        let not_allowed = into("target-closed", &closed.identifier);
        refused(stage, &not_allowed, ("TargetNotAllowed", "target")).await?;
        closed.delete().await?;
        untouched(&mut there).await
    });
}
