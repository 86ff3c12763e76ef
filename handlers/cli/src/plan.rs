//! `plan`: asks what a restore would do, waits for the answer and prints it. Nothing is created.
//!
//! The answer is read from the plan's record, as `watch` reads a restore's; a plan that is refused before it has one leaves
//! its answer under the id of the event.

use std::process::ExitCode;
use std::time::Duration;

use aws_config::SdkConfig;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tenant_restore_core::naming::plan_id;
use tenant_restore_core::restore::Restore;
use tenant_restore_core::room::size;
use tenant_restore_events::outgoing::{Cause, Planned, PlannedTable, Upkeep};

use crate::arguments::{Deployment, Output};
use crate::bus;
use crate::detail::Detail;
use crate::record::Records;
use crate::teller;
use crate::trouble::Trouble;

const INTERVAL: Duration = Duration::from_secs(1);

/// How long nothing may be found of a request that was just published.
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);

/// So many tables are listed; `--output json` has more, and the report all.
const TABLES: usize = 20;

/// Publishes the request and prints the answer. Returns 0 if the restore would be accepted, and 1 if not.
///
/// # Errors
/// AWS can't be reached, or nothing is found of the request.
pub async fn run(
    config: &SdkConfig,
    deployment: &Deployment,
    output: Output,
    detail: &Detail,
) -> Result<ExitCode, Trouble> {
    let event_id = bus::publish(
        config,
        deployment.bus(),
        "RestorePlanRequested",
        detail.json(),
    )
    .await?;
    let records = Records::new(config, deployment);
    let planned = answer(&records, deployment, detail, &event_id).await?;
    teller::write(&shown(&planned, output))?;
    Ok(verdict(&planned))
}

/// Whether the restore would be accepted, as an exit code.
pub fn verdict(planned: &Planned) -> ExitCode {
    ExitCode::from(u8::from(!planned.possible))
}

/// The answer as it is printed, with a final newline.
pub fn shown(planned: &Planned, output: Output) -> String {
    match output {
        Output::Text => render(planned),
        Output::Json => format!("{:#}\n", json!(planned)),
    }
}

/// The state of a plan: its answer, or that it is still being made.
pub fn state(plan: &Restore, output: Output) -> String {
    match (answer_of(plan), output) {
        (Some(planned), output) => shown(&planned, output),
        (None, Output::Text) => format!(
            "Plan {}: still being made, phase {}; `tenant-restore watch {}` waits for it.\n",
            plan.id, plan.phase, plan.id
        ),
        (None, Output::Json) => {
            format!(
                "{:#}\n",
                json!({ "planId": plan.id, "state": "planning", "phase": plan.phase })
            )
        }
    }
}

/// The answer, once it is told.
pub fn answer_of(plan: &Restore) -> Option<Planned> {
    plan.planned().filter(|_| plan.announced)
}

