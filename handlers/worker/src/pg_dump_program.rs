//! The pg_dump program of the image: where it is and which servers it can dump.

use std::path::PathBuf;

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio::process::Command;

use crate::context::Context;

/// Its path, or its bare name to be found by PATH.
pub(crate) fn path(context: &Context) -> PathBuf {
    context
        .postgres_bin
        .as_ref()
        .map_or_else(|| "pg_dump".into(), |directory| directory.join("pg_dump"))
}

/// Its major version.
pub(crate) async fn major_version(context: &Context) -> Result<u32, Cause> {
    let program = path(context);
    let unusable = |why: String| {
        Cause::new(
            ErrorKind::Internal,
            format!("could not ask {} for its version: {why}", program.display()),
        )
    };
    let output = Command::new(&program)
        .arg("--version")
        .output()
        .await
        .map_err(|error| unusable(error.to_string()))?;
    let said = String::from_utf8_lossy(&output.stdout);
    parse_major(&said).ok_or_else(|| unusable(format!("it says {:?}", said.trim())))
}

/// `pg_dump (PostgreSQL) 15.18 (Debian 15.18-1)` gives 15; `18beta1` gives 18.
fn parse_major(said: &str) -> Option<u32> {
    let version = said.strip_prefix("pg_dump (PostgreSQL) ")?;
    let digits = version
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(version.len());
    version[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_the_first_number() {
        assert_eq!(
            parse_major("pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"),
            Some(15)
        );
        assert_eq!(parse_major("pg_dump (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(parse_major("pg_restore 15"), None);
    }
}
