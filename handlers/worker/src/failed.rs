//! How a mode fails: with every cause that it found, at least one.

use tenant_restore_core::error::{Cause, ErrorKind};

/// The failure of a mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    first: Cause,
    others: Vec<Cause>,
}

impl Failed {
    /// The failure with all of these causes, or nothing when there are none.
    pub fn from_causes(causes: Vec<Cause>) -> Result<(), Self> {
        let mut causes = causes.into_iter();
        match causes.next() {
            Some(first) => Err(Self {
                first,
                others: causes.collect(),
            }),
            None => Ok(()),
        }
    }

    /// Every cause, in the order found.
    pub fn causes(&self) -> impl Iterator<Item = &Cause> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl From<Cause> for Failed {
    fn from(first: Cause) -> Self {
        Self {
            first,
            others: Vec::new(),
        }
    }
}

/// Turns a failed statement into a [`Cause`]: `client.query(…).await.or_cause(ErrorKind::ApplyFailed, || "…")?`.
pub trait OrCause<T> {
    /// The cause of this kind; `doing` is a verb phrase that says what was tried.
    fn or_cause<D: Into<String>>(
        self,
        kind: ErrorKind,
        doing: impl FnOnce() -> D,
    ) -> Result<T, Cause>;
}

impl<T> OrCause<T> for Result<T, tokio_postgres::Error> {
    fn or_cause<D: Into<String>>(
        self,
        kind: ErrorKind,
        doing: impl FnOnce() -> D,
    ) -> Result<T, Cause> {
        self.map_err(|error| {
            let doing: String = doing().into();
            Cause::new(
                kind,
                format!("could not {doing}: {}", crate::connection::describe(&error)),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_causes_are_no_failure_and_all_causes_are_kept_in_order() {
        assert_eq!(Failed::from_causes(Vec::new()), Ok(()));
        let causes = vec![
            Cause::new(ErrorKind::Busy, "a"),
            Cause::new(ErrorKind::Internal, "b"),
        ];
        let failed = Failed::from_causes(causes.clone()).unwrap_err();
        assert_eq!(failed.causes().cloned().collect::<Vec<_>>(), causes);
    }
}
