//! The revision of the worker's task definition that a restore keeps to, and what becomes of it without.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use tenant_restore_tests::audit::Audit;
use tenant_restore_tests::cloud::DEPLOYMENT;
use tenant_restore_tests::{Context, Result, command_line, function_logs, wait, worker_tasks};

use crate::stage::{ENDS_WITHIN, Stage, TAG, play};

/// Registers another revision like the deployment's and takes it away again: other restores keep to the deployment's.
/// Answers the ARNs of the deployment's and of the one that is gone.
async fn registered_and_gone(stage: &Stage) -> Result<[String; 2]> {
    let doing = "register a revision of the worker and take it away";
    let ecs = &stage.cloud.ecs;
    let describe = ecs.describe_task_definition();
    let described = describe.task_definition(format!("{DEPLOYMENT}-worker"));
    let described = described.send().await.context(doing)?;
    let of_deployment = described.task_definition.context(doing)?;
    let register = ecs.register_task_definition();
    let register = register
        .set_family(of_deployment.family)
        .set_container_definitions(of_deployment.container_definitions)
        .set_task_role_arn(of_deployment.task_role_arn)
        .set_execution_role_arn(of_deployment.execution_role_arn)
        .set_network_mode(of_deployment.network_mode)
        .set_requires_compatibilities(of_deployment.requires_compatibilities)
        .set_cpu(of_deployment.cpu)
        .set_memory(of_deployment.memory);
    let registered = register.send().await.context(doing)?.task_definition;
    let another = registered.and_then(|it| it.task_definition_arn);
    let another = another.context(doing)?;
    let deregister = ecs.deregister_task_definition().task_definition(&another);
    deregister.send().await.context(doing)?;
    Ok([of_deployment.task_definition_arn.context(doing)?, another])
}

/// Makes the record say that the restore began with this revision. A handler that has read the record before must read it
/// again.
async fn pin(stage: &Stage, restore_id: &str, revision: &str) -> Result<()> {
    let update = stage.cloud.dynamodb.update_item().table_name(DEPLOYMENT);
    let update = update
        .key("pk", AttributeValue::S(format!("RESTORE#{restore_id}")))
        .key("sk", AttributeValue::S("STATE".to_owned()))
        .update_expression("set #restore.#worker = :revision, #version = #version + :one")
        .expression_attribute_names("#restore", "restore")
        .expression_attribute_names("#worker", "worker")
        .expression_attribute_names("#version", "version")
        .expression_attribute_values(":revision", AttributeValue::S(revision.to_owned()))
        .expression_attribute_values(":one", AttributeValue::N("1".to_owned()));
    update.send().await.context("pin the worker's revision")?;
    Ok(())
}

#[test]
fn a_restore_whose_workers_revision_was_taken_away_goes_on_with_the_deployments() {
    play(async |stage| {
        let [of_deployment, gone] = registered_and_gone(stage).await?;
        let mut tenant = stage.tenant("revised", &["revised_1"]).await?;
        let request_id = stage.request_id("revised");
        let request = tenant.request(&request_id).with("mover", "copy");
        let id = command_line::request(&request.detail).await?;
        let slowly = json!({
            "service": "rds", "fault": "provision-slowly", "match": format!("tr-{TAG}-{id}"), "ms": 10_000
        });
        stage.faults.switch_on(&slowly).await?;
        let began_with = wait::until("the wait for the database", ENDS_WITHIN, async || {
            let audit = Audit::read(&stage.cloud, &id).await?;
            let waits = |it: &&Value| it["waits"]["provision"].is_object();
            Ok(audit.restore().filter(waits).map(|it| it["worker"].clone()))
        })
        .await?;
        assert_eq!(began_with, of_deployment);
        pin(stage, &id, &gone).await?;

        let outcome = stage.chronicle.wait_for_end(&request_id, ENDS_WITHIN);
        let outcome = outcome.await?;
        let truth = tenant.truth.clone();
        let back = stage.came_back(&mut tenant.connection, &truth, &outcome);
        back.await?;
        let audit = Audit::read(&stage.cloud, &id).await?;
        let kept = audit.restore().map(|it| it["worker"].clone());
        assert_eq!(
            kept,
            Some(json!(of_deployment)),
            "it keeps to that from then on"
        );
        let tasks = worker_tasks::of(&stage.cloud, &id).await?;
        assert!(tasks.len() > 1, "more than the preflight: {tasks:?}");
        for task in &tasks {
            assert_eq!(task.task_definition_arn(), Some(of_deployment.as_str()));
        }
        let (_, complaints) = function_logs::about(&stage.cloud, &id)?;
        let of_gone = complaints.iter().filter(|line| line.contains(&gone));
        assert_eq!(
            of_gone.count(),
            1,
            "told once, not for each task: {complaints:?}"
        );
        Ok(())
    });
}
