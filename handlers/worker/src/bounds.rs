//! What an operator may bound of the worker's appetite and thoroughness, by variables of its task.

use tenant_restore_core::error::{Cause, ErrorKind};

/// Connections at once, at most, without a variable. Production has more than this restore to serve.
const CONNECTIONS: usize = 4;
/// Size of a piece without a variable: some seconds of one stream, about as long as a batch of DDL may last too.
const PIECE_MIB: u64 = 256;
/// A tebibyte: far more than a piece should be.
const MOST_PIECE_MIB: u64 = 1 << 20;
/// What the deployment takes.
const MOST_SAMPLE_MIB: u64 = 9_999_999_999;

/// The bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Connections that load or build in production at once, at most; a quarter of what production has left bounds them too.
    pub connections: usize,
    /// Bytes on disk of what one transaction copies, about.
    pub piece_bytes: u64,
    /// Bytes on disk above which a table's content is compared by a sample of as many; `None`: never.
    pub sample_above: Option<u64>,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: CONNECTIONS,
            piece_bytes: PIECE_MIB << 20,
            sample_above: None,
        }
    }
}

impl Bounds {
    /// From the variables `MOST_CONNECTIONS`, `COPY_PIECE_MIB` and `SAMPLE_ABOVE_MIB`, as `variable` gives them; the defaults
    /// without them.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Cause> {
        let number = |name: &str, context: &str, most: u64, default: &str| match variable(name) {
            None => Ok(None),
            Some(text) => match text.parse() {
                Ok(number) if (1..=most).contains(&number) => Ok(Some(number)),
                _ => {
                    let wanted = format!("a whole number from 1 to {most}");
                    let message = format!("the worker's setting {name} is {text:?}, not {wanted}");
                    let mut cause = Cause::new(ErrorKind::Internal, message).at(name);
                    cause.remedy = format!(
                        "Set `{context}` in the deployment's settings to {wanted}, or leave it out for {default}, and deploy \
                         again; the variable {name} of the worker's task definition comes from it."
                    );
                    Err(cause)
                }
            },
        };
        let defaults = Self::default();
        let connections = number(
            "MOST_CONNECTIONS",
            "workerMostConnections",
            64,
            &CONNECTIONS.to_string(),
        )?;
        let piece = number(
            "COPY_PIECE_MIB",
            "workerCopyPieceMiB",
            MOST_PIECE_MIB,
            &PIECE_MIB.to_string(),
        )?;
        let sample = number(
            "SAMPLE_ABOVE_MIB",
            "sampleAboveMiB",
            MOST_SAMPLE_MIB,
            "a comparison of every row",
        )?;
        Ok(Self {
            connections: connections.map_or(defaults.connections, |number: u64| {
                usize::try_from(number).unwrap_or(defaults.connections)
            }),
            piece_bytes: piece.map_or(defaults.piece_bytes, |mebibytes| mebibytes << 20),
            sample_above: sample.map(|mebibytes| mebibytes << 20),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_come_before_the_defaults() {
        assert_eq!(Bounds::read(|_| None).unwrap(), Bounds::default());
        let set = |variable: &'static str| {
            Bounds::read(move |name| (name == variable).then(|| "64".to_owned())).unwrap()
        };
        assert_eq!(set("MOST_CONNECTIONS").connections, 64);
        assert_eq!(set("COPY_PIECE_MIB").piece_bytes, 64 << 20);
        assert_eq!(set("SAMPLE_ABOVE_MIB").sample_above, Some(64 << 20));
    }

    #[test]
    fn a_bound_that_is_none_is_refused_with_its_name_and_value_and_with_what_to_set_where() {
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
            let remedy = &refused.remedy;
            assert!(
                remedy.contains("`workerMostConnections`") && remedy.contains("1 to 64"),
                "{remedy}"
            );
        }
        for (variable, setting) in [
            ("COPY_PIECE_MIB", "workerCopyPieceMiB"),
            ("SAMPLE_ABOVE_MIB", "sampleAboveMiB"),
        ] {
            let empty = Bounds::read(|name| (name == variable).then(String::new));
            let refused = empty.expect_err("an empty one is a mistake, not a default");
            assert!(refused.message.contains(variable), "{}", refused.message);
            assert!(refused.remedy.contains(setting), "{}", refused.remedy);
        }
    }
}
