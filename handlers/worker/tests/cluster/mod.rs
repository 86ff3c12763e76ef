//! A throw-away PostgreSQL server with TLS, whose master is no superuser, as in RDS.
//!
//! PostgreSQL refuses to run as root: as root it runs as the user `postgres`, otherwise as the same user.

#![allow(dead_code, reason = "each test program uses a part of this module")]
#![allow(
    clippy::unwrap_used,
    reason = "a test that can't prepare its server fails at that line"
)]

pub mod by_dms;
pub mod certificate;
pub mod servers;
pub mod surroundings;

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use tenant_restore_core::job::Server;
use tenant_restore_worker::secrets::Login;
use tokio_postgres::{Client, NoTls};

/// The master's name, and the name of its secret.
pub const MASTER: &str = "master";
/// The master's password.
pub const MASTER_PASSWORD: &str = "Master-pa55";
/// The bootstrap superuser, which only tests use, over the Unix socket.
const SUPERUSER: &str = "rdsadmin";

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A running server; dropped, it stops and its files go.
pub struct Cluster {
    home: PathBuf,
    port: u16,
}

impl Cluster {
    /// A new server with a master and one empty database.
    pub async fn start(database: &str) -> Self {
        let cluster = Self::reserve();
        cluster.run(
            "initdb",
            &[
                "-D",
                &cluster.data(),
                "-U",
                SUPERUSER,
                "-E",
                "UTF8",
                "--locale=C",
                "-N",
                "-A",
                "trust",
            ],
        );
        cluster.configure_and_start();
        cluster
            .superuser("postgres")
            .await
            .batch_execute(include_str!("rds_roles.sql"))
            .await
            .unwrap();
        let create = format!("create database \"{database}\" owner {MASTER}");
        cluster
            .superuser("postgres")
            .await
            .batch_execute(&create)
            .await
            .unwrap();
        cluster
    }

    /// A physical copy, with the same OIDs, as a restored instance is.
    pub fn physical_copy(&self) -> Self {
        let copy = Self::reserve();
        let (socket, port) = (self.home.display().to_string(), self.port.to_string());
        copy.run(
            "pg_basebackup",
            &[
                "-D",
                &copy.data(),
                "-h",
                &socket,
                "-p",
                &port,
                "-U",
                SUPERUSER,
                "-c",
                "fast",
                "-X",
                "stream",
                "-N",
            ],
        );
        copy.configure_and_start();
        copy
    }

    /// The server as a job names it; its secret is the master's name.
    pub fn server(&self) -> Server {
        Server {
            host: "localhost".to_owned(),
            port: self.port,
            secret: MASTER.to_owned(),
        }
    }

    /// The master's login.
    pub fn master(&self) -> Login {
        Login::new(MASTER, MASTER_PASSWORD)
    }

    /// The certificate that clients trust.
    pub fn ca_bundle(&self) -> PathBuf {
        self.home.join("ca.pem")
    }

    /// The directory of the newest installed PostgreSQL's programs.
    pub fn programs() -> PathBuf {
        let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
            .expect("PostgreSQL is installed as Debian packages it")
            .filter_map(|entry| {
                let entry = entry.unwrap();
                Some((
                    entry.file_name().to_str()?.parse().ok()?,
                    entry.path().join("bin"),
                ))
            })
            .collect();
        versions.sort();
        versions
            .pop()
            .expect("some version of PostgreSQL is installed")
            .1
    }

    /// The options of PostgreSQL's programs for the Unix socket.
    pub fn socket(&self) -> [String; 4] {
        [
            "-h",
            &self.home.display().to_string(),
            "-p",
            &self.port.to_string(),
        ]
        .map(str::to_owned)
    }

    /// A superuser's connection, for preparing and inspecting.
    pub async fn superuser(&self, database: &str) -> Client {
        self.session_of(SUPERUSER, database).await
    }

