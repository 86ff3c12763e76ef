//! The worker tasks of a restore: all of one revision, the one that it began with.

use std::collections::BTreeSet;

use tenant_restore_tests::cloud::Cloud;
use tenant_restore_tests::{Context, Result};

use crate::screen::Screen;

/// Answers what is untrue: every task is of the first revision, although the stack names another one by now.
///
/// # Errors
/// What ECS answers.
pub async fn check(
    screen: &Screen,
    cloud: &Cloud,
    restore_id: &str,
    first: &str,
    now: &str,
) -> Result<Vec<String>> {
    let run = of(cloud, restore_id).await?;
    let revisions: BTreeSet<_> = run
        .iter()
        .map(|(_, definition)| definition.as_str())
        .collect();
    screen.say(&format!(
        "{} tasks, all of {}; the stack's is {} by now",
        run.len(),
        short(&revisions),
        short(&BTreeSet::from([now]))
    ));
    let mut untruths = Vec::new();
    if first == now {
        untruths.push(format!("the deployment made another revision than {first}"));
    }
    if revisions != BTreeSet::from([first]) || run.len() < 2 {
        untruths.push(format!("every task was of {first}: {run:?}"));
    }
    Ok(untruths)
}

/// Who started each task of a restore, and its revision.
async fn of(cloud: &Cloud, restore_id: &str) -> Result<Vec<(String, String)>> {
    let doing = "look at the restore's tasks";
    let list = cloud.ecs.list_tasks().cluster(&cloud.deployment);
    let stopped = list
        .desired_status("STOPPED".into())
        .send()
        .await
        .context(doing)?;
    let describe = cloud.ecs.describe_tasks().cluster(&cloud.deployment);
    let answer = describe
        .set_tasks(stopped.task_arns)
        .send()
        .await
        .context(doing)?;
    let tasks = answer.tasks().iter();
    let each = tasks.filter_map(|task| {
        Some((
            task.started_by()?.to_owned(),
            task.task_definition_arn()?.to_owned(),
        ))
    });
    Ok(each
        .filter(|(started_by, _)| started_by.contains(restore_id))
        .collect())
}

fn short(definitions: &BTreeSet<&str>) -> String {
    let names = definitions.iter().filter_map(|arn| arn.rsplit('/').next());
    names.collect::<Vec<_>>().join(", ")
}
