//! The demonstration's two functions: the sample tenants are loaded once, whatever CloudFormation orders, and each checks
//! out with every tick of the schedule.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tenant_restore_tests::database::Database;
use tenant_restore_tests::mailbox::Mailbox;
use tenant_restore_tests::production::Production;
use tenant_restore_tests::sample_functions::SampleFunction;
use tenant_restore_tests::samples::{self, TENANTS};
use tenant_restore_tests::truth::Truth;
use tenant_restore_tests::{Context, Result};

use crate::stage::{Stage, none_of, play};

/// A new database without tenants, and the authority that signed for it.
async fn empty(stage: &Stage, name: &str) -> Result<(Production, PathBuf)> {
    let production = Production::create(&stage.cloud, &stage.request_id(name)).await?;
    Ok((production, stage.cloud.home.join("ca.pem")))
}

/// CloudFormation's order, with the address of its answer.
fn order(change: &str, mailbox: &Mailbox, path: &str) -> Value {
    json!({
        "RequestType": change,
        "ResponseURL": format!("{}{path}", mailbox.address),
        "StackId": "arn:aws:cloudformation:eu-west-3:000000000000:stack/DatabaseLevelRestoreStack/1",
        "RequestId": path,
        "LogicalResourceId": "Tenants",
        "PhysicalResourceId": "sample-tenants",
        "ResourceType": "Custom::SampleTenants",
        "ResourceProperties": {},
    })
}

/// Gives an order to the function, and what it answered.
async fn obeyed(
    function: &SampleFunction,
    mailbox: &Mailbox,
    change: &str,
    path: &str,
) -> Result<Value> {
    function.invoke(&order(change, mailbox, path)).await?;
    let answer = mailbox.letter(path).await?.body;
    assert_eq!(answer["RequestId"], path);
    assert_eq!(answer["LogicalResourceId"], "Tenants");
    assert_eq!(answer["PhysicalResourceId"], "sample-tenants");
    Ok(answer)
}

/// A connection to each database of the samples, and what its tenants hold.
async fn notes(production: &Production) -> Result<Vec<(Database, Truth)>> {
    let mut notes = Vec::new();
    for (database, tenants) in samples::by_database() {
        let mut connection = production.connect(database).await?;
        let schemas: Vec<_> = tenants.iter().map(|tenant| tenant.schema).collect();
        let truth = Truth::note(&mut connection, &schemas).await?;
        notes.push((connection, truth));
    }
    Ok(notes)
}

async fn changed(notes: &mut [(Database, Truth)]) -> Result<Vec<String>> {
    let mut changed = Vec::new();
    for (connection, truth) in notes {
        for schema in truth.schemas() {
            changed.extend(truth.differences(connection, schema, schema).await?);
        }
    }
    Ok(changed)
}

/// How many customers came by activity, of each tenant.
async fn customers(production: &Production) -> Result<Vec<i64>> {
    let mut counts = Vec::new();
    for tenant in TENANTS {
        let connection = production.connect(tenant.database).await?;
        connection.enter(tenant.schema).await?;
        let row = connection
            .query_one(
                "select count(*) from users where email like 'activity-%'",
                &[],
            )
            .await
            .context("count the customers")?;
        counts.push(row.get(0));
    }
    Ok(counts)
}

#[test]
fn sample_tenants_are_loaded_once_and_every_order_of_cloudformation_is_answered() {
    play(async |stage| {
        let (production, ca) = empty(stage, "samples").await?;
        let function = SampleFunction::deploy(&production, "sample-tenants", &ca).await?;
        let mailbox = Mailbox::open(1).await?;

        let created = obeyed(&function, &mailbox, "Create", "/create?Signature=secretive").await?;
        assert_eq!(created["Status"], "SUCCESS", "{created}");
        let all = "customer_a1,customer_a2,customer_b1,customer_b2";
        assert_eq!(created["Data"], json!({ "Made": all, "Found": "" }));

        let mut before = notes(&production).await?;
        assert!(before.iter().all(|(_, truth)| truth.rows() > 0));
        for (change, path) in [("Create", "/again"), ("Update", "/update")] {
            let answer = obeyed(&function, &mailbox, change, path).await?;
            assert_eq!(answer["Status"], "SUCCESS", "{answer}");
            assert_eq!(answer["Data"], json!({ "Made": "", "Found": all }));
        }
        let deleted = obeyed(&function, &mailbox, "Delete", "/delete").await?;
        assert_eq!(deleted["Status"], "SUCCESS", "{deleted}");
        none_of("changed by a repetition", &changed(&mut before).await?)?;

        let log = function.log()?;
        assert!(log.contains("customer_b2"), "it tells what it made: {log}");
        for secret in [production.login.password.as_str(), "Signature=secretive"] {
            assert!(!log.contains(secret), "a secret is in the log");
        }
        function.remove().await?;
        production.delete().await
    });
}

