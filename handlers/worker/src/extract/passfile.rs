//! The password for pg_dump: in a file that only this user can read, since another process may see an environment
//! (PostgreSQL documentation, "The Password File").

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::secrets::Login;

/// A password file; gone with this value.
pub(super) struct Passfile {
    path: PathBuf,
}

impl Passfile {
    /// A new file, for any server.
    pub(super) fn new(login: &Login) -> io::Result<Self> {
        let mut random = [0_u8; 8];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let name = format!("tenant-restore-{:016x}", u64::from_be_bytes(random));
        let path = std::env::temp_dir().join(name);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        let written = writeln!(file, "*:*:*:*:{}", escaped(login.password()));
        let passfile = Self { path };
        written.map(|()| passfile)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Passfile {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "a password file stays until the task's end");
        }
    }
}

/// A colon or backslash in a field is escaped by a backslash.
fn escaped(password: &str) -> String {
    password.replace('\\', "\\\\").replace(':', "\\:")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn only_its_user_reads_it_and_it_goes_with_its_value() {
        let passfile = Passfile::new(&Login::new("m", r"a:b\c")).unwrap();
        let path = passfile.path().to_owned();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_to_string(&path).unwrap(), "*:*:*:*:a\\:b\\\\c\n");
        drop(passfile);
        assert!(!path.exists());
    }
}
