//! Calls from our services to the rest of the local cloud: EventBridge, Secrets Manager, STS, EC2, CloudWatch Logs.

use std::collections::BTreeSet;

use reqwest::Client;
use serde_json::{Value, json};

/// Whose credentials a call carries.
#[derive(Debug, Clone, Copy)]
pub enum Caller<'a> {
    /// The account's root, which the local cloud always allows.
    Root,
    /// A session of an assumed role.
    Session(&'a Session),
}

/// The temporary credentials of an assumed role. Not printed: they are secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: String,
    /// `AWS_SESSION_TOKEN`.
    pub session_token: String,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Session")
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

/// A call to the rest of the local cloud that didn't succeed.
#[derive(Debug, thiserror::Error)]
pub enum CloudError {
    /// No answer.
    #[error("call {operation}: {cause}; is the local cloud running at AWS_ENDPOINT_URL?")]
    Unreachable {
        /// The operation.
        operation: String,
        /// Why there was no answer.
        cause: reqwest::Error,
    },
    /// An error answer.
    #[error("call {operation}: {code}: {message}")]
    Refused {
        /// The operation.
        operation: String,
        /// The error's code.
        code: String,
        /// The error's text.
        message: String,
    },
    /// An answer that isn't what the API documents.
    #[error("call {operation}: the answer has no {missing}")]
    Unexpected {
        /// The operation.
        operation: String,
        /// What wasn't there.
        missing: String,
    },
}

impl CloudError {
    /// The error's code, if the other side gave one.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            _ => None,
        }
    }
}

/// A client of the rest of the local cloud.
#[derive(Debug, Clone)]
pub struct Cloud {
    http: Client,
    endpoint: String,
}

impl Cloud {
    /// A client of the services at the given URL (`AWS_ENDPOINT_URL`).
    ///
    /// # Panics
    /// If no HTTP client can be made.
    pub fn new(endpoint: impl Into<String>) -> Self {
        let http = Client::builder().no_proxy().build();
        let http =
            http.expect("a client without TLS and proxies needs nothing that could be missing");
        Self {
            http,
            endpoint: endpoint.into(),
        }
    }

    /// The URL of the local cloud.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Calls an operation of a JSON 1.1 service; `target` is the value of `X-Amz-Target`.
    ///
    /// # Errors
    /// No answer, or an error answer.
    pub async fn json(
        &self,
        scope: Scope<'_>,
        target: &str,
        body: &Value,
    ) -> Result<Value, CloudError> {
        let unreachable = |cause| CloudError::Unreachable {
            operation: target.to_owned(),
            cause,
        };
        let request = self
            .signed(scope)
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", target)
            .body(body.to_string());
        let response = request.send().await.map_err(unreachable)?;
        let failed = !response.status().is_success();
        let text = response.text().await.map_err(unreachable)?;
        let answer: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        if failed {
            Err(refused(target, &answer, &text))
        } else {
            Ok(answer)
        }
    }

    /// The current string of a secret (name or ARN).
    ///
    /// # Errors
    /// No such secret, no right to read it, or no string in it.
    pub async fn secret_string(
        &self,
        scope: Scope<'_>,
        secret: &str,
    ) -> Result<String, CloudError> {
        const OPERATION: &str = "secretsmanager.GetSecretValue";
        let answer = self
            .json(scope, OPERATION, &json!({"SecretId": secret}))
            .await?;
        let text = answer["SecretString"].as_str().map(str::to_owned);
        text.ok_or_else(|| CloudError::Unexpected {
            operation: OPERATION.into(),
            missing: "SecretString".into(),
        })
    }

    /// Assumes a role as the account's root.
    ///
    /// # Errors
    /// No such role, or it doesn't trust us.
    pub async fn assume_role(
        &self,
        region: &str,
        role: &str,
        session: &str,
    ) -> Result<Session, CloudError> {
        const OPERATION: &str = "sts.AssumeRole";
        let form = [
            ("Action", "AssumeRole"),
            ("Version", "2011-06-15"),
            ("RoleArn", role),
            ("RoleSessionName", session),
        ];
        let text = self.query("sts", region, OPERATION, &form).await?;
        let part = |name: &str| {
            let found = element(&text, name).map(str::to_owned);
            found.ok_or_else(|| CloudError::Unexpected {
                operation: OPERATION.into(),
                missing: name.into(),
            })
        };
        Ok(Session {
            access_key_id: part("AccessKeyId")?,
            secret_access_key: part("SecretAccessKey")?,
            session_token: part("SessionToken")?,
        })
    }

