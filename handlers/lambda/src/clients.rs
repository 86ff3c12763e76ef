//! The AWS clients, built once per process.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

/// A call must fail before the function's time is up: what is refused or silent for longer is put off, not waited for.
const ONE_ATTEMPT: Duration = Duration::from_secs(8);
const WHOLE_CALL: Duration = Duration::from_secs(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// One client for each service.
pub struct Clients {
    pub databasemigration: aws_sdk_databasemigration::Client,
    pub dynamodb: aws_sdk_dynamodb::Client,
    pub ecs: aws_sdk_ecs::Client,
    pub eventbridge: aws_sdk_eventbridge::Client,
    pub rds: aws_sdk_rds::Client,
    pub s3: aws_sdk_s3::Client,
    pub secretsmanager: aws_sdk_secretsmanager::Client,
    pub sns: aws_sdk_sns::Client,
    pub sqs: aws_sdk_sqs::Client,
}

impl Clients {
    /// Loads credentials, region and endpoints as every SDK does.
    pub async fn connect() -> Self {
        let http = Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http)
            .retry_config(RetryConfig::standard().with_max_backoff(LONGEST_PAUSE))
            .timeout_config(
                TimeoutConfig::builder()
                    .operation_attempt_timeout(ONE_ATTEMPT)
                    .operation_timeout(WHOLE_CALL)
                    .build(),
            )
            .load()
            .await;
        Self::of(&config)
    }

    /// Clients of that configuration.
    pub fn of(config: &SdkConfig) -> Self {
        // An endpoint of one's own rarely resolves bucket names as hosts.
        let path_style = config.endpoint_url().is_some();
        let s3 = aws_sdk_s3::config::Builder::from(config)
            .force_path_style(path_style)
            .build();
        Self {
            databasemigration: aws_sdk_databasemigration::Client::new(config),
            dynamodb: aws_sdk_dynamodb::Client::new(config),
            ecs: aws_sdk_ecs::Client::new(config),
            eventbridge: aws_sdk_eventbridge::Client::new(config),
            rds: aws_sdk_rds::Client::new(config),
            s3: aws_sdk_s3::Client::from_conf(s3),
            secretsmanager: aws_sdk_secretsmanager::Client::new(config),
            sns: aws_sdk_sns::Client::new(config),
            sqs: aws_sdk_sqs::Client::new(config),
        }
    }
}
