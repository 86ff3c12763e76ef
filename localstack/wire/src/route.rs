//! Which service a request is for, and what it says about its caller.

use hyper::HeaderMap;

use crate::error::AwsError;
use crate::query::Form;

/// The service and operation of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// AWS DMS, with the operation.
    Dms(String),
    /// Amazon ECS, with the operation.
    Ecs(String),
    /// Amazon RDS, with the operation and the form.
    Rds(String, Form),
}

const DMS_TARGET: &str = "AmazonDMSv20160101.";
const ECS_TARGET: &str = "AmazonEC2ContainerServiceV20141113.";
const RDS_VERSION: &str = "2014-10-31";

/// Decides by the `X-Amz-Target` header (JSON 1.1) or by the form's API version (Query).
///
/// # Errors
/// `UnknownOperationException` for a target of another service, `InvalidAction` for a form that isn't RDS's.
pub fn route(headers: &HeaderMap, body: &[u8]) -> Result<Route, AwsError> {
    if let Some(target) = text(headers, "x-amz-target") {
        return by_target(target);
    }
    let form = Form::decode(body);
    let action = form.get("Action").map(str::to_owned);
    match (action, form.get("Version")) {
        (Some(action), Some(RDS_VERSION)) => Ok(Route::Rds(action, form)),
        (action, version) => Err(AwsError::new(
            "InvalidAction",
            format!("no service here has the action {action:?} in the API version {version:?}"),
        )),
    }
}

fn by_target(target: &str) -> Result<Route, AwsError> {
    if let Some(action) = target.strip_prefix(DMS_TARGET) {
        return Ok(Route::Dms(action.to_owned()));
    }
    if let Some(action) = target.strip_prefix(ECS_TARGET) {
        return Ok(Route::Ecs(action.to_owned()));
    }
    Err(AwsError::new(
        "UnknownOperationException",
        format!("no service here has the target {target}"),
    ))
}

/// The region in the credential scope of the `Authorization` header. The signature itself isn't checked.
pub fn signed_region(headers: &HeaderMap) -> Option<&str> {
    let (_, scope) = text(headers, "authorization")?.split_once("Credential=")?;
    let scope = scope.split([',', ' ']).next()?;
    scope.rsplit('/').nth(2).filter(|region| !region.is_empty())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(
            hyper::header::HeaderName::from_static(name),
            value.parse().unwrap(),
        )])
    }

    #[test]
    fn json_requests_go_by_their_target() {
        let dms = route(
            &headers("x-amz-target", "AmazonDMSv20160101.DescribeEndpoints"),
            b"{}",
        )
        .unwrap();
        assert_eq!(dms, Route::Dms("DescribeEndpoints".into()));
        let ecs = route(
            &headers("x-amz-target", "AmazonEC2ContainerServiceV20141113.RunTask"),
            b"{}",
        )
        .unwrap();
        assert_eq!(ecs, Route::Ecs("RunTask".into()));
        let other = route(&headers("x-amz-target", "AmazonSQS.SendMessage"), b"{}").unwrap_err();
        assert_eq!(other.code, "UnknownOperationException");
    }

    #[test]
    fn forms_go_by_their_api_version() {
        let rds = route(
            &HeaderMap::new(),
            b"Action=DescribeDBInstances&Version=2014-10-31",
        )
        .unwrap();
        assert!(matches!(rds, Route::Rds(action, _) if action == "DescribeDBInstances"));
        let ec2 = route(&HeaderMap::new(), b"Action=DescribeVpcs&Version=2016-11-15").unwrap_err();
        assert_eq!(ec2.code, "InvalidAction");
    }

    #[test]
    fn the_region_comes_from_the_credential_scope() {
        let value = "AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-3/rds/aws4_request, SignedHeaders=host, Signature=0";
        assert_eq!(
            signed_region(&headers("authorization", value)),
            Some("eu-west-3")
        );
        assert_eq!(signed_region(&headers("authorization", "Bearer x")), None);
    }
}
