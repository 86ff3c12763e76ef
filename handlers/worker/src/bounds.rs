//! What an operator may bound of the worker's appetite, by variables of its task.

use tenant_restore_core::error::{Cause, ErrorKind};

/// Connections at once, at most, without a variable. Production has more than this restore to serve.
const CONNECTIONS: usize = 4;
/// Size of a piece without a variable: some seconds of one stream, about as long as a batch of DDL may last too.
const PIECE_MIB: u64 = 256;

/// The bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Connections that load or build in production at once, at most; a quarter of what production has left bounds them too.
    pub connections: usize,
    /// Bytes on disk of what one transaction copies, about.
    pub piece_bytes: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: CONNECTIONS,
            piece_bytes: PIECE_MIB << 20,
        }
    }
}

impl Bounds {
    /// From the variables `MOST_CONNECTIONS` and `COPY_PIECE_MIB`, as `variable` gives them; the defaults without them.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Cause> {
        let number = |name: &str, default: u64, most: u64| match variable(name) {
            None => Ok(default),
            Some(text) => match text.parse() {
                Ok(number) if (1..=most).contains(&number) => Ok(number),
                _ => {
                    let message = format!(
                        "environment variable {name} is {text:?}; give a whole number from 1 to {most}, or none for {default}"
                    );
                    Err(Cause::new(ErrorKind::Internal, message).at(name))
                }
            },
        };
        let connections = number("MOST_CONNECTIONS", CONNECTIONS as u64, 64)?;
        Ok(Self {
            connections: usize::try_from(connections).unwrap_or(CONNECTIONS),
            piece_bytes: number("COPY_PIECE_MIB", PIECE_MIB, 1 << 20)? << 20,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_come_before_the_defaults() {
        assert_eq!(Bounds::read(|_| None).unwrap(), Bounds::default());
        let bounds = Bounds::read(|name| (name == "COPY_PIECE_MIB").then(|| "64".to_owned()));
        assert_eq!(bounds.unwrap().piece_bytes, 64 << 20);
    }

    #[test]
    fn a_bound_that_is_none_is_refused_with_its_name_value_and_range() {
        for value in ["0", "65", "four", ""] {
            let refused =
                Bounds::read(|name| (name == "MOST_CONNECTIONS").then(|| value.to_owned()))
                    .unwrap_err();
            assert!(
                refused.message.contains("MOST_CONNECTIONS")
                    && refused.message.contains(&format!("{value:?}"))
                    && refused.message.contains("1 to 64"),
                "{}",
                refused.message
            );
        }
    }
}
