//! The local cloud's server for RDS, DMS and ECS.
//!
//! Environment: `LOCAL_CLOUD_HOME`, `LOCAL_CLOUD_SERVER_PORT`, `AWS_ENDPOINT_URL` (the rest of the local cloud),
//! `AWS_REGION`, `LOCAL_CLOUD_WORKER`, `LOCAL_CLOUD_CONFIG`, `RUST_LOG`. It listens on the loopback interface only and
//! logs to standard error. SIGTERM and SIGINT stop it and everything that it started.

mod configuration;

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use configuration::{ConfigurationError, File, Surroundings};
use local_cloud_dms::Dms;
use local_cloud_ecs::Ecs;
use local_cloud_rds::Rds;
use local_cloud_wire::World;
use local_cloud_wire::cloud::Cloud;
use local_cloud_wire::faults::{Faults, Service};
use local_cloud_wire::server::{Services, serve};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the server can't run");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut file = File::find(&arguments)?;
    let surroundings = Surroundings::from_environment()?;
    prepare_ecs(&mut file, &surroundings);
    file.rds
        .first_port
        .get_or_insert(first_instance_port(surroundings.port));
    std::fs::create_dir_all(&surroundings.home)?;

    let (mut terminated, mut interrupted) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let listener = TcpListener::bind(("127.0.0.1", surroundings.port)).await?;
    let faults = faults(&mut file)?;
    let world = World::new(
        Cloud::new(surroundings.endpoint),
        faults,
        surroundings.home,
        surroundings.region,
    );

    let rds = Rds::start(file.rds, world.clone()).await?;
    let dms = Dms::start(world.clone(), file.dms)?;
    let ecs = Ecs::start(world.clone(), file.ecs)?;
    let services = Services {
        rds: Arc::new(rds.clone()),
        dms: Arc::new(dms),
        ecs: Arc::new(ecs.clone()),
    };
    tracing::info!(address = %listener.local_addr()?, "serving RDS, DMS and ECS");
    let stop = async move {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = interrupted.recv() => {}
        }
    };
    serve(listener, services, world, stop).await?;
    tracing::info!("stopping");
    ecs.shutdown().await;
    rds.stop().await;
    Ok(())
}

/// Local clouds side by side look for free ports in ranges of their own: two that look at once would find the same.
fn first_instance_port(server_port: u16) -> u16 {
    15432 + server_port.abs_diff(5566) % 97 * 100
}

/// What lies elsewhere on this machine than in the image: the worker and the certificate authority.
fn prepare_ecs(file: &mut File, surroundings: &Surroundings) {
    if let Some(worker) = &surroundings.worker {
        file.ecs
            .binaries
            .entry("worker".to_owned())
            .or_insert_with(|| worker.clone());
    }
    let authority = surroundings.home.join("ca.pem").display().to_string();
    file.ecs
        .environment
        .entry("PGSSLROOTCERT".to_owned())
        .or_insert(authority);
}

fn faults(file: &mut File) -> Result<Arc<Faults>, ConfigurationError> {
    let known: [(Service, &[&str]); 3] = [
        (Service::Rds, &local_cloud_rds::faults::NAMES),
        (Service::Dms, &local_cloud_dms::FAULTS),
        (Service::Ecs, &local_cloud_ecs::FAULTS),
    ];
    let faults = Faults::new(file.seed, &known);
    for fault in std::mem::take(&mut file.faults) {
        let wrong = |error: local_cloud_wire::faults::FaultError| ConfigurationError::Variable {
            name: "LOCAL_CLOUD_CONFIG",
            problem: error.to_string(),
        };
        faults.switch_on(fault).map_err(wrong)?;
    }
    Ok(Arc::new(faults))
}
