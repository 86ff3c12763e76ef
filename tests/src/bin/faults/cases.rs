//! What is injected, and how the restore has to end.

use serde_json::{Value, json};
use tenant_restore_tests::cloud::Cloud;
use tenant_restore_tests::faults::Faults;
use tenant_restore_tests::outcome::Outcome;
use tenant_restore_tests::refusal_codes::{
    CALLS, Code, DONE_BEFORE, LASTING, PASSING, check_lasted, check_passed,
};
use tenant_restore_tests::{Error, Result};

/// Statuses that a temporary database can't leave (RDS user guide, viewing DB instance status).
const STUCK: [&str; 10] = [
    "failed",
    "restore-error",
    "incompatible-restore",
    "incompatible-network",
    "incompatible-parameters",
    "incompatible-option-group",
    "incompatible-create",
    "insufficient-capacity",
    "storage-full",
    "inaccessible-encryption-credentials",
];

/// Longer than `make faults` lets a temporary database take.
const TOO_SLOW_MS: u64 = 600_000;

/// The faults for a temporary database of that name.
type FaultsOf = Box<dyn Fn(&str) -> Vec<Value>>;

/// One restore.
pub struct Case {
    /// What happens, for the table.
    pub title: String,
    /// What is switched on.
    pub faults: FaultsOf,
    end: End,
}

enum End {
    /// It completes; it met these codes.
    Passes(Vec<Code>),
    /// It completes, and nothing of the code need be told.
    Completes,
    /// It fails with this code and kind.
    Fails(Code, &'static str),
    /// It fails with this kind; its message holds the database's name and this text.
    Names(&'static str, String),
}

/// All.
pub fn cases() -> Vec<Case> {
    let passing = CALLS.into_iter().map(|call| Case {
        title: format!("{call} meets all {} passing codes in turn", PASSING.len()),
        faults: Box::new(move |name| PASSING.iter().map(|code| code.fault(call, name)).collect()),
        end: End::Passes(PASSING.to_vec()),
    });
    let lasting = LASTING.into_iter().map(|(code, kind)| Case {
        title: format!("{} meets {}", CALLS[0], code.name),
        faults: Box::new(move |name| vec![code.lasting_fault(CALLS[0], name)]),
        end: End::Fails(code, kind),
    });
    let done_before = DONE_BEFORE.into_iter().map(|(code, call)| Case {
        title: format!("{call} meets {}", code.name),
        faults: Box::new(move |name| vec![code.fault(call, name)]),
        end: End::Completes,
    });
    let stuck = STUCK.into_iter().map(|status| Case {
        title: format!("the temporary database ends as {status}"),
        faults: Box::new(move |name| {
            vec![json!({ "service": "rds", "fault": "restore-fails", "match": name, "code": status })]
        }),
        end: End::Names(
            if status.starts_with("inaccessible-") {
                "KeyUnusable"
            } else {
                "ProvisioningFailed"
            },
            format!("{status:?}"),
        ),
    });
    let slow = Case {
        title: "the temporary database stays in creating past the deadline".to_owned(),
        faults: Box::new(|name| {
            vec![
                json!({ "service": "rds", "fault": "provision-slowly", "match": name, "ms": TOO_SLOW_MS }),
            ]
        }),
        end: End::Names("DeadlineExceeded", "is creating".to_owned()),
    };
    let all = passing.chain(lasting).chain(done_before).chain(stuck);
    all.chain([slow]).collect()
}

impl Case {
    /// Whether it ended as it should.
    pub async fn check(&self, cloud: &Cloud, faults: &Faults, outcome: &Outcome) -> Result<()> {
        match &self.end {
            End::Passes(codes) => check_passed(cloud, faults, outcome, codes).await,
            End::Completes => check_passed(cloud, faults, outcome, &[]).await,
            End::Fails(code, kind) => check_lasted(outcome, *code, kind),
            End::Names(kind, text) => names(outcome, kind, text),
        }
    }
}

fn names(outcome: &Outcome, kind: &str, text: &str) -> Result<()> {
    let id = outcome.restore_id.as_deref().unwrap_or_default();
    let name = format!("tr-main-{id}");
    match outcome.causes.as_slice() {
        [cause]
            if outcome.outcome == "FAILED"
                && cause.kind == kind
                && cause.message.contains(&name)
                && cause.message.contains(text)
                && !cause.remedy.is_empty() =>
        {
            Ok(())
        }
        _ => Err(Error::new(format!(
            "ended as {}:\n{}",
            outcome.outcome,
            outcome.why()
        ))),
    }
}