#[test]
fn a_tenant_that_is_missing_is_loaded_again_and_the_others_stay() {
    play(async |stage| {
        let (production, ca) = empty(stage, "samples-missing").await?;
        let function = SampleFunction::deploy(&production, "sample-tenants", &ca).await?;
        let mailbox = Mailbox::open(0).await?;
        obeyed(&function, &mailbox, "Create", "/create").await?;
        let connection = production.connect("tenant_b").await?;
        let drop = connection.batch_execute("drop schema customer_b1 cascade");
        drop.await.context("drop a tenant")?;

        let answer = obeyed(&function, &mailbox, "Update", "/update").await?;
        let found = "customer_a1,customer_a2,customer_b2";
        assert_eq!(
            answer["Data"],
            json!({ "Made": "customer_b1", "Found": found }),
            "{answer}"
        );
        function.remove().await?;
        production.delete().await
    });
}

#[test]
fn every_sample_tenant_checks_out_once_for_each_tick_also_after_a_rotation_and_beside_a_damaged_one()
 {
    play(async |stage| {
        let (mut production, ca) = empty(stage, "activity").await?;
        samples::load_all(&production).await?;
        let function = SampleFunction::deploy(&production, "activity", &ca).await?;

        let first = function.invoke(&json!({ "id": "tick-1" })).await?;
        let each =
            json!({ "customer_a1": 5, "customer_a2": 5, "customer_b1": 5, "customer_b2": 5 });
        assert_eq!(first["written"], each, "{first}");
        assert_eq!(customers(&production).await?, [1, 1, 1, 1]);

        let again = function.invoke(&json!({ "id": "tick-1" })).await?;
        assert_eq!(
            again["repeated"].as_array().map(Vec::len),
            Some(4),
            "{again}"
        );
        assert_eq!(customers(&production).await?, [1, 1, 1, 1]);

        let of_old = production.login.password.clone();
        let password = production.new_password().await?;
        production.set_password(&password).await?;
        production.put_version(&password).await?;
        let connection = production.connect("tenant_a").await?;
        let damage = connection.batch_execute("drop table customer_a1.orders cascade");
        damage.await.context("damage a tenant")?;
        let third = function.invoke(&json!({})).await?;
        assert_eq!(
            third["written"].as_object().map(serde_json::Map::len),
            Some(3),
            "{third}"
        );
        let why = third["failed"]["customer_a1"].as_str().unwrap_or_default();
        assert!(
            why.contains("could not check out in customer_a1"),
            "{third}"
        );
        assert_eq!(customers(&production).await?, [1, 2, 2, 2]);

        let log = function.log()?;
        assert!(log.contains("checked out"), "{log}");
        for secret in [of_old.as_str(), password.value()] {
            assert!(!log.contains(secret), "a password is in the log");
        }
        function.remove().await?;
        production.delete().await
    });
}

#[test]
fn a_tenant_is_damaged_on_demand_and_the_second_before_is_told() {
    play(async |stage| {
        let (production, ca) = empty(stage, "accident").await?;
        samples::load_all(&production).await?;
        let function = SampleFunction::deploy(&production, "activity", &ca).await?;
        let orders = async || {
            let connection = production.connect("tenant_a").await?;
            let count = "select (select count(*) from customer_a1.orders), \
                                (select count(*) from customer_a1.order_items), \
                                (select count(*) from customer_a2.orders)";
            let row = connection
                .query_one(count, &[])
                .await
                .context("count the orders")?;
            Ok::<[i64; 3], tenant_restore_tests::Error>([row.get(0), row.get(1), row.get(2)])
        };
        let before = orders().await?;
        let began = Timestamp::now();

        let told = function.invoke(&json!({ "damage": "customer_a1" })).await?;
        let after = orders().await?;
        assert_eq!(told["database"], "tenant_a", "{told}");
        assert_eq!(told["schema"], "customer_a1", "{told}");
        assert_eq!(told["lostOrders"], before[0] - after[0], "{told}");
        assert!(0 < after[0] && after[0] < before[0] && after[1] < before[1]);
        assert_eq!(after[2], before[2], "the neighbour keeps its orders");
        let point = told["restoreTime"].as_str().unwrap_or_default();
        let point: Timestamp = point.parse().context("read the second before")?;
        let second = SignedDuration::from_secs(1);
        assert!(began - second < point && point <= Timestamp::now());

        let stranger = function.invoke(&json!({ "damage": "customer_c1" })).await;
        let why = stranger.err().map(|error| error.to_string());
        let why = why.unwrap_or_default();
        assert!(why.contains("customer_c1 is no sample tenant"), "{why}");
        assert_eq!(orders().await?, after);
        function.remove().await?;
        production.delete().await
    });
}

#[test]
fn a_server_whose_certificate_is_not_signed_by_a_trusted_authority_gets_no_password() {
    play(async |stage| {
        let (production, _) = empty(stage, "samples-untrusted").await?;
        let other = stage.cloud.home.join("other-authority.pem");
        let doing = "make another authority";
        let authority = rcgen::generate_simple_self_signed(["other.example".to_owned()]);
        let pem = authority.context(doing)?.cert.pem();
        std::fs::write(&other, pem).context(doing)?;
        let function = SampleFunction::deploy(&production, "sample-tenants", &other).await?;
        let mailbox = Mailbox::open(0).await?;

        let answer = obeyed(&function, &mailbox, "Create", "/create").await?;
        assert_eq!(answer["Status"], "FAILED");
        let reason = answer["Reason"].as_str().unwrap_or_default();
        assert!(reason.starts_with("CertificateRefused"), "{reason}");
        function.remove().await?;
        production.delete().await
    });
}
