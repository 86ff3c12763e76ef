//! A local RDS behind its HTTP server, and an SDK's client of it.

use std::path::PathBuf;
use std::sync::Arc;

use aws_sdk_rds::Client;
use aws_sdk_rds::config::retry::RetryConfig;
use aws_sdk_rds::config::{BehaviorVersion, Credentials, Region};
use local_cloud_dms::Dms;
use local_cloud_ecs::Ecs;
use local_cloud_rds::{Config, Rds};
use local_cloud_wire::cloud::Cloud;
use local_cloud_wire::events::Publisher;
use local_cloud_wire::faults::{Faults, Service};
use local_cloud_wire::server::{Services, serve};
use local_cloud_wire::{World, ids};
use tokio::net::TcpListener;

pub struct Stage {
    pub client: Client,
    pub faults: Arc<Faults>,
    rds: Rds,
    home: PathBuf,
}

impl Stage {
    /// `first_port` keeps tests that run at once apart.
    pub async fn open(first_port: u16) -> Self {
        let home = std::env::temp_dir().join(format!("lc-{}", ids::hex(4)));
        std::fs::create_dir_all(&home).unwrap();
        let known: [(Service, &[&str]); 1] = [(Service::Rds, &local_cloud_rds::faults::NAMES)];
        let faults = Arc::new(Faults::new(1, &known));
        let world = World {
            cloud: Cloud::new("http://127.0.0.1:1"),
            events: Publisher::recorded().0,
            faults: Arc::clone(&faults),
            home: home.clone(),
            region: "eu-west-3".into(),
        };
        let config = Config {
            first_port: Some(first_port),
            creating_ms: 10,
            available_gap_ms: 10,
            heartbeat_ms: 200,
            ..Config::default()
        };
        let rds = Rds::start(config, world.clone()).await.unwrap();
        let services = Services {
            rds: Arc::new(rds.clone()),
            dms: Arc::new(Dms::start(world.clone(), local_cloud_dms::Config::default()).unwrap()),
            ecs: Arc::new(Ecs::start(world.clone(), local_cloud_ecs::Config::default()).unwrap()),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(serve(listener, services, world, std::future::pending()));
        Self {
            client: client(&endpoint),
            faults,
            rds,
            home,
        }
    }

    pub async fn close(self) {
        self.rds.stop().await;
        std::fs::remove_dir_all(&self.home).unwrap();
    }
}

fn client(endpoint: &str) -> Client {
    let config = aws_sdk_rds::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-3"))
        .endpoint_url(endpoint)
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(RetryConfig::disabled())
        .build();
    Client::from_conf(config)
}
