//! Where the files of the instances are.

use std::path::{Path, PathBuf};

/// The longest path of a Unix socket on Linux (`sun_path` without its final zero byte).
const LONGEST_SOCKET_PATH: usize = 107;

/// The folder of all instances. Names with a dot in front can't be instance identifiers.
#[derive(Debug, Clone)]
pub struct Site {
    folder: PathBuf,
}

impl Site {
    /// The site below the local cloud's home.
    pub fn below(home: &Path) -> Self {
        Self {
            folder: home.join("rds"),
        }
    }

    /// The folder itself.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder of the Unix sockets of all instances; one, because a socket's path must be short.
    pub fn sockets(&self) -> PathBuf {
        self.folder.join(".s")
    }

    /// The folder of the records, which hold password verifiers: nobody else may enter it.
    pub fn private(&self) -> PathBuf {
        self.folder.join(".private")
    }

    /// The file with the records of all instances.
    pub fn records(&self) -> PathBuf {
        self.private().join("instances.json")
    }

    /// The files of an instance outside of clusters; its backups are kept by resource id, because they may outlive it.
    pub fn instance(&self, identifier: &str, resource_id: &str) -> Layout {
        self.layout(self.folder.join(identifier), resource_id)
    }

    /// The files of a cluster.
    pub fn cluster(&self, identifier: &str, resource_id: &str) -> Layout {
        self.layout(self.folder.join(".clusters").join(identifier), resource_id)
    }

    fn layout(&self, folder: PathBuf, resource_id: &str) -> Layout {
        Layout {
            folder,
            vault: self.vault(resource_id),
            sockets: self.sockets(),
        }
    }

    /// The automated backups of an instance or cluster.
    pub fn vault(&self, resource_id: &str) -> Vault {
        Vault {
            folder: self.folder.join(".backups").join(resource_id),
        }
    }

    /// The folder of a snapshot's own files.
    pub fn snapshot(&self, name: &str) -> PathBuf {
        self.folder.join(".snapshots").join(name)
    }

    /// Says whether the sockets' paths fit into what Linux allows.
    pub fn sockets_fit(&self) -> bool {
        self.sockets().join(".s.PGSQL.65535").as_os_str().len() <= LONGEST_SOCKET_PATH
    }
}

/// The automated backups of an instance or cluster: base backups and the write-ahead log.
#[derive(Debug, Clone)]
pub struct Vault {
    folder: PathBuf,
}

impl Vault {
    /// The folder of everything.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The archived write-ahead log.
    pub fn archive(&self) -> PathBuf {
        self.folder.join("archive")
    }

    /// The folder of the base backups.
    pub fn backups(&self) -> PathBuf {
        self.folder.join("backups")
    }

    /// One base backup.
    pub fn backup(&self, name: &str) -> PathBuf {
        self.backups().join(name)
    }
}

/// The files of one server.
#[derive(Debug, Clone)]
pub struct Layout {
    folder: PathBuf,
    vault: Vault,
    sockets: PathBuf,
}

impl Layout {
    /// The folder of everything but the backups.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The server's data directory.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Its automated backups.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// What the server writes to its standard error.
    pub fn log(&self) -> PathBuf {
        self.folder.join("postgres.log")
    }

    /// The folder of its Unix socket.
    pub fn sockets(&self) -> &Path {
        &self.sockets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_with_a_long_path_is_noticed_before_postgresql_refuses_it() {
        assert!(Site::below(Path::new("/var/tmp/tenant-restore")).sockets_fit());
        assert!(!Site::below(&Path::new("/var/tmp").join("x".repeat(90))).sockets_fit());
    }
}