async fn answer(
    records: &Records,
    deployment: &Deployment,
    detail: &Detail,
    event_id: &str,
) -> Result<Planned, Trouble> {
    let id = plan_id(&deployment.deployment, &detail.request_id);
    let deadline = Timestamp::now()
        .saturating_add(PATIENCE)
        .unwrap_or(Timestamp::MAX);
    loop {
        match records.restore(id.as_str()).await? {
            Some(plan) if plan.request.fingerprint != detail.fingerprint => {
                let what = format!(
                    "The request id {:?} was used for another plan.",
                    detail.request_id
                );
                return Err(Trouble::new(
                    what,
                    "Leave --request-id out, or give a new one.",
                ));
            }
            Some(plan) if plan.announced => {
                return answer_of(&plan).ok_or_else(|| records.unknown(&detail.request_id));
            }
            Some(_) => {}
            None => {
                let refusals = records.refused_plans(&detail.request_id).await?;
                let ours = refusals.into_iter().find(|it| it.event_id == event_id);
                if let Some(refusal) = ours {
                    return Ok(refusal.planned);
                }
                if Timestamp::now() >= deadline {
                    return Err(records.unknown(&detail.request_id));
                }
            }
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

fn render(planned: &Planned) -> String {
    let mut lines = vec![
        match planned.possible {
            true => "The restore would be accepted.".to_owned(),
            false => "The restore would be rejected.".to_owned(),
        },
        String::new(),
    ];
    for schema in &planned.subject.schemas {
        let restored_as = schema.restored_as.as_deref().unwrap_or("?");
        lines.push(format!("  {} -> {restored_as}", schema.schema));
    }
    if let Some(target) = &planned.subject.target {
        lines.push(format!("  into {target}"));
    }
    if let Some(volume) = &planned.volume {
        lines.push(format!(
            "  {} tables, about {} rows, {} with indexes, as they are now",
            volume.tables,
            volume.rows,
            size(volume.bytes)
        ));
    }
    if !planned.tables.is_empty() {
        lines.extend([String::new(), "Moves (largest tables first)".to_owned()]);
        lines.extend(planned.tables.iter().take(TABLES).map(table));
        let more = planned.tables.len().saturating_sub(TABLES);
        if more > 0 {
            lines.push(format!("  and {more} more, with --output json"));
        }
    }
    lines.extend(planned.creates.iter().flat_map(creates));
    if let Some(estimate) = &planned.estimate {
        let usd = estimate
            .usd
            .map(|usd| format!(", {usd:.2} USD"))
            .unwrap_or_default();
        lines.extend([
            String::new(),
            format!("Takes about {} minutes{usd}", estimate.seconds.div_ceil(60)),
            format!("  {}", estimate.basis),
        ]);
    }
    lines.extend(findings("Forbids it", &planned.causes));
    lines.extend(findings("Warnings", &planned.warnings));
    if let Some(report) = &planned.report {
        lines.extend([String::new(), format!("All of it: {report}")]);
    }
    lines.join("\n") + "\n"
}

fn table(table: &PlannedTable) -> String {
    format!(
        "  {:<5} {}.{} ({} rows, {}): {}",
        table.mover.as_deref().unwrap_or("none"),
        table.schema,
        table.table,
        table.rows,
        size(table.bytes),
        table.reason
    )
}

fn creates(upkeep: &Upkeep) -> Vec<String> {
    let mut lines = vec![String::new(), "Creates, for its time".to_owned()];
    for resource in &upkeep.resources {
        let price = match resource.usd_per_hour {
            Some(usd) => format!("{usd:.4} USD an hour"),
            None => "price unknown".to_owned(),
        };
        let made_of = resource.size.as_deref().unwrap_or("size unknown");
        lines.push(format!("  {}: {made_of}, {price}", resource.name));
    }
    if let Some(prices) = &upkeep.prices {
        lines.push(format!("  prices of {prices}"));
    }
    lines
}

fn findings(title: &str, causes: &[Cause]) -> Vec<String> {
    if causes.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![String::new(), title.to_owned()];
    for cause in causes {
        let field = cause
            .field
            .as_deref()
            .map(|field| format!(" at {field}"))
            .unwrap_or_default();
        lines.push(format!("  {}{field}: {}", cause.kind, cause.message));
        lines.push(format!("    {}", cause.remedy));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../../../events-schema/examples/RestorePlanned/valid.json");

    #[test]
    fn a_plan_tells_names_movers_cost_time_and_findings_with_their_remedies() {
        let mut planned: Planned = serde_json::from_str(EXAMPLE).unwrap();
        let text = render(&planned);
        for words in [
            "would be accepted",
            "customer_a1 -> customer_a1_20240128143000",
            "copy  customer_a1.orders (12000 rows, 9.5 MiB): column \"note\"",
            "temporary database: db.t3.medium, 20 GB gp3, 0.0750 USD an hour",
            "0.04 USD",
            "assumed",
            "Watch the free storage",
        ] {
            assert!(text.contains(words), "{words:?} is not in:\n{text}");
        }
        assert!(!text.contains("Forbids it"));
        planned.possible = false;
        planned.causes = planned.warnings.clone();
        let text = render(&planned);
        assert!(
            text.contains("would be rejected") && text.contains("Forbids it"),
            "{text}"
        );
    }
}
