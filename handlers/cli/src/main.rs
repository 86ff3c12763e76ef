//! The command line of Tenant Restore: ask for a restore, look at one, follow one to its end.
//!
//! Exit codes: 0 the command did what it was asked (`watch`: the restore completed), 1 the restore was rejected or
//! failed, 2 the command itself could not be done.

mod arguments;
mod aws;
mod bus;
mod detail;
mod display;
mod history;
mod record;
mod status;
mod text;
mod trouble;
mod watch;

use std::process::ExitCode;

use clap::Parser;
use jiff::Timestamp;
use serde_json::json;

use crate::arguments::{Arguments, Command, Deployment, Output, Request};
use crate::record::Records;
use crate::status::Status;
use crate::trouble::Trouble;
use crate::watch::Follow;

/// Nothing was found of a restore that was just requested: its event may be under way for this long.
const PATIENCE_AFTER_REQUEST: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);

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
        Command::Request(request) => {
            let detail = detail::build(
                &request,
                detail::read_file(request.file.as_deref())?,
                Timestamp::now(),
            )?;
            let config = aws::config(&connection).await?;
            publish(&config, &deployment, output, &request, &detail).await
        }
        Command::Status { id } => {
            let config = aws::config(&connection).await?;
            let records = Records::new(&config, &deployment);
            let restore = records
                .find(&id)
                .await?
                .ok_or_else(|| records.unknown(&id))?;
            let status = Status::of(&restore, Timestamp::now());
            match output {
                Output::Text => print!("{}", text::render(&status)),
                Output::Json => println!("{:#}", json!(status)),
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Watch { id, grace } => {
            let config = aws::config(&connection).await?;
            let records = Records::new(&config, &deployment);
            let follow = Follow {
                id: &id,
                output,
                grace: jiff::SignedDuration::from_secs(grace.into()),
            };
            watch::follow(&records, &follow).await
        }
    }
}

async fn publish(
    config: &aws_config::SdkConfig,
    deployment: &Deployment,
    output: Output,
    request: &Request,
    detail: &detail::Detail,
) -> Result<ExitCode, Trouble> {
    let event_id = bus::publish(config, deployment.bus(), detail).await?;
    let restore_id =
        tenant_restore_core::naming::restore_id(&deployment.deployment, &detail.request_id);
    match output {
        Output::Text => {
            println!(
                "Published RestoreRequested on the bus {}.",
                deployment.bus()
            );
            println!("  request  {}", detail.request_id);
            println!("  restore  {restore_id}");
        }
        Output::Json => {
            let (bus, request_id) = (deployment.bus(), &detail.request_id);
            println!(
                "{}",
                json!({"eventId": event_id, "bus": bus, "requestId": request_id, "restoreId": restore_id})
            );
        }
    }
    if !request.watch {
        if matches!(output, Output::Text) {
            println!("Follow it with: tenant-restore watch {restore_id}");
        }
        return Ok(ExitCode::SUCCESS);
    }
    let follow = Follow {
        id: restore_id.as_str(),
        output,
        grace: PATIENCE_AFTER_REQUEST,
    };
    watch::follow(&Records::new(config, deployment), &follow).await
}