    /// A connection that this role opened itself: a superuser's `set role` is undone by whatever it calls.
    pub async fn session_of(&self, role: &str, database: &str) -> Client {
        let (client, connection) = tokio_postgres::Config::new()
            .host_path(&self.home)
            .port(self.port)
            .user(role)
            .dbname(database)
            .connect(NoTls)
            .await
            .unwrap();
        tokio::spawn(connection);
        client
    }

    /// Runs a script as the superuser.
    pub async fn script(&self, database: &str, sql: &str) {
        self.superuser(database)
            .await
            .batch_execute(sql)
            .await
            .unwrap();
    }

    /// Starts the server again with one more line of settings.
    pub fn restart_with(&self, setting: &str) {
        let path = self.home.join("data/postgresql.auto.conf");
        let settings = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{settings}{setting}\n")).unwrap();
        let log = self.home.join("log").display().to_string();
        self.run(
            "pg_ctl",
            &[
                "-D",
                &self.data(),
                "-l",
                &log,
                "-m",
                "fast",
                "-w",
                "restart",
            ],
        );
    }

    fn reserve() -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let home = std::env::temp_dir().join(format!("tr-worker-{}-{number}", std::process::id()));
        fs::create_dir_all(&home).unwrap();
        fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let cluster = Self { home, port };
        cluster.own(&cluster.home);
        cluster
    }

    fn configure_and_start(&self) {
        let chain = certificate::for_localhost(&format!("authority {}", self.port));
        for (file, content) in [
            ("ca.pem", &chain.ca),
            ("server.pem", &chain.certificate),
            ("server.key", &chain.key),
        ] {
            let path = self.home.join(file);
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            self.own(&path);
        }
        let home = self.home.display();
        let settings = format!(
            "listen_addresses = 'localhost'\nport = {}\nunix_socket_directories = '{home}'\nfsync = off\nssl = on\n\
             ssl_cert_file = '{home}/server.pem'\nssl_key_file = '{home}/server.key'\nmax_connections = 60\n\
             max_prepared_transactions = 4\n",
            self.port
        );
        let access = "local all all trust\nlocal replication all trust\nhostssl all all samehost scram-sha-256\n";
        for (file, content) in [
            ("postgresql.auto.conf", settings.as_str()),
            ("pg_hba.conf", access),
        ] {
            let path = self.home.join("data").join(file);
            fs::write(&path, content).unwrap();
            self.own(&path);
        }
        let log = self.home.join("log").display().to_string();
        self.run("pg_ctl", &["-D", &self.data(), "-l", &log, "-w", "start"]);
    }

    fn data(&self) -> String {
        self.home.join("data").display().to_string()
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = Command::new(Self::programs().join(program));
        command.args(arguments).current_dir(&self.home);
        if let Some((uid, gid)) = unprivileged() {
            command.uid(uid).gid(gid);
        }
        // pg_ctl's server would hold a pipe open, so its output goes to a file.
        let output = fs::File::create(self.home.join("output")).unwrap();
        command.stdout(output.try_clone().unwrap()).stderr(output);
        let status = command.status().unwrap();
        let said = || fs::read_to_string(self.home.join("output")).unwrap();
        assert!(status.success(), "{program} failed: {}", said());
    }

    fn own(&self, path: &Path) {
        if let Some((uid, gid)) = unprivileged() {
            chown(path, Some(uid), Some(gid)).unwrap();
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.run(
            "pg_ctl",
            &["-D", &self.data(), "-m", "immediate", "-w", "stop"],
        );
        if let Err(error) = fs::remove_dir_all(&self.home) {
            eprintln!("{} stays: {error}", self.home.display());
        }
    }
}

/// User and group of `postgres`, when the tests run as root.
fn unprivileged() -> Option<(u32, u32)> {
    let id = |arguments: &[&str]| -> u32 {
        let output = Command::new("id").args(arguments).output().unwrap();
        String::from_utf8(output.stdout)
            .unwrap()
            .trim()
            .parse()
            .expect("the user `postgres` exists")
    };
    (id(&["-u"]) == 0).then(|| (id(&["-u", "postgres"]), id(&["-g", "postgres"])))
}
