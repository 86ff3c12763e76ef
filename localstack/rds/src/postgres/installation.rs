//! The PostgreSQL on this machine, and the user who runs it.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::catalog::{self, Catalog};

/// The user that an installation as root runs PostgreSQL as; Debian's package creates it.
const UNPRIVILEGED_USER: &str = "postgres";

/// The programs of one PostgreSQL version and the user who runs them.
#[derive(Debug, Clone)]
pub struct Installation {
    programs: PathBuf,
    /// The server's version, for example `15.14`.
    pub version: String,
    /// Its parameters.
    pub catalog: Catalog,
    /// The user who owns the clusters' files and processes.
    pub owner: Owner,
}

/// A user of the operating system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    name: String,
    /// Set when we run as root and have to become this user; PostgreSQL refuses to run as root.
    switch_to: Option<(u32, u32)>,
}

/// Why there is no PostgreSQL to run.
#[derive(Debug, thiserror::Error)]
pub enum InstallationError {
    /// No server programs.
    #[error("find PostgreSQL below {0}: there is none; install the package postgresql")]
    NoPrograms(PathBuf),
    /// `postgres --version` didn't answer.
    #[error("ask PostgreSQL for its version: {0}; is the package postgresql installed completely?")]
    NoVersion(io::Error),
    /// No user to run it as.
    #[error(
        "find the user {0} in /etc/passwd: PostgreSQL can't run as root; install the package postgresql or create the user"
    )]
    NoUser(String),
}

impl Installation {
    /// The newest version below `/usr/lib/postgresql`, run as this process's user, or as `postgres` if that is root.
    ///
    /// # Errors
    /// Nothing installed, or no unprivileged user.
    pub async fn find() -> Result<Self, InstallationError> {
        let folder = Path::new("/usr/lib/postgresql");
        let programs =
            newest(folder).ok_or_else(|| InstallationError::NoPrograms(folder.to_owned()))?;
        let owner = Owner::of_clusters()?;
        let version = version(&ask(&programs, &owner, "--version").await?).ok_or_else(|| {
            InstallationError::NoVersion(io::Error::other("the answer holds no version"))
        })?;
        let catalog = catalog::read(&ask(&programs, &owner, "--describe-config").await?);
        Ok(Self {
            programs,
            version,
            catalog,
            owner,
        })
    }

    /// The major version, for example `15`.
    pub fn major(&self) -> u32 {
        self.version
            .split('.')
            .next()
            .and_then(|major| major.parse().ok())
            .unwrap_or_default()
    }

    /// A command for one of the programs, run as the owner.
    pub fn program(&self, name: &str) -> Command {
        self.owner.command(self.programs.join(name))
    }
}

impl Owner {
    fn of_clusters() -> Result<Self, InstallationError> {
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let no_user = |name: &str| InstallationError::NoUser(name.to_owned());
        let ours = fs::metadata("/proc/self")
            .map_err(|_| no_user("of this process"))?
            .uid();
        if ours == 0 {
            let (uid, gid) =
                find_user(&passwd, UNPRIVILEGED_USER).ok_or_else(|| no_user(UNPRIVILEGED_USER))?;
            return Ok(Self {
                name: UNPRIVILEGED_USER.to_owned(),
                switch_to: Some((uid, gid)),
            });
        }
        let name = find_name(&passwd, ours).ok_or_else(|| no_user(&ours.to_string()))?;
        Ok(Self {
            name,
            switch_to: None,
        })
    }

    /// The users that may become `rdsadmin` on the socket: this process's and the clusters'.
    pub fn trusted_names(&self) -> Vec<&str> {
        if self.switch_to.is_some() {
            vec!["root", &self.name]
        } else {
            vec![&self.name]
        }
    }

    /// A command run as this user, with an environment of its own, so that nothing of ours leaks into PostgreSQL.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs([
            ("PATH", "/usr/bin:/bin"),
            ("LC_ALL", "C.UTF-8"),
            ("TZ", "UTC"),
        ]);
        command.current_dir("/");
        if let Some((uid, gid)) = self.switch_to {
            command.gid(gid).uid(uid);
        }
        command
    }

    /// Creates a folder that only this user can enter.
    ///
    /// # Errors
    /// The folder can't be created.
    pub fn create_folder(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
        self.take(path)
    }

    /// Writes a file that only this user can read.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn write(&self, path: &Path, content: &str) -> io::Result<()> {
        fs::write(path, "")?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        fs::write(path, content)?;
        self.take(path)
    }

    fn take(&self, path: &Path) -> io::Result<()> {
        match self.switch_to {
            Some((uid, gid)) => chown(path, Some(uid), Some(gid)),
            None => Ok(()),
        }
    }
}

/// What `postgres` answers to an option. It refuses some as root, so its owner asks.
async fn ask(programs: &Path, owner: &Owner, option: &str) -> Result<String, InstallationError> {
    let mut command = owner.command(programs.join("postgres"));
    let answer = command.arg(option).output().await;
    let answer = answer.map_err(InstallationError::NoVersion)?;
    Ok(String::from_utf8_lossy(&answer.stdout).into_owned())
}

fn newest(folder: &Path) -> Option<PathBuf> {
    let versions = fs::read_dir(folder).ok()?.filter_map(Result::ok);
    let majors = versions.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    majors
        .map(|major| (major, folder.join(major.to_string()).join("bin")))
        .filter(|(_, programs)| programs.join("postgres").exists())
        .max()
        .map(|(_, programs)| programs)
}

/// The number in `postgres (PostgreSQL) 15.14 (Debian …)`.
fn version(answer: &str) -> Option<String> {
    let mut words = answer.split_whitespace();
    words
        .find(|word| word.starts_with(|first: char| first.is_ascii_digit()))
        .map(str::to_owned)
}

fn find_user(passwd: &str, name: &str) -> Option<(u32, u32)> {
    let fields = passwd
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>());
    let found = fields
        .into_iter()
        .find(|fields| fields.len() > 3 && fields[0] == name)?;
    Some((found[2].parse().ok()?, found[3].parse().ok()?))
}

fn find_name(passwd: &str, uid: u32) -> Option<String> {
    let uid = uid.to_string();
    let fields = passwd
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>());
    fields
        .into_iter()
        .find(|fields| fields.len() > 3 && fields[2] == uid)
        .map(|fields| fields[0].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\npostgres:x:101:104:PostgreSQL,,,:/var/lib/postgresql:/bin/bash\n";

    #[test]
    fn a_user_is_found_by_name_and_by_number() {
        assert_eq!(find_user(PASSWD, "postgres"), Some((101, 104)));
        assert_eq!(find_name(PASSWD, 101).as_deref(), Some("postgres"));
        assert_eq!(
            (find_user(PASSWD, "post"), find_name(PASSWD, 10)),
            (None, None)
        );
    }

    #[test]
    fn the_version_is_the_number_in_the_answer() {
        assert_eq!(
            version("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n").as_deref(),
            Some("15.14")
        );
        assert_eq!(version("postgres (PostgreSQL)"), None);
    }
}
