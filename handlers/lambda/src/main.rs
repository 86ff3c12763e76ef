//! The Lambda artifact: seven handlers in one binary, each fed by its own SQS queue. `HANDLER` names the phase.
//!
//! A handler reads what woke it, looks at the real resources, lets the pure core decide, saves, acts and sends. See
//! `engine` for that loop and `phases` for what each phase sees and does.

mod announce;
mod aside;
mod batch;
mod clients;
mod config;
mod engine;
mod fault;
mod letters;
mod look;
mod message;
mod objects;
mod orders;
mod phases;
mod post;
mod requests;
mod setbacks;
mod store;
mod worker_task;

use aws_lambda_events::event::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use tracing_subscriber::EnvFilter;

use crate::clients::Clients;
use crate::config::Config;
use crate::engine::Engine;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(
            EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")),
        )
        .with_current_span(true)
        .with_span_list(false)
        .with_ansi(false)
        .init();
    let config = Config::from_env()?;
    let clients = Clients::connect().await;
    let engine = Engine::new(config, clients);
    let engine = &engine;
    run(service_fn(|event: LambdaEvent<SqsEvent>| async move {
        let deadline = event.context.deadline();
        Ok::<_, Error>(batch::handle(engine, event.payload, deadline).await)
    }))
    .await
}
