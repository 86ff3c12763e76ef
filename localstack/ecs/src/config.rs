//! The configuration of the service.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

/// What stands for images, and how long AWS's part of a task's life takes here.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Config {
    /// The program that runs for a container, by the container's name.
    pub binaries: BTreeMap<String, PathBuf>,
    /// Variables that win over those of task definitions: what lies elsewhere here than in the image.
    pub environment: BTreeMap<String, String>,
    /// Milliseconds in `PROVISIONING`.
    pub provisioning_ms: u64,
    /// Milliseconds in `DEPROVISIONING`.
    pub deprovisioning_ms: u64,
    /// Seconds for which a stopped task stays visible.
    pub stopped_visible_seconds: i64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            binaries: BTreeMap::new(),
            environment: BTreeMap::new(),
            provisioning_ms: 100,
            deprovisioning_ms: 20,
            stopped_visible_seconds: 3600,
        }
    }
}
