//! A PostgreSQL cluster for one test, gone with it.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tokio_postgres::{Client, NoTls};

use crate::login::Login;

pub(crate) struct Cluster {
    folder: PathBuf,
    binaries: PathBuf,
    port: u16,
}

impl Cluster {
    /// A running cluster with the databases `source` and `target`, filled by these scripts.
    pub(crate) async fn with(source: &str, target: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("local-cloud-dms-{}", local_cloud_wire::ids::hex(6)));
        std::fs::create_dir(&folder).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let cluster = Self {
            folder,
            binaries: binaries(),
            port,
        };
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(&cluster.folder));
        }
        cluster.tool(
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
        cluster.tool(
            "pg_ctl",
            &["-D", "data", "-l", "log", "-w", "-o", &options, "start"],
        );
        let postgres = cluster.client("postgres").await;
        for (database, script) in [("source", source), ("target", target)] {
            postgres
                .batch_execute(&format!("create database {database}"))
                .await
                .unwrap();
            cluster
                .client(database)
                .await
                .batch_execute(script)
                .await
                .unwrap();
        }
        cluster
    }

    pub(crate) fn login(&self, database: &str) -> Login {
        Login::plain("127.0.0.1", self.port, "postgres", database)
    }

    /// The rows of a query on the target, as text.
    pub(crate) async fn target(&self, query: &str) -> Vec<Vec<Option<String>>> {
        let client = self.client("target").await;
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

impl Drop for Cluster {
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
