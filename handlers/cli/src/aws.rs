//! How AWS is reached: the ordinary SDK configuration, with rustls and ring for TLS as everywhere in this product.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

use crate::arguments::Connection;
use crate::trouble::Trouble;

/// Reads profile, region, credentials and `AWS_ENDPOINT_URL`.
///
/// # Errors
/// No region is configured.
pub async fn config(connection: &Connection) -> Result<SdkConfig, Trouble> {
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http);
    if let Some(region) = &connection.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(profile) = &connection.profile {
        loader = loader.profile_name(profile);
    }
    let config = loader.load().await;
    if config.region().is_none() {
        return Err(Trouble::new(
            "No AWS region is configured.",
            "Name one with --region, AWS_REGION or a profile.",
        ));
    }
    Ok(config)
}
