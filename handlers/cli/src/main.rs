//! The command line of Tenant Restore: ask for a restore or what one would do, look at one, follow one to its end, read its
//! report, cancel or replay one, and see to the messages that nobody could handle.
//!
//! Exit codes: 0 the command did what it was asked (`watch`: the restore completed), 1 the restore was rejected or
//! failed (`plan`: it would be rejected), 2 the command itself could not be done.

mod arguments;
mod aws;
mod bus;
mod detail;
mod display;
mod dlq;
mod history;
mod list;
mod log;
mod plan;
mod record;
mod reference;
mod report;
mod status;
mod teller;
mod text;
mod trouble;
mod watch;

use std::process::ExitCode;

use aws_config::SdkConfig;
use clap::Parser;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tenant_restore_core::naming::restore_id;

use crate::arguments::{Arguments, Command, Deployment, Output};
use crate::detail::Detail;
use crate::list::Wanted;
use crate::log::Entry;
use crate::record::{Found, Records};
use crate::reference::Wish;
use crate::status::Status;
use crate::trouble::Trouble;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match Box::pin(run(arguments)).await {
        Ok(code) => code,
        Err(trouble) => {
            eprintln!("{trouble}");
            ExitCode::from(2)
        }
    }
}

async fn run(arguments: Arguments) -> Result<ExitCode, Trouble> {
    let Arguments {
        deployment,
        connection,
        output,
        command,
    } = arguments;
    match command {
        Command::Request { request, watch } => {
            let detail = detail::build(
                &request,
                detail::read_file(request.file.as_deref())?,
                Timestamp::now(),
            )?;
            let config = aws::config(&connection).await?;
            publish(&config, &deployment, output, &detail, watch).await
        }
        Command::Plan(request) => {
            let file = detail::read_file(request.file.as_deref())?;
            let detail = detail::build(&request, file, Timestamp::now())?;
            let config = aws::config(&connection).await?;
            plan::run(&config, &deployment, output, &detail).await
        }
        Command::Status { id, log } => {
            let records = Records::new(&aws::config(&connection).await?, &deployment);
            let found = records
                .find(&id)
                .await?
                .ok_or_else(|| records.unknown(&id))?;
            let log = match &found {
                Found::Restore(restore) if log => Some(records.log(&restore.id).await?),
                _ => None,
            };
            teller::write(&shown(&found, log, output))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::List { live, limit } => {
            let records = Records::new(&aws::config(&connection).await?, &deployment);
            let wanted = Wanted {
                only_live: live,
                limit: limit.or((!live).then_some(list::LAST)).map(usize::from),
                now: Timestamp::now(),
            };
            let restores = records.list(wanted).await?;
            teller::write(&list::shown(&restores, live, output))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Watch { id, grace } => {
            let records = Records::new(&aws::config(&connection).await?, &deployment);
            watch::follow(
                &records,
                &id,
                SignedDuration::from_secs(grace.into()),
                output,
            )
            .await
        }
        Command::Report(wanted) => {
            let config = aws::config(&connection).await?;
            report::run(&config, &deployment, output, &wanted).await
        }
        Command::Cancel(named) => {
            let config = aws::config(&connection).await?;
            reference::publish(&config, &deployment, output, Wish::Cancel, &named).await
        }
        Command::Replay(named) => {
            let config = aws::config(&connection).await?;
            reference::publish(&config, &deployment, output, Wish::Replay, &named).await
        }
        Command::Dlq { command } => {
            let config = aws::config(&connection).await?;
            dlq::run(&config, &deployment, output, &command).await
        }
    }
}

async fn publish(
    config: &SdkConfig,
    deployment: &Deployment,
    output: Output,
    detail: &Detail,
    watch: bool,
) -> Result<ExitCode, Trouble> {
    let published = Timestamp::now();
    let (bus, request_id) = (deployment.bus(), &detail.request_id);
    let event_id = bus::publish(config, bus, "RestoreRequested", detail.json()).await?;
    let restore_id = restore_id(&deployment.deployment, request_id);
    teller::write(&match output {
        Output::Text => {
            format!(
                "Published RestoreRequested on the bus {bus}.\n  request  {request_id}\n  restore  {restore_id}\n"
            )
        }
        Output::Json => {
            let published = json!({
                "event": "published", "at": published, "eventId": event_id, "bus": bus,
                "requestId": request_id, "restoreId": restore_id
            });
            format!("{published}\n")
        }
    })?;
    if watch {
        return watch::follow_request(&Records::new(config, deployment), detail, published, output)
            .await;
    }
    if output == Output::Text {
        teller::write(&format!(
            "Follow it with: tenant-restore watch {restore_id}\n"
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn shown(found: &Found, log: Option<Vec<Entry>>, output: Output) -> String {
    match (found, output) {
        (Found::Restore(restore), output) => {
            let status = Status {
                log,
                ..Status::of(restore, Timestamp::now())
            };
            match output {
                Output::Text => text::render(&status),
                Output::Json => format!("{:#}\n", json!(status)),
            }
        }
        (Found::Plan(plan), output) => plan::state(plan, output),
        (Found::RefusedPlan(planned), output) => plan::shown(planned, output),
        (Found::Rejection(ended), Output::Text) => text::render_rejection(ended),
        (Found::Rejection(ended), Output::Json) => format!("{:#}\n", json!(ended)),
    }
}
