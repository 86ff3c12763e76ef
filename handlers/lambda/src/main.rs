//! The Lambda artifact: seven handlers in one binary, each fed by its own SQS queue, and the sweeper, which a schedule
//! invokes. `HANDLER` names the phase, or is `sweeper`.
//!
//! A handler reads what woke it, looks at the real resources, lets the pure core decide, saves, acts and sends. See
//! `engine` for that loop and `phases` for what each phase sees and does.

mod admission;
mod announce;
mod answers;
mod aside;
mod batch;
mod clients;
mod config;
mod engine;
mod fault;
mod figures;
mod letters;
mod look;
mod message;
mod metric;
mod objects;
mod orders;
mod phases;
mod placement;
mod post;
mod price;
mod refusals;
mod requests;
mod setbacks;
mod store;
mod sweeper;
mod trace;
mod worker_task;

use aws_lambda_events::event::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use tracing::error;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::clients::Clients;
use crate::config::{Config, Role};
use crate::engine::Engine;
use crate::trace::Daemon;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing_subscriber::fmt()
        .json()
        // The queries of `infra/lib/watch.ts` read the worker's lines and these alike.
        .flatten_event(true)
        .with_env_filter(
            EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")),
        )
        .with_current_span(true)
        .with_span_list(false)
        .with_ansi(false)
        .finish()
        // The SDK traces whole requests, passwords among them, whatever `RUST_LOG` asks for.
        .with(LevelFilter::DEBUG)
        .init();
    let role = Role::from_env()?;
    let config = Config::from_env(role)?;
    let clients = Clients::connect().await;
    let engine = &Engine::new(config, clients, Daemon::from_env());
    match role {
        Role::Phase(_) => {
            run(service_fn(|event: LambdaEvent<SqsEvent>| async move {
                let deadline = event.context.deadline();
                Ok::<_, Error>(batch::handle(engine, event.payload, deadline).await)
            }))
            .await
        }
        Role::Sweeper => {
            run(service_fn(
                |event: LambdaEvent<sweeper::Order>| async move {
                    let answer =
                        sweeper::sweep(engine, event.payload, &event.context.request_id).await;
                    answer.map_err(|fault| {
                        error!(kind = %fault.cause.kind, error = %fault.cause.message, "the sweep failed");
                        Error::from(fault.to_string())
                    })
                },
            ))
            .await
        }
    }
}
