//! A restore that is about to ask for its temporary database, and the handler that does.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tenant_restore_core::admission::Limits;
use tenant_restore_core::decision::Setting;
use tenant_restore_core::naming::{Deployment, restore_id};
use tenant_restore_core::permission::Requesters;
use tenant_restore_core::place::Home;
use tenant_restore_core::price::PriceList;
use tenant_restore_core::request::{Arrival, read};
use tenant_restore_core::restore::{Refusal, Restore, Source};
use tenant_restore_core::source_kind::{InstanceSource, SourceKind};
use tenant_restore_core::wait::Pace;
use tenant_restore_events::Phase;

use crate::clients::Clients;
use crate::config::{Config, DatabaseConfig, ReplicationConfig, TaskConfig};
use crate::engine::Engine;
use crate::placement::DatabaseWishes;
use crate::setbacks::tests::cloud::Cloud;
use crate::trace::Daemon;

pub fn restore() -> Restore {
    let now = Timestamp::now();
    let detail = json!({
        "database": "shop", "schemas": ["a"], "suffix": "x", "restoreTime": "2024-01-28T14:30:00Z"
    });
    let arrival = Arrival {
        event_id: "event-1",
        time: now,
        replayed: false,
        now,
        default_source: "production",
        snapshot: None,
    };
    let request = read(&detail, &arrival).unwrap();
    let mut restore = Restore::open(restore_id("tenant-restore", "event-1"), request, now);
    restore.source = Some(Source {
        endpoint: None,
        secret: None,
        master_username: "master".to_owned(),
        parameter_group: None,
        kind: SourceKind::SingleAz(InstanceSource::default()),
    });
    restore.enter(Phase::Provision, &[], now);
    restore
}

/// The same, whose call has been refused for so long.
pub fn refused_for(time: SignedDuration) -> Restore {
    let mut restore = restore();
    let refusal = Refusal {
        since: Timestamp::now() - time,
        count: 9,
        interrupted: None,
    };
    restore.refusals.insert(Phase::Provision, refusal);
    restore
}

/// The handler of that phase.
pub fn engine(cloud: &Cloud) -> Engine {
    Engine::new(config(), Clients::of(&cloud.sdk()), Daemon::from_env())
}

fn config() -> Config {
    let name = || "name".to_owned();
    Config {
        handler: Phase::Provision,
        setting: Setting {
            deployment: Deployment {
                name: "tenant-restore".to_owned(),
                tag: "main".to_owned(),
            },
            pace: Pace::default(),
            handler_timeout: 60,
            bucket: name(),
            loads_of_class: 10,
            writer_class: None,
        },
        admission: Limits::default(),
        prices: PriceList::default(),
        table: name(),
        bus: name(),
        topic: name(),
        queues: BTreeMap::from(Phase::ALL.map(|phase| (phase, phase.to_string()))),
        dead_queue: name(),
        tasks: TaskConfig {
            cluster: name(),
            definition: name(),
            container: name(),
            subnets: Vec::new(),
            security_groups: Vec::new(),
        },
        databases: DatabaseConfig {
            subnet_group: name(),
            security_groups: Vec::new(),
            wishes: DatabaseWishes::default(),
        },
        replication: ReplicationConfig {
            subnet_group: name(),
            security_groups: Vec::new(),
            instance_class: name(),
            secret_role: name(),
            certificate: None,
        },
        requesters: Requesters::default(),
        vpc: name(),
        home: Home::of("arn:aws:ecs:us-east-1:123456789012:cluster/name").unwrap(),
        default_source: name(),
        default_source_secret: name(),
        kms_key: None,
    }
}