    /// The VPCs of these subnets, each once.
    ///
    /// # Errors
    /// There is no such subnet: `InvalidSubnetID.NotFound`.
    pub async fn vpcs_of_subnets(
        &self,
        region: &str,
        subnets: &[String],
    ) -> Result<BTreeSet<String>, CloudError> {
        const OPERATION: &str = "ec2.DescribeSubnets";
        let numbered = subnets.iter().enumerate();
        let ids: Vec<_> = numbered
            .map(|(position, id)| (format!("SubnetId.{}", position + 1), id.as_str()))
            .collect();
        let mut form = vec![("Action", "DescribeSubnets"), ("Version", "2016-11-15")];
        form.extend(ids.iter().map(|(name, id)| (name.as_str(), *id)));
        let text = self.query("ec2", region, OPERATION, &form).await?;
        let vpcs = text.split("<vpcId>").skip(1);
        let vpcs = vpcs.filter_map(|rest| rest.split_once("</vpcId>"));
        Ok(vpcs.map(|(vpc, _)| vpc.to_owned()).collect())
    }

    /// Calls an operation of a Query service as the account's root; the answer is XML.
    async fn query(
        &self,
        service: &str,
        region: &str,
        operation: &str,
        form: &[(&str, &str)],
    ) -> Result<String, CloudError> {
        let unreachable = |cause| CloudError::Unreachable {
            operation: operation.to_owned(),
            cause,
        };
        let body: String = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let scope = Scope {
            service,
            region,
            caller: Caller::Root,
        };
        let request = self
            .signed(scope)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        let response = request.send().await.map_err(unreachable)?;
        let failed = !response.status().is_success();
        let text = response.text().await.map_err(unreachable)?;
        if failed {
            return Err(CloudError::Refused {
                operation: operation.to_owned(),
                code: element(&text, "Code").unwrap_or("Unknown").to_owned(),
                message: element(&text, "Message").unwrap_or(&text).to_owned(),
            });
        }
        Ok(text)
    }

    /// A POST with the header of a signature. The local cloud reads the caller and the scope from it and checks no more.
    fn signed(&self, scope: Scope<'_>) -> reqwest::RequestBuilder {
        let key = match scope.caller {
            Caller::Root => "test",
            Caller::Session(session) => &session.access_key_id,
        };
        let date = jiff::Timestamp::now()
            .strftime("%Y%m%dT%H%M%SZ")
            .to_string();
        let credential = format!(
            "{key}/{}/{}/{}/aws4_request",
            &date[..8],
            scope.region,
            scope.service
        );
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host;x-amz-date, Signature=0"
        );
        let request = self
            .http
            .post(&self.endpoint)
            .header("authorization", authorization)
            .header("x-amz-date", date);
        match scope.caller {
            Caller::Root => request,
            Caller::Session(session) => {
                request.header("x-amz-security-token", &session.session_token)
            }
        }
    }
}

/// The service, region and caller that a call is signed for.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The signing name, for example `events`.
    pub service: &'a str,
    /// The region.
    pub region: &'a str,
    /// Whose credentials.
    pub caller: Caller<'a>,
}

fn refused(operation: &str, answer: &Value, text: &str) -> CloudError {
    let code = answer["__type"].as_str().unwrap_or("Unknown");
    let message = answer["message"]
        .as_str()
        .or(answer["Message"].as_str())
        .unwrap_or(text);
    CloudError::Refused {
        operation: operation.to_owned(),
        code: code.rsplit('#').next().unwrap_or(code).to_owned(),
        message: message.to_owned(),
    }
}

/// The text of the first element of that name. STS answers are flat and their texts hold no markup.
fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_is_found_by_its_whole_name() {
        let xml = "<A><CodeX>no</CodeX><Code>yes</Code></A>";
        assert_eq!(element(xml, "Code"), Some("yes"));
        assert_eq!(element(xml, "Message"), None);
    }

    #[test]
    fn a_refusal_is_known_by_its_code_without_the_namespace() {
        let error = refused(
            "x",
            &json!({"__type": "com.amazonaws#ResourceNotFoundException", "message": "m"}),
            "",
        );
        assert_eq!(error.code(), Some("ResourceNotFoundException"));
    }

    #[test]
    fn credentials_are_not_printed() {
        let session = Session {
            access_key_id: "id".into(),
            secret_access_key: "shh".into(),
            session_token: "tok".into(),
        };
        let shown = format!("{session:?}");
        assert!(!shown.contains("shh") && !shown.contains("tok"), "{shown}");
    }
}
