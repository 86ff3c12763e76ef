//! The connection to the local cloud.

use std::env;
use std::path::PathBuf;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

use crate::error::{Context, Error, Result};

/// Name of the ordinary deployment.
pub const DEPLOYMENT: &str = "tenant-restore";

/// Attempts of a test's own call: the refusals that the chaos run switches on meet the calls by which it looks, too.
const ATTEMPTS: u32 = 10;

/// Clients of every service, all on the endpoint of the local cloud.
#[derive(Debug, Clone)]
pub struct Cloud {
    /// The deployment under test, [`DEPLOYMENT`] unless another was chosen; also the name of its bus and its table.
    pub deployment: String,
    /// `AWS_ENDPOINT_URL`.
    pub endpoint: String,
    /// The region of every call.
    pub region: String,
    /// The folder of the local cloud's state; its certificate authority is `ca.pem` there.
    pub home: PathBuf,
    /// AWS DMS.
    pub dms: aws_sdk_databasemigration::Client,
    /// Amazon DynamoDB.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// Amazon ECS.
    pub ecs: aws_sdk_ecs::Client,
    /// Amazon EventBridge.
    pub events: aws_sdk_eventbridge::Client,
    /// AWS Lambda.
    pub lambda: aws_sdk_lambda::Client,
    /// Amazon RDS.
    pub rds: aws_sdk_rds::Client,
    /// Amazon S3, with path-style addresses: the local endpoint has no name per bucket.
    pub s3: aws_sdk_s3::Client,
    /// AWS Secrets Manager.
    pub secrets: aws_sdk_secretsmanager::Client,
    /// Amazon SNS.
    pub sns: aws_sdk_sns::Client,
    /// Amazon SQS.
    pub sqs: aws_sdk_sqs::Client,
}

impl Cloud {
    /// Connects as `localstack/env` says.
    ///
    /// # Errors
    /// When `AWS_ENDPOINT_URL` is missing or is not this machine: these tests create and damage databases, and must
    /// never reach a real account.
    pub async fn from_env() -> Result<Self> {
        let endpoint = env::var("AWS_ENDPOINT_URL").context(
            "read AWS_ENDPOINT_URL; start the cloud with `make up`, then `. localstack/env`",
        )?;
        only_this_machine(&endpoint)?;
        let region = env::var("AWS_REGION").unwrap_or_else(|_| "eu-west-3".to_owned());
        let home = env::var_os("LOCAL_CLOUD_HOME")
            .map_or_else(|| PathBuf::from("/var/tmp/tenant-restore"), PathBuf::from);
        let http = Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http)
            .endpoint_url(&endpoint)
            .region(Region::new(region.clone()))
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .load()
            .await;
        let s3 = aws_sdk_s3::config::Builder::from(&config)
            .force_path_style(true)
            .build();
        Ok(Self {
            deployment: DEPLOYMENT.to_owned(),
            endpoint,
            region,
            home,
            dms: aws_sdk_databasemigration::Client::new(&config),
            dynamodb: aws_sdk_dynamodb::Client::new(&config),
            ecs: aws_sdk_ecs::Client::new(&config),
            events: aws_sdk_eventbridge::Client::new(&config),
            lambda: aws_sdk_lambda::Client::new(&config),
            rds: aws_sdk_rds::Client::new(&config),
            s3: aws_sdk_s3::Client::from_conf(s3),
            secrets: aws_sdk_secretsmanager::Client::new(&config),
            sns: aws_sdk_sns::Client::new(&config),
            sqs: aws_sdk_sqs::Client::new(&config),
        })
    }

    /// The same cloud, seen as another deployment in it.
    #[must_use]
    pub fn of(&self, deployment: &str) -> Self {
        Self {
            deployment: deployment.to_owned(),
            ..self.clone()
        }
    }
}

/// The host of an endpoint must be a loopback address.
fn only_this_machine(endpoint: &str) -> Result<()> {
    let host = endpoint
        .strip_prefix("http://")
        .and_then(|rest| rest.split([':', '/']).next());
    match host {
        Some("127.0.0.1" | "localhost") => Ok(()),
        _ => Err(Error::new(format!(
            "AWS_ENDPOINT_URL is {endpoint}, which is not the local cloud; run `. localstack/env`"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_local_cloud_is_accepted() {
        assert!(only_this_machine("http://127.0.0.1:4566").is_ok());
        assert!(only_this_machine("https://rds.eu-west-3.amazonaws.com").is_err());
        assert!(only_this_machine("http://127.0.0.1.example.org").is_err());
    }
}
