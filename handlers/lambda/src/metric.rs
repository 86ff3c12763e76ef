//! Metrics in CloudWatch's embedded metric format: a line of JSON on standard output, which Lambda's log becomes a metric
//! of (CloudWatch user guide, "Specification: Embedded metric format").

use jiff::Timestamp;
use serde_json::{Value, json};

const NAMESPACE: &str = "TenantRestore";

/// Counts one occurrence, by deployment and phase.
pub fn count(deployment: &str, phase: &str, name: &str) {
    measure(deployment, phase, name, 1.0, Unit::Count);
}

/// What a metric's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Count,
    /// A time.
    Seconds,
    /// Something that CloudWatch has no unit for, such as money.
    None,
}

/// Notes a value, by deployment and phase.
pub fn measure(deployment: &str, phase: &str, name: &str, value: f64, unit: Unit) {
    let now = Timestamp::now();
    println!("{}", line(deployment, phase, name, value, unit, now));
}

fn line(
    deployment: &str,
    phase: &str,
    name: &str,
    value: f64,
    unit: Unit,
    now: Timestamp,
) -> Value {
    json!({
        "_aws": {
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [["deployment"], ["deployment", "phase"]],
                "Metrics": [{"Name": name, "Unit": format!("{unit:?}")}],
            }],
        },
        "deployment": deployment,
        "phase": phase,
        name: value,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_in_the_directive_is_a_member_of_the_line() {
        let line = line(
            "tenant-restore",
            "ddl",
            "PhaseSeconds",
            1.5,
            Unit::Seconds,
            Timestamp::UNIX_EPOCH,
        );
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        let name = directive["Metrics"][0]["Name"].as_str().unwrap();
        assert_eq!(line[name], 1.5);
        assert_eq!(directive["Metrics"][0]["Unit"], "Seconds");
        for dimension in directive["Dimensions"][1].as_array().unwrap() {
            assert!(line[dimension.as_str().unwrap()].is_string());
        }
    }
}
