//! A local RDS of a test's own: called as the wire calls it, its events recorded, its servers really there.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use local_cloud_rds::{Config, Rds};
use local_cloud_wire::cloud::Cloud;
use local_cloud_wire::events::{Event, Publisher};
use local_cloud_wire::faults::{Faults, Service};
use local_cloud_wire::query::Form;
use local_cloud_wire::{AwsError, Call, QueryService, World, ids};
use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep};
use tokio_postgres::{Client, Config as Login, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

pub const PASSWORD: &str = "Secret-12345";
const DEADLINE: Duration = Duration::from_secs(60);

/// A local RDS in a folder of its own, which is removed at the end.
pub struct Stage {
    pub rds: Rds,
    pub faults: Arc<Faults>,
    pub home: PathBuf,
    config: Config,
    world: World,
    events: UnboundedReceiver<Event>,
}

impl Stage {
    /// `first_port` keeps tests that run at once apart.
    pub async fn open(first_port: u16) -> Self {
        Self::open_with(Config {
            first_port: Some(first_port),
            ..Config::default()
        })
        .await
    }

    /// With settings of the test's own; the provisioning times are always short.
    pub async fn open_with(config: Config) -> Self {
        // Nothing but managed secrets needs the rest of the local cloud.
        Self::open_at(config, "http://127.0.0.1:1").await
    }

    /// Beside that Secrets Manager.
    pub async fn open_in(first_port: u16, endpoint: &str) -> Self {
        let config = Config {
            first_port: Some(first_port),
            ..Config::default()
        };
        Self::open_at(config, endpoint).await
    }

    async fn open_at(config: Config, endpoint: &str) -> Self {
        let home = std::env::temp_dir().join(format!("lc-{}", ids::hex(4)));
        fs::create_dir_all(&home).unwrap();
        let known: [(Service, &[&str]); 1] = [(Service::Rds, &local_cloud_rds::faults::NAMES)];
        let faults = Arc::new(Faults::new(1, &known));
        let (publisher, events) = Publisher::recorded();
        let world = World {
            cloud: Cloud::new(endpoint),
            events: publisher,
            faults: Arc::clone(&faults),
            home: home.clone(),
            region: "eu-west-3".into(),
        };
        let config = Config {
            creating_ms: 50,
            available_gap_ms: 100,
            heartbeat_ms: 200,
            last_port: config.first_port.map(|first| first + 9),
            ..config
        };
        let rds = Rds::start(config.clone(), world.clone()).await.unwrap();
        Self {
            rds,
            faults,
            home,
            config,
            world,
            events,
        }
    }

    /// Stops the server and starts it again in the same folder.
    pub async fn restart(&mut self) {
        self.rds.stop().await;
        self.rds = Rds::start(self.config.clone(), self.world.clone())
            .await
            .unwrap();
    }

    pub async fn close(self) {
        self.rds.stop().await;
        fs::remove_dir_all(&self.home).unwrap();
    }

    /// Calls an operation and answers its XML.
    pub async fn call(&self, action: &str, form: &str) -> Result<String, AwsError> {
        let call = Call {
            action: action.into(),
            region: "eu-west-3".into(),
            account: "000000000000".into(),
            request_id: "r".into(),
        };
        let answer = self.rds.call(&call, Form::decode(form.as_bytes())).await?;
        Ok(answer.map(|xml| xml.to_string()).unwrap_or_default())
    }

    /// Creates an instance and waits until it is available.
    pub async fn create(&self, identifier: &str, more: &str) {
        let form = format!(
            "DBInstanceIdentifier={identifier}&Engine=postgres&DBInstanceClass=db.t3.micro&AllocatedStorage=20\
             &MasterUsername=master&MasterUserPassword={PASSWORD}&DBName=tenants&{more}"
        );
        self.call("CreateDBInstance", &form).await.unwrap();
        self.until(identifier, |xml| {
            text(xml, "DBInstanceStatus") == Some("available")
        })
        .await;
    }

    pub async fn describe(&self, identifier: &str) -> Result<String, AwsError> {
        self.call(
            "DescribeDBInstances",
            &format!("DBInstanceIdentifier={identifier}"),
        )
        .await
    }

    /// Waits until the description of an instance is as wanted, and answers it.
    pub async fn until(&self, identifier: &str, wanted: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let xml = self.describe(identifier).await.unwrap();
            if wanted(&xml) {
                return xml;
            }
            assert!(
                Instant::now() < deadline,
                "{identifier} never became what it should: {xml}"
            );
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until the answer of an operation is as wanted, and answers it.
    pub async fn until_answer(
        &self,
        action: &str,
        form: &str,
        wanted: impl Fn(&str) -> bool,
    ) -> String {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let xml = self.call(action, form).await.unwrap();
            if wanted(&xml) {
                return xml;
            }
            assert!(
                Instant::now() < deadline,
                "{action} never answered what it should: {xml}"
            );
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until an instance is available, and answers its port.
    pub async fn until_available(&self, identifier: &str) -> String {
        let available = |xml: &str| text(xml, "DBInstanceStatus") == Some("available");
        let xml = self.until(identifier, available).await;
        text(&xml, "Port").unwrap().to_owned()
    }

    /// The major version of the installed PostgreSQL.
    pub async fn version(&self) -> String {
        let groups = self.call("DescribeDBParameterGroups", "").await.unwrap();
        let family = groups.split("<DBParameterGroupFamily>postgres").nth(1);
        let (major, _) = family.unwrap().split_once('<').unwrap();
        major.to_owned()
    }

    /// Waits until new sessions have that value of a parameter.
    pub async fn until_shown(&self, port: &str, parameter: &str, value: &str) {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let client = self.log_in(port, "master", PASSWORD).await.unwrap();
            let query = "select current_setting($1)";
            let row = client.query_one(query, &[&parameter]).await.unwrap();
            let found: String = row.get(0);
            if found == value {
                return;
            }
            assert!(Instant::now() < deadline, "{parameter} stays {found}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until a cluster is gone.
    pub async fn until_cluster_gone(&self, identifier: &str) {
        let form = format!("DBClusterIdentifier={identifier}");
        let deadline = Instant::now() + DEADLINE;
        while self.call("DescribeDBClusters", &form).await.is_ok() {
            assert!(Instant::now() < deadline, "{identifier} is never gone");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until a server answers at that port.
    pub async fn until_served(&self, port: &str) {
        self.until_login(port, PASSWORD).await;
    }

    /// Waits until the master can log in with that password.
    pub async fn until_login(&self, port: &str, password: &str) {
        let deadline = Instant::now() + DEADLINE;
        while let Err(error) = self.log_in(port, "master", password).await {
            assert!(Instant::now() < deadline, "nobody gets in: {error}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until an instance is gone.
    pub async fn until_gone(&self, identifier: &str) {
        let deadline = Instant::now() + DEADLINE;
        while self.describe(identifier).await.is_ok() {
            assert!(Instant::now() < deadline, "{identifier} is never gone");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until a base backup begins that wasn't there before.
    pub async fn until_another_backup(&self, identifier: &str) {
        let xml = self.describe(identifier).await.unwrap();
        let resource_id = text(&xml, "DbiResourceId").unwrap();
        let vault = self.home.join("rds/.backups").join(resource_id);
        let folder = vault.join("backups");
        let all = || -> BTreeSet<_> {
            let entries = fs::read_dir(&folder).unwrap();
            entries.map(|entry| entry.unwrap().file_name()).collect()
        };
        let (before, deadline) = (all(), Instant::now() + DEADLINE);
        while all().is_subset(&before) {
            assert!(
                Instant::now() < deadline,
                "{identifier} isn't backed up again"
            );
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until an instance can be restored to that time.
    pub async fn until_restorable(&self, identifier: &str, at: Timestamp) {
        let reached = |xml: &str| {
            let latest =
                text(xml, "LatestRestorableTime").map(|text| text.parse::<Timestamp>().unwrap());
            latest.is_some_and(|latest| latest >= at)
        };
        self.until(identifier, reached).await;
    }

    /// The next event's id and instance, past those of snapshots.
    pub async fn next_event(&mut self) -> (String, String) {
        loop {
            let (kind, id, identifier) = self.next_event_of_any().await;
            if kind == "DB_INSTANCE" {
                return (id, identifier);
            }
        }
    }

    /// The next event's source type, id and source.
    pub async fn next_event_of_any(&mut self) -> (String, String, String) {
        let event = self.next_whole_event().await;
        let text = |name: &str| event.detail[name].as_str().unwrap().to_owned();
        (
            text("SourceType"),
            text("EventID"),
            text("SourceIdentifier"),
        )
    }

    pub async fn next_whole_event(&mut self) -> Event {
        let event = tokio::time::timeout(DEADLINE, self.events.recv());
        event.await.unwrap().unwrap()
    }

    pub fn no_more_events(&mut self) -> bool {
        self.events.try_recv().is_err()
    }

    /// A session over TLS, verified as an application would.
    pub async fn log_in(
        &self,
        port: &str,
        user: &str,
        password: &str,
    ) -> Result<Client, tokio_postgres::Error> {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_file(self.home.join("ca.pem")).unwrap())
            .unwrap();
        let tls = rustls::ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let login = login(port, user, password);
        let (client, connection) = login.connect(MakeRustlsConnect::new(tls)).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// An attempt without TLS.
    pub async fn log_in_unencrypted(&self, port: &str) -> Result<(), tokio_postgres::Error> {
        login(port, "master", PASSWORD)
            .connect(NoTls)
            .await
            .map(|_| ())
    }
}

fn login(port: &str, user: &str, password: &str) -> Login {
    let mut login = Login::new();
    login
        .host("localhost")
        .port(port.parse().unwrap())
        .user(user)
        .password(password)
        .dbname("tenants");
    login
}

/// The text of the first element of that name.
pub fn text<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
}
