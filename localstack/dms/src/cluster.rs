//! PostgreSQL for tests, gone with the last of them.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Weak};

use tokio::sync::Mutex;
use tokio_postgres::{Client, NoTls};

use crate::login::Login;

/// A source and a target database for one test, in a server that all tests of the moment share.
pub(crate) struct Cluster {
    server: Arc<Server>,
    name: String,
}

/// A running server.
struct Server {
    folder: PathBuf,
    binaries: PathBuf,
    port: u16,
}

/// The server, as long as a test holds it.
static SHARED: Mutex<Weak<Server>> = Mutex::const_new(Weak::new());

impl Cluster {
    /// Two databases, filled by these scripts.
    pub(crate) async fn with(source: &str, target: &str) -> Self {
        let cluster = Self {
            server: Server::shared().await,
            name: local_cloud_wire::ids::hex(6),
        };
        let postgres = cluster.server.client("postgres").await;
        for (role, script) in [("source", source), ("target", target)] {
            let database = cluster.database(role);
            postgres
                .batch_execute(&format!("create database \"{database}\""))
                .await
                .unwrap();
            cluster
                .server
                .client(&database)
                .await
                .batch_execute(script)
                .await
                .unwrap();
        }
        cluster
    }

    pub(crate) fn login(&self, role: &str) -> Login {
        Login::plain(
            "127.0.0.1",
            self.server.port,
            "postgres",
            &self.database(role),
        )
    }

    /// The rows of a query on the target, as text.
    pub(crate) async fn target(&self, query: &str) -> Vec<Vec<Option<String>>> {
        let client = self.server.client(&self.database("target")).await;
        let messages = client.simple_query(query).await.unwrap();
        let rows = messages.iter().filter_map(|message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        rows.map(|row| {
            (0..row.len())
                .map(|n| row.get(n).map(str::to_owned))
                .collect()
        })
        .collect()
    }

    pub(crate) fn port(&self) -> u16 {
        self.server.port
    }

    pub(crate) fn database(&self, role: &str) -> String {
        format!("{role}_{}", self.name)
    }
}

impl Server {
    async fn shared() -> Arc<Self> {
        let mut shared = SHARED.lock().await;
        if let Some(running) = shared.upgrade() {
            return running;
        }
        let started = Arc::new(Self::start());
        *shared = Arc::downgrade(&started);
        started
    }

    fn start() -> Self {
        let folder =
            std::env::temp_dir().join(format!("local-cloud-dms-{}", local_cloud_wire::ids::hex(6)));
        std::fs::create_dir(&folder).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let server = Self {
            folder,
            binaries: binaries(),
            port,
        };
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(&server.folder));
        }
        server.tool(
            "initdb",
            &[
                "-D",
                "data",
                "-U",
                "postgres",
                "-A",
                "trust",
                "--no-sync",
                "-E",
                "UTF8",
                "--locale",
                "C",
            ],
        );
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        );
        server.tool(
            "pg_ctl",
            &["-D", "data", "-l", "log", "-w", "-o", &options, "start"],
        );
        server
    }

    async fn client(&self, database: &str) -> Client {
        let parameters = format!(
            "host=127.0.0.1 port={} user=postgres dbname={database}",
            self.port
        );
        let (client, connection) = tokio_postgres::connect(&parameters, NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    fn tool(&self, name: &str, arguments: &[&str]) {
        let mut command = if is_root() {
            Command::new("setpriv")
        } else {
            Command::new(self.binaries.join(name))
        };
        if is_root() {
            command
                .args([
                    "--reuid=postgres",
                    "--regid=postgres",
                    "--init-groups",
                    "--",
                ])
                .arg(self.binaries.join(name));
        }
        run(command.args(arguments).current_dir(&self.folder));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.tool("pg_ctl", &["-D", "data", "-m", "immediate", "stop"]);
        std::fs::remove_dir_all(&self.folder).unwrap();
    }
}

fn run(command: &mut Command) {
    let status = command.stdout(Stdio::null()).status().unwrap();
    assert!(status.success(), "{command:?}");
}

/// The newest server of the distribution.
fn binaries() -> PathBuf {
    let versions =
        std::fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL from the distribution");
    let newest = versions
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.parse::<u32>().ok())
        .max();
    Path::new("/usr/lib/postgresql")
        .join(newest.unwrap().to_string())
        .join("bin")
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}
