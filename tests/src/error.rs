//! The one error of this crate: what was being done, and why it did not work.

use std::error::Error as StdError;
use std::fmt;

/// A failure, with what was being done as a verb phrase and the whole chain of causes.
pub struct Error {
    doing: String,
    cause: Option<Box<dyn StdError + Send + Sync>>,
}

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A failure that is its own cause: `problem` is a whole sentence.
    pub fn new(problem: impl Into<String>) -> Self {
        Self {
            doing: problem.into(),
            cause: None,
        }
    }

    /// A failure of what was being done (a verb phrase) with its cause.
    pub fn from_cause(
        doing: impl Into<String>,
        cause: impl StdError + Send + Sync + 'static,
    ) -> Self {
        Self {
            doing: doing.into(),
            cause: Some(Box::new(cause)),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.doing)?;
        let mut cause = self.cause.as_deref().map(|cause| cause as &dyn StdError);
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            // An error of this crate has already written its own causes.
            if error.is::<Error>() {
                break;
            }
            cause = error.source();
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl StdError for Error {}

/// Adds what was being done to an error.
pub trait Context<T> {
    /// `doing` is a verb phrase: "create the production instance".
    fn context(self, doing: impl Into<String>) -> Result<T>;
}

impl<T, E: StdError + Send + Sync + 'static> Context<T> for std::result::Result<T, E> {
    fn context(self, doing: impl Into<String>) -> Result<T> {
        self.map_err(|cause| Error::from_cause(doing, cause))
    }
}

impl<T> Context<T> for Option<T> {
    fn context(self, doing: impl Into<String>) -> Result<T> {
        self.ok_or_else(|| Error::new(format!("{}: the answer lacks it", doing.into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_tells_every_cause_once() {
        let inner: Result<()> = "x".parse::<u32>().map(|_| ()).context("read the port");
        let outer = inner.context("connect to production").unwrap_err();
        assert_eq!(
            outer.to_string(),
            "connect to production: read the port: invalid digit found in string"
        );
    }
}
