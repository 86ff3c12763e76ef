//! Where CloudFormation waits for an answer: an object in S3, put by an address that is signed for it.

use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use tenant_restore_core::error::{Cause, ErrorKind};
use tokio::time::{sleep, timeout};

const ATTEMPTS: u32 = 3;
const ONE_ATTEMPT: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_secs(2);

/// Puts the answer there. Its address is told nowhere, since it is a right to answer.
///
/// # Errors
/// Why it could not be put, after three attempts.
pub async fn put(address: &str, answer: &str) -> Result<(), Cause> {
    // Its authorities are those of the system, as for every call of the SDK.
    let connector = Connector::builder()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build();
    let mut attempt = 1;
    loop {
        match put_once(&connector, address, answer).await {
            Ok(()) => return Ok(()),
            Err(why) if attempt < ATTEMPTS => {
                tracing::warn!(why, attempt, "CloudFormation has no answer yet");
                attempt += 1;
                sleep(PAUSE).await;
            }
            Err(why) => {
                let message = format!("could not answer CloudFormation: {why}");
                return Err(Cause::new(ErrorKind::CallRefused, message));
            }
        }
    }
}

async fn put_once(connector: &Connector, address: &str, answer: &str) -> Result<(), String> {
    // Without a content type, since the signature covers an empty one.
    let mut request = HttpRequest::new(SdkBody::from(answer));
    request
        .set_method("PUT")
        .and_then(|()| request.set_uri(address))
        .map_err(|_| "the address is none".to_owned())?;
    let response = timeout(ONE_ATTEMPT, connector.call(request))
        .await
        .map_err(|_| format!("no answer within {} s", ONE_ATTEMPT.as_secs()))?
        // Errors of the connector may show the address.
        .map_err(|error| kind_of(&error).to_owned())?;
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    Err(format!("S3 answered {}", status.as_u16()))
}

fn kind_of(error: &aws_smithy_runtime_api::client::result::ConnectorError) -> &'static str {
    if error.is_timeout() {
        "the call timed out"
    } else if error.is_io() {
        "the connection failed"
    } else {
        "the call could not be sent"
    }
}
