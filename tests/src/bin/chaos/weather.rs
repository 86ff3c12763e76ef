//! The faults that every restore of a run meets, and the outage of each.

use serde_json::{Value, json};

use crate::plan::{HANDLERS, Outage};

/// Events that are lost, of RDS and DMS; as many are doubled. Those of ECS are delivered at least once.
const LOST: f64 = 0.2;
/// Calls of a handler that are throttled, and as many that fail.
const REFUSED: f64 = 0.04;
/// Calls that are done, but whose answer is lost.
const UNANSWERED: f64 = 0.03;
/// Descriptions that are stale.
const STALE: f64 = 0.1;
/// As old are they.
const STALE_MS: u64 = 1500;
/// Messages that come again although they were handled.
const DELIVERED_AGAIN: f64 = 0.1;
/// The attempts of a call that the SDK makes (AWS SDK for Rust, standard retry mode): if all are refused, it is put off.
const ATTEMPTS: u32 = 3;

/// Calls of RDS, DMS and ECS that are refused, by service. Those by which the local cloud itself looks up tags to check a
/// policy aren't among them: AWS doesn't call its own API for that.
const CALLS: [(&str, &str, &[&str]); 3] = [
    (
        "rds",
        "Throttling",
        &[
            "RestoreDBInstanceToPointInTime",
            "DescribeDBInstances",
            "ModifyDBInstance",
            "DeleteDBInstance",
        ],
    ),
    (
        "dms",
        "ThrottlingException",
        &[
            "CreateReplicationInstance",
            "DescribeReplicationInstances",
            "CreateEndpoint",
            "TestConnection",
            "CreateReplicationTask",
            "StartReplicationTask",
            "DescribeReplicationTasks",
            "DeleteReplicationTask",
            "DeleteEndpoint",
            "DeleteReplicationInstance",
        ],
    ),
    (
        "ecs",
        "ThrottlingException",
        &["RunTask", "DescribeTasks", "StopTask"],
    ),
];

/// How the other services refuse: throttling and an internal error, with their HTTP statuses.
const REFUSALS: [(&str, [(&str, u16); 2]); 6] = [
    (
        "dynamodb",
        [
            ("ProvisionedThroughputExceededException", 400),
            ("InternalServerError", 500),
        ],
    ),
    (
        "secretsmanager",
        [("ThrottlingException", 400), ("InternalServiceError", 500)],
    ),
    (
        "sqs",
        [("RequestThrottled", 403), ("ServiceUnavailable", 503)],
    ),
    (
        "events",
        [("ThrottlingException", 400), ("InternalFailure", 500)],
    ),
    ("s3", [("SlowDown", 503), ("InternalError", 500)]),
    ("sns", [("Throttled", 429), ("InternalError", 500)]),
];

/// Calls that make something, or save: their answers are lost now and then.
const MAKING: [(&str, &str); 9] = [
    ("rds", "RestoreDBInstanceToPointInTime"),
    ("rds", "ModifyDBInstance"),
    ("dms", "CreateReplicationInstance"),
    ("dms", "CreateEndpoint"),
    ("dms", "CreateReplicationTask"),
    ("dms", "StartReplicationTask"),
    ("ecs", "RunTask"),
    ("secretsmanager", "CreateSecret"),
    ("dynamodb", "TransactWriteItems"),
];

/// The request that switches all of it on.
pub fn faults(seed: u64) -> Value {
    let mut faults = of_events();
    faults.extend(of_refusals());
    faults.extend(of_doubt());
    json!({ "seed": seed, "faults": faults })
}

