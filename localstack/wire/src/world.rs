//! What surrounds a service.

use std::path::PathBuf;
use std::sync::Arc;

use crate::cloud::Cloud;
use crate::events::Publisher;
use crate::faults::Faults;

/// What every service gets: the rest of the local cloud, the event bus, the faults, and a folder.
#[derive(Debug, Clone)]
pub struct World {
    /// Calls to the rest of the local cloud.
    pub cloud: Cloud,
    /// The default event bus.
    pub events: Publisher,
    /// The faults that are switched on.
    pub faults: Arc<Faults>,
    /// The folder of the local cloud's state (`LOCAL_CLOUD_HOME`).
    pub home: PathBuf,
    /// The region of calls that name none.
    pub region: String,
}

impl World {
    /// The world around the services of one server. Must run inside a tokio runtime: it starts the event delivery.
    pub fn new(cloud: Cloud, faults: Arc<Faults>, home: PathBuf, region: String) -> Self {
        let events = Publisher::start(cloud.clone(), &faults, region.clone());
        Self {
            cloud,
            events,
            faults,
            home,
            region,
        }
    }
}
