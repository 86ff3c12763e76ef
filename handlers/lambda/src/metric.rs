//! Metrics in CloudWatch's embedded metric format: a line of JSON on standard output, which Lambda's log becomes a metric
//! of (CloudWatch user guide, "Specification: Embedded metric format").

use jiff::Timestamp;
use serde_json::{Value, json};

const NAMESPACE: &str = "TenantRestore";

/// Counts one occurrence in the whole deployment.
pub fn count(deployment: &str, phase: &str, name: &str) {
    measure((deployment, phase), By::Deployment, name, 1.0, Unit::Count);
}

/// What a metric is told apart by. CloudWatch bills each combination that it is sent for each hour in which it is, so a value
/// has the one that is looked at (`infra/lib/metrics.ts`); the line has the phase in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// One metric in the deployment.
    Deployment,
    /// One for each phase.
    Phase,
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

/// Notes a value of a deployment and a phase.
pub fn measure(at: (&str, &str), by: By, name: &str, value: f64, unit: Unit) {
    println!("{}", line(at, by, name, value, unit, Timestamp::now()));
}

fn line(
    (deployment, phase): (&str, &str),
    by: By,
    name: &str,
    value: f64,
    unit: Unit,
    now: Timestamp,
) -> Value {
    let dimensions = match by {
        By::Deployment => json!(["deployment"]),
        By::Phase => json!(["deployment", "phase"]),
    };
    json!({
        "_aws": {
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [dimensions],
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
        let at = ("tenant-restore", "ddl");
        let now = Timestamp::UNIX_EPOCH;
        let line = line(at, By::Phase, "PhaseSeconds", 1.5, Unit::Seconds, now);
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        let name = directive["Metrics"][0]["Name"].as_str().unwrap();
        assert_eq!(line[name], 1.5);
        assert_eq!(directive["Metrics"][0]["Unit"], "Seconds");
        for dimension in directive["Dimensions"][0].as_array().unwrap() {
            assert!(line[dimension.as_str().unwrap()].is_string());
        }
    }

    #[test]
    fn a_value_is_one_metric_and_only_what_is_looked_at_by_phase_is_one_for_each() {
        let dimensions = |by| {
            let at = ("tenant-restore", "ddl");
            let line = line(at, by, "X", 1.0, Unit::Count, Timestamp::UNIX_EPOCH);
            line["_aws"]["CloudWatchMetrics"][0]["Dimensions"].clone()
        };
        assert_eq!(dimensions(By::Deployment), json!([["deployment"]]));
        assert_eq!(dimensions(By::Phase), json!([["deployment", "phase"]]));
    }
}
