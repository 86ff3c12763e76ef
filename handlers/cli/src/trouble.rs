//! What a person reads when a command could not be done: one line what, one line remedy.

use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// Why a command could not be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What happened, one line.
    pub what: String,
    /// What to do about it, one line.
    pub remedy: String,
}

impl Trouble {
    /// A trouble of these two lines.
    pub fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            remedy: remedy.into(),
        }
    }

    /// A failed AWS call; `context` says what was tried, as a verb phrase.
    pub fn aws<E>(context: &str, error: &E) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata,
    {
        let Some(code) = error.code() else {
            let what = format!("Could not {context}: {}", chain(error));
            return Self::new(
                one_line(&what),
                "Check region, credentials, network and AWS_ENDPOINT_URL.",
            );
        };
        let message = error.message().unwrap_or("no message");
        Self::new(
            one_line(&format!("Could not {context}: {code}: {message}")),
            remedy(code),
        )
    }
}

fn remedy(code: &str) -> &'static str {
    match code {
        "ResourceNotFoundException"
        | "AWS.SimpleQueueService.NonExistentQueue"
        | "QueueDoesNotExist" => {
            "Check --deployment and --region: nothing of that name exists there."
        }
        "AccessDeniedException" | "AccessDenied" => "Use credentials that are allowed to do this.",
        // Services write them differently (their API references, common errors; S3, error responses).
        "ExpiredTokenException"
        | "ExpiredToken"
        | "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidAccessKeyId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch" => "Renew the credentials (AWS_PROFILE, --profile).",
        _ => "Try again; if it stays, the code above is explained in the service's API reference.",
    }
}

/// The error and what caused it, outermost first.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "error: {}\nremedy: {}", self.what, self.remedy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trouble_is_two_lines() {
        let shown = Trouble::new("There is no restore x.", "Check the id.").to_string();
        assert_eq!(
            shown,
            "error: There is no restore x.\nremedy: Check the id."
        );
    }

    #[test]
    fn an_aws_error_shows_its_code_and_a_remedy_for_it() {
        use aws_sdk_dynamodb::operation::get_item::GetItemError;
        use aws_sdk_dynamodb::types::error::ResourceNotFoundException;
        let meta = aws_smithy_types::error::ErrorMetadata::builder()
            .code("ResourceNotFoundException")
            .message("Requested resource\nnot found")
            .build();
        let error = GetItemError::ResourceNotFoundException(
            ResourceNotFoundException::builder().meta(meta).build(),
        );
        let trouble = Trouble::aws("read the restore", &error);
        assert_eq!(
            trouble.what,
            "Could not read the restore: ResourceNotFoundException: Requested resource not found"
        );
        assert!(trouble.remedy.contains("--deployment"));
    }
}
