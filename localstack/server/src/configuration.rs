//! What the server is told: its environment, and a configuration file for everything that has a default.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use local_cloud_wire::faults::Fault;
use serde::Deserialize;

/// Why the server can't be configured.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    /// A variable is missing or wrong.
    #[error("read the variable {name}: {problem}")]
    Variable {
        /// Its name.
        name: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The file is missing or wrong.
    #[error("read the configuration file {path}: {problem}")]
    File {
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Something else on the command line.
    #[error("the only option is --config <file>, not {0}")]
    Option(String),
}

/// Where the server is and what surrounds it.
#[derive(Debug)]
pub struct Surroundings {
    /// `LOCAL_CLOUD_HOME`: the folder of all state.
    pub home: PathBuf,
    /// `LOCAL_CLOUD_SERVER_PORT`.
    pub port: u16,
    /// `AWS_ENDPOINT_URL`: the rest of the local cloud.
    pub endpoint: String,
    /// `AWS_REGION`.
    pub region: String,
    /// `LOCAL_CLOUD_WORKER`: the program that runs for the container `worker`.
    pub worker: Option<PathBuf>,
}

/// The configuration file: JSON, all of it optional.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct File {
    /// The settings of RDS.
    pub rds: local_cloud_rds::Config,
    /// The settings of DMS.
    pub dms: local_cloud_dms::Config,
    /// The settings of ECS.
    pub ecs: local_cloud_ecs::Config,
    /// The seed of chance in faults.
    pub seed: u64,
    /// Faults that are switched on from the start.
    pub faults: Vec<Fault>,
}

impl Surroundings {
    /// From the environment.
    ///
    /// # Errors
    /// A variable is missing or wrong.
    pub fn from_environment() -> Result<Self, ConfigurationError> {
        let home = PathBuf::from(
            variable("LOCAL_CLOUD_HOME").unwrap_or_else(|| "/var/tmp/tenant-restore".into()),
        );
        if !home.is_absolute() {
            let problem = "must be an absolute path".to_owned();
            return Err(ConfigurationError::Variable {
                name: "LOCAL_CLOUD_HOME",
                problem,
            });
        }
        Ok(Self {
            home,
            port: port(variable("LOCAL_CLOUD_SERVER_PORT"))?,
            endpoint: variable("AWS_ENDPOINT_URL")
                .unwrap_or_else(|| "http://127.0.0.1:4566".into()),
            region: variable("AWS_REGION").unwrap_or_else(|| "eu-west-3".into()),
            worker: variable("LOCAL_CLOUD_WORKER").map(PathBuf::from),
        })
    }
}

impl File {
    /// The file that `--config` or `LOCAL_CLOUD_CONFIG` names, or the defaults.
    ///
    /// # Errors
    /// The file is missing or wrong.
    pub fn find(arguments: &[String]) -> Result<Self, ConfigurationError> {
        let path = match arguments {
            [] => variable("LOCAL_CLOUD_CONFIG").map(PathBuf::from),
            [option, path] if option == "--config" => Some(PathBuf::from(path)),
            [other, ..] => return Err(ConfigurationError::Option(other.clone())),
        };
        path.map_or_else(|| Ok(Self::default()), |path| Self::read(&path))
    }

    fn read(path: &Path) -> Result<Self, ConfigurationError> {
        let wrong = |problem: String| ConfigurationError::File {
            path: path.to_owned(),
            problem,
        };
        let text = fs::read(path).map_err(|error| wrong(error.to_string()))?;
        serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))
    }
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn port(text: Option<String>) -> Result<u16, ConfigurationError> {
    let Some(text) = text else { return Ok(5566) };
    let wrong = |_| ConfigurationError::Variable {
        name: "LOCAL_CLOUD_SERVER_PORT",
        problem: format!("{text} is not a port"),
    };
    text.parse().map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_setting_is_refused() {
        assert!(serde_json::from_str::<File>(r#"{"rds": {"creatingMs": 5}, "seed": 7}"#).is_ok());
        assert!(serde_json::from_str::<File>(r#"{"rds": {"creating": 5}}"#).is_err());
        assert!(serde_json::from_str::<File>(r#"{"sqs": {}}"#).is_err());
    }

    #[test]
    fn without_a_file_every_setting_has_its_default() {
        assert_eq!(
            File::find(&[]).unwrap().rds,
            local_cloud_rds::Config::default()
        );
        assert!(matches!(
            File::find(&["--port".into()]),
            Err(ConfigurationError::Option(_))
        ));
        assert!(File::find(&["--config".into(), "/nowhere/x.json".into()]).is_err());
    }

    #[test]
    fn a_port_is_a_number() {
        assert_eq!(port(Some("6000".into())).unwrap(), 6000);
        assert!(port(Some("http".into())).is_err());
    }
}
