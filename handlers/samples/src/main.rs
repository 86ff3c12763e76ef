//! The artifact of the demonstration's functions. `HANDLER` chooses: `sample-tenants`, which CloudFormation invokes for a
//! custom resource, or `activity`, which a schedule invokes.

use std::path::PathBuf;
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Deserialize;
use serde_json::Value;
use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::Server;
use tenant_restore_samples::accident;
use tenant_restore_samples::checkout;
use tenant_restore_samples::door::Door;
use tenant_restore_samples::loading::{self, Loaded};
use tenant_restore_samples::mailbox;
use tenant_restore_samples::order::Order;
use tenant_restore_worker::connection::Connector;
use tenant_restore_worker::secrets::SecretsManager;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Between attempts to log in, of which there are few: the activity has less than a minute.
const PAUSE: Duration = Duration::from_secs(5);

/// What invokes the activity: an event of the schedule, whose id stays the same however often it is delivered; or a person.
#[derive(Deserialize)]
struct Tick {
    id: Option<String>,
    /// A tenant that a person wants damaged, in place of a checkout.
    damage: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_ansi(false)
        .finish()
        // The SDK traces whole answers, the secret's among them, whatever `RUST_LOG` asks for.
        .with(LevelFilter::DEBUG)
        .init();
    let handler = variable("HANDLER")?;
    let door = &door(&handler).await?;
    match handler.as_str() {
        "sample-tenants" => {
            run(service_fn(|event: LambdaEvent<Order>| {
                obey(door, event.payload)
            }))
            .await
        }
        "activity" => {
            run(service_fn(|event: LambdaEvent<Tick>| async move {
                match event.payload {
                    Tick {
                        damage: Some(schema),
                        ..
                    } => damage(door, &schema).await,
                    Tick { id, .. } => shop(door, &id.unwrap_or(event.context.request_id)).await,
                }
            }))
            .await
        }
        other => Err(
            format!("HANDLER is {other:?}, which is neither sample-tenants nor activity").into(),
        ),
    }
}

async fn door(handler: &str) -> Result<Door, Error> {
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let aws = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .load()
        .await;
    let port = variable("DATABASE_PORT")?;
    let authorities = PathBuf::from(variable("PGSSLROOTCERT")?);
    Ok(Door {
        connector: Connector::new(&authorities, handler).map_err(|cause| cause.to_string())?,
        secrets: Box::new(SecretsManager::new(&aws)),
        server: Server {
            host: variable("DATABASE_HOST")?,
            port: port
                .parse()
                .map_err(|_| format!("DATABASE_PORT is {port:?}, which is no port"))?,
            secret: variable("DATABASE_SECRET_ARN")?,
        },
        pause: PAUSE,
    })
}

/// Follows an order of CloudFormation and answers it, whatever comes of it.
async fn obey(door: &Door, order: Order) -> Result<(), Error> {
    let outcome = if order.loads() {
        loading::load(door).await
    } else {
        Ok(Loaded::default())
    };
    match &outcome {
        Ok(loaded) => {
            tracing::info!(change = ?order.change, made = ?loaded.made, found = ?loaded.found, "done");
        }
        Err(cause) => {
            tracing::error!(change = ?order.change, %cause, remedy = cause.remedy, "not done");
        }
    }
    let answer = serde_json::to_string(&order.answer(&outcome))?;
    mailbox::put(&order.response_url, &answer)
        .await
        .map_err(told)
}

async fn damage(door: &Door, schema: &str) -> Result<Value, Error> {
    let accident = accident::happen(door, schema).await.map_err(told)?;
    tracing::warn!(schema, lost_orders = accident.lost_orders, "damaged");
    Ok(serde_json::to_value(accident)?)
}

async fn shop(door: &Door, order: &str) -> Result<Value, Error> {
    let summary = checkout::all(door, order).await;
    for (schema, why) in &summary.failed {
        tracing::warn!(schema, why, "no checkout");
    }
    if summary.is_vain() {
        let message = "no sample tenant could check out; the log says why".to_owned();
        return Err(told(Cause::new(ErrorKind::ApplyFailed, message)));
    }
    tracing::info!(written = ?summary.written, repeated = ?summary.repeated, "checked out");
    Ok(serde_json::to_value(summary)?)
}

fn told(cause: Cause) -> Error {
    tracing::error!(%cause, remedy = cause.remedy, "failed");
    cause.to_string().into()
}

fn variable(name: &str) -> Result<String, String> {
    std::env::var(name)
        .ok()
        .filter(|value| !value.is_empty())
        .ok_or_else(|| format!("the environment variable {name} is missing"))
}
