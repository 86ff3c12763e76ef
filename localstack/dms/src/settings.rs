//! Task settings, with the defaults of the DMS user guide ("Specifying task settings").

use local_cloud_wire::AwsError;
use serde::Deserialize;
use serde_json::Value;

use crate::error_behavior::{ErrorBehavior, Policy};
use crate::failure::invalid;
use crate::setting_names;

/// What happens to target tables before the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Preparation {
    DoNothing,
    Truncate,
}

/// How large objects are carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lobs {
    /// Not at all.
    Off,
    /// Cut at so many bytes.
    Limited(u64),
    /// Whole, by primary key.
    Full,
}

/// The settings that mean something here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) preparation: Preparation,
    pub(crate) lobs: Lobs,
    pub(crate) tables_at_once: usize,
    pub(crate) rows_per_commit: u64,
    pub(crate) data_error: Policy,
    pub(crate) data_truncation_error: Policy,
    pub(crate) table_error: Policy,
    /// How often a task is started again after an error of its environment; -1 as often as DMS likes.
    pub(crate) recoverable_error_count: i64,
    pub(crate) fail_without_tables: bool,
}

impl Settings {
    /// Reads the JSON of `ReplicationTaskSettings`. Without one, the defaults.
    ///
    /// # Errors
    /// No such JSON, or settings that the local cloud doesn't do.
    pub(crate) fn parse(text: Option<&str>) -> Result<Self, AwsError> {
        let text = text.filter(|text| !text.trim().is_empty()).unwrap_or("{}");
        let wrong = |error| invalid(format!("Invalid task settings: {error}"));
        let given: Value = serde_json::from_str(text).map_err(wrong)?;
        setting_names::check(&given)?;
        let given: Document = serde_json::from_value(given).map_err(wrong)?;
        given.error_behavior.check()?;
        let refuse = |what: &str| {
            Err(invalid(format!(
                "Invalid task settings: the local cloud has no {what}"
            )))
        };
        if !given.target_metadata.target_schema.is_empty() {
            return refuse("TargetSchema");
        }
        if given.validation_settings.enable_validation {
            return refuse("validation");
        }
        let preparation = match given.full_load_settings.target_table_prep_mode.as_str() {
            "DO_NOTHING" => Preparation::DoNothing,
            "TRUNCATE_BEFORE_LOAD" => Preparation::Truncate,
            other => return refuse(&format!("TargetTablePrepMode {other}")),
        };
        let tables_at_once = given.full_load_settings.max_full_load_sub_tasks;
        let rows_per_commit = given.full_load_settings.commit_rate;
        if !(1..=49).contains(&tables_at_once) {
            return Err(invalid(
                "Invalid task settings: MaxFullLoadSubTasks lies between 1 and 49",
            ));
        }
        if !(1..=50_000).contains(&rows_per_commit) {
            return Err(invalid(
                "Invalid task settings: CommitRate lies between 1 and 50000",
            ));
        }
        Ok(Self {
            preparation,
            lobs: given.target_metadata.lobs(),
            tables_at_once,
            rows_per_commit,
            data_error: given.error_behavior.data_error_policy,
            data_truncation_error: given.error_behavior.data_truncation_error_policy,
            table_error: given.error_behavior.table_error_policy,
            recoverable_error_count: given.error_behavior.recoverable_error_count,
            fail_without_tables: given.error_behavior.fail_on_no_tables_captured,
        })
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Document {
    full_load_settings: FullLoad,
    target_metadata: TargetMetadata,
    error_behavior: ErrorBehavior,
    validation_settings: Validation,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct FullLoad {
    target_table_prep_mode: String,
    max_full_load_sub_tasks: usize,
    commit_rate: u64,
}

impl Default for FullLoad {
    fn default() -> Self {
        Self {
            target_table_prep_mode: "DO_NOTHING".into(),
            max_full_load_sub_tasks: 8,
            commit_rate: 10_000,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct TargetMetadata {
    target_schema: String,
    support_lobs: bool,
    full_lob_mode: bool,
    lob_max_size: u64,
}

impl Default for TargetMetadata {
    fn default() -> Self {
        Self {
            target_schema: String::new(),
            support_lobs: true,
            full_lob_mode: false,
            lob_max_size: 32,
        }
    }
}

impl TargetMetadata {
    fn lobs(&self) -> Lobs {
        match (self.support_lobs, self.full_lob_mode) {
            (false, _) => Lobs::Off,
            (true, true) => Lobs::Full,
            (true, false) => Lobs::Limited(self.lob_max_size * 1024),
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Validation {
    enable_validation: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_settings_lobs_are_cut_at_32_kib_and_broken_tables_are_left_behind() {
        let defaults = Settings::parse(None).unwrap();
        assert_eq!(defaults.lobs, Lobs::Limited(32 * 1024));
        assert_eq!(
            (
                defaults.data_error,
                defaults.data_truncation_error,
                defaults.table_error
            ),
            (Policy::LogError, Policy::LogError, Policy::SuspendTable)
        );
        assert!(defaults.fail_without_tables);
        assert_eq!(
            (defaults.tables_at_once, defaults.rows_per_commit),
            (8, 10_000)
        );
    }

    #[test]
    fn settings_that_are_given_count() {
        let text = r#"{"TargetMetadata":{"SupportLobs":true,"FullLobMode":true},
            "FullLoadSettings":{"TargetTablePrepMode":"TRUNCATE_BEFORE_LOAD","MaxFullLoadSubTasks":2,"CommitRate":5},
            "ErrorBehavior":{"TableErrorPolicy":"STOP_TASK"},"Logging":{"EnableLogging":false}}"#;
        let given = Settings::parse(Some(text)).unwrap();
        assert_eq!(
            (given.lobs, given.preparation),
            (Lobs::Full, Preparation::Truncate)
        );
        assert_eq!(
            (
                given.tables_at_once,
                given.rows_per_commit,
                given.table_error
            ),
            (2, 5, Policy::StopTask)
        );
    }

    #[test]
    fn what_is_not_done_here_is_refused() {
        for text in [
            r#"{"FullLoadSettings":{"TargetTablePrepMode":"DROP_AND_CREATE"}}"#,
            r#"{"FullLoadSettings":{"MaxFullLoadSubTasks":50}}"#,
            r#"{"FullLoadSettings":{"CommitRate":0}}"#,
            r#"{"TargetMetadata":{"TargetSchema":"x"}}"#,
            r#"{"ValidationSettings":{"EnableValidation":true}}"#,
            r#"{"ErrorBehavior":{"TableErrorPolicy":"LOG_ERROR"}}"#,
            r#"{"ErrorBehavior":{"DataErrorPolicy":"STOP"}}"#,
            r#"{"ErrorBehavior":{"FullloadIgnoreConflicts":false}}"#,
            r#"{"TargetMetadata":{"LobMaxSizeKb":1}}"#,
            "[",
        ] {
            assert!(Settings::parse(Some(text)).is_err(), "{text}");
        }
    }
}