/// Events that are lost, doubled, late, out of order, worded otherwise, without an id, with unknown fields.
fn of_events() -> Vec<Value> {
    let mut faults = Vec::new();
    for service in ["rds", "dms"] {
        faults.extend([
            json!({ "service": service, "fault": "drop-event", "probability": LOST }),
            json!({ "service": service, "fault": "event-id-missing", "probability": 0.05 }),
            json!({ "service": service, "fault": "event-message", "probability": 0.3 }),
        ]);
    }
    for service in ["rds", "dms", "ecs"] {
        faults.extend([
            json!({ "service": service, "fault": "duplicate-event", "probability": LOST / 2.0 }),
            json!({ "service": service, "fault": "duplicate-event-new-id", "probability": LOST / 2.0 }),
            json!({ "service": service, "fault": "delay-event", "ms": 2500, "probability": 0.2 }),
            json!({ "service": service, "fault": "reorder-event", "ms": 800, "probability": 0.3 }),
            json!({ "service": service, "fault": "event-extra-fields", "probability": 0.3 }),
        ]);
    }
    faults
}

/// Calls that are throttled, or fail, or meet another transaction.
fn of_refusals() -> Vec<Value> {
    let mut faults = Vec::new();
    for (service, throttled, actions) in CALLS {
        for action in actions {
            // What the harness itself asks about names no restore; ECS names tasks by ARNs of their own.
            let its = if service == "ecs" { "" } else { "tr-main-" };
            for (code, status) in [(throttled, 400), ("InternalFailure", 500)] {
                faults.push(json!({
                    "service": service, "fault": "error", "action": action, "match": its, "code": code,
                    "status": status, "message": "chaos", "probability": REFUSED
                }));
            }
        }
    }
    // DMS reads its secrets by a role of its own, and the harness says nothing about how often it tries.
    let callers = HANDLERS.map(|(phase, _)| role(phase));
    for caller in callers
        .iter()
        .map(String::as_str)
        .chain(["tenant-restore-worker-task"])
    {
        for (service, codes) in REFUSALS {
            for (code, status) in codes {
                faults.push(json!({
                    "service": service, "fault": "error", "caller": caller, "code": code, "status": status,
                    "message": "chaos", "probability": REFUSED
                }));
            }
        }
        faults.push(json!({
            "service": "dynamodb", "fault": "error", "caller": caller, "action": "TransactWriteItems",
            "code": "TransactionCanceledException", "message": "TransactionConflict", "probability": REFUSED
        }));
    }
    faults
}

/// What leaves a caller in doubt: answers that are lost or stale, resources that aren't shown yet, tokens that are
/// forgotten, messages that come again.
fn of_doubt() -> Vec<Value> {
    let mut faults = Vec::new();
    for (service, action) in MAKING {
        let code = if service == "dynamodb" {
            "InternalServerError"
        } else {
            "InternalFailure"
        };
        faults.push(json!({
            "service": service, "fault": "answer-lost", "action": action, "code": code, "status": 500,
            "message": "chaos", "probability": UNANSWERED
        }));
    }
    for service in ["rds", "dms", "ecs"] {
        let whose = if service == "ecs" { "" } else { "tr-main-" };
        faults.extend([
            json!({ "service": service, "fault": "stale-describe", "ms": STALE_MS, "probability": STALE }),
            json!({ "service": service, "fault": "describe-lag", "match": whose, "ms": 1000, "probability": 0.5 }),
        ]);
    }
    faults.push(json!({ "service": "ecs", "fault": "client-token-forgotten", "probability": 0.3 }));
    faults.push(json!({
        "service": "sqs", "fault": "deliver-again", "again": 2, "probability": DELIVERED_AGAIN
    }));
    faults
}

/// The fault that refuses one call of a restore's handler for longer than the SDK tries.
pub fn outage(outage: Outage, restore_id: &str) -> Value {
    let Outage {
        phase,
        service,
        action,
    } = outage;
    json!({
        "service": service, "fault": "error", "caller": role(phase), "action": action, "match": restore_id,
        "code": if service == "dynamodb" { "InternalServerError" } else { "ServiceUnavailable" },
        "status": 503, "message": "outage", "times": ATTEMPTS,
    })
}

/// A function and its role have the same name.
fn role(phase: &str) -> String {
    format!("tenant-restore-{phase}")
}
