//! Reports to be shown. Texts of others hold the word FREE.

use serde_json::{Value, json};

fn outcome(outcome: &str, causes: &Value) -> Value {
    json!({
        "restoreId": "mfrggzdfmztw", "requestId": "FREE-1", "source": "FREE", "database": "FREE",
        "schemas": [{"schema": "FREE", "restoredAs": "FREE_20240128143000"}],
        "outcome": outcome, "outcomeId": "o-1", "attempt": 1, "restorePoint": "2024-01-28T14:30:00Z",
        "startedAt": "2024-01-29T08:00:00Z", "endedAt": "2024-01-29T09:00:00Z", "causes": causes,
    })
}

fn cause(kind: &str) -> Value {
    json!({"kind": kind, "message": "FREE is not FREE", "remedy": "Look at FREE."})
}

fn resource(kind: &str, gone_at: Option<&str>, cost: Option<Value>) -> Value {
    let mut resource = json!({
        "kind": kind, "name": format!("tr-main-FREE-{kind}"), "notedAt": "2024-01-29T08:00:10Z", "owned": true,
        "confirmed": true, "deletionAnnounced": false, "goneAt": gone_at,
    });
    if let Some(cost) = cost {
        resource["cost"] = cost;
    }
    resource
}

fn job(parts: Value) -> Value {
    let mut job = json!({
        "version": 1, "restoreId": "mfrggzdfmztw", "attempt": 1, "startedAt": "2024-01-29T08:10:05Z",
        "endedAt": "2024-01-29T08:20:00Z", "timings": [{"mode": "extract", "millis": 4000}, {"mode": "validate", "millis": 9000}],
    });
    for (name, part) in parts.as_object().unwrap() {
        job[name] = part.clone();
    }
    job
}

fn full_job(differences: &Value) -> Value {
    job(json!({
        "remarks": [
            {"code": "FunctionNamesOldSchema", "object": "FREE.f()", "message": "FREE at line 3"},
            {"code": "RoleMissing", "object": "FREE", "message": "FREE is gone"},
        ],
        "extract": {
            "tables": [{"schema": "FREE_20240128143000", "table": "FREE", "mover": "dms", "reason": "FREE", "bytes": 2048}],
            "originalDdl": "audit/x", "mended": [{
                "what": "function body", "object": "FREE.g()", "part": "FREE",
                "places": [{
                    "line": 8, "column": 15, "from": "FREE", "to": "FREE_20240128143000",
                    "oldText": "FREE", "newText": "FREE_20240128143000",
                }],
            }],
        },
        "validate": {
            "level": "full", "differences": differences,
            "tables": [{"schema": "FREE_20240128143000", "table": "FREE", "expectedRows": 3, "restoredRows": 3, "sameContent": true}],
        },
    }))
}

fn report(outcome: Value, opened: bool, jobs: Vec<Value>) -> Value {
    let cost = json!({"size": "FREE", "hourly": 72_000, "list": "FREE 2024"});
    json!({
        "version": 1, "outcome": outcome, "opened": opened, "warnings": [cause("SlotBehind")],
        "request": {
            "requestId": "FREE-1", "database": "FREE", "schemas": [], "restoreTime": "2024-01-28T14:30:00Z", "source": "FREE",
            "mover": "auto", "validate": "full", "onMismatch": "keep", "externalForeignKeys": "validate",
            "requestedBy": "FREE", "fingerprint": "x",
        },
        "phases": [
            {"phase": "intake", "began": "2024-01-29T08:00:00Z", "ended": "2024-01-29T08:00:05Z"},
            {"phase": "provision", "began": "2024-01-29T08:00:05Z", "ended": "2024-01-29T08:10:00Z"},
            {"phase": "ddl", "began": "2024-01-29T08:10:00Z", "ended": "2024-01-29T08:59:59Z"},
            {"phase": "complete", "began": "2024-01-29T08:59:59Z", "ended": null},
        ],
        "waits": [{"phase": "provision", "what": "TemporaryDatabase", "from": "2024-01-29T08:00:06Z", "to": "2024-01-29T08:09:00Z"}],
        "resources": [resource("database", Some("2024-01-29T08:30:10Z"), Some(cost))],
        "replicated": [{
            "schema": "FREE_20240128143000", "table": "FREE", "state": "FREE", "rows": 3,
            "began": "2024-01-29T08:30:00Z", "ended": "2024-01-29T08:31:12Z",
        }],
        "jobs": jobs,
    })
}

/// Completed, with something of everything that can be noted.
pub fn completed() -> Value {
    let job = full_job(&json!([]));
    report(outcome("COMPLETED", &json!([])), true, vec![job])
}

/// Failed: the restored schema differs and is kept; a secret couldn't be deleted.
pub fn failed() -> Value {
    let job = full_job(&json!(["table FREE has 2 rows instead of 3"]));
    let causes = json!([cause("ValidationMismatch")]);
    let mut report = report(outcome("FAILED", &causes), true, vec![job]);
    let secret = resource("secret", None, None);
    report["resources"].as_array_mut().unwrap().push(secret);
    report["failedIn"] = json!("finalize");
    report
}

/// Rejected by the preflight.
pub fn rejected() -> Value {
    let mut cause = cause("SnapshotUnknown");
    cause["field"] = json!("snapshotId");
    let mut report = report(outcome("REJECTED", &json!([cause])), false, Vec::new());
    report["resources"] = json!([]);
    report["failedIn"] = json!("intake");
    report
}

/// Completed, with so many tables, each larger than the one before; the 17th differs.
pub fn with_tables(number: u64) -> Value {
    let name = |at: u64| format!("table_{at:03}");
    let planned = (0..number).map(|at| {
        json!({
            "schema": "s", "table": name(at), "mover": "copy", "reason": "column status is an enum", "bytes": 2048 * (at + 1),
        })
    });
    let copied = (0..number).map(|at| {
        json!({
            "schema": "s", "table": name(at), "rows": 1000 + at, "bytes": 6000,
            "began": "2024-01-29T08:10:06Z", "millis": 1500,
        })
    });
    let validated = (0..number).map(|at| {
        let (restored, expected) = (1000 + at, 1000 + at + u64::from(at == 17));
        json!({"schema": "s", "table": name(at), "expectedRows": expected, "restoredRows": restored, "sameContent": at != 17})
    });
    let job = job(json!({
        "extract": {"tables": planned.collect::<Vec<_>>(), "originalDdl": "audit/x"},
        "copy": {"tables": copied.collect::<Vec<_>>()},
        "validate": {"level": "full", "differences": [], "tables": validated.collect::<Vec<_>>()},
    }));
    report(outcome("COMPLETED", &json!([])), true, vec![job])
}
