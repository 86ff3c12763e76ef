//! Three restores for the golden tests: under way, completed, failed.

use jiff::Timestamp;
use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::hold::OnFailure;
use tenant_restore_core::job::{
    ExternalForeignKeys, MoverChoice, OnMismatch, SchemaName, ValidateChoice,
};
use tenant_restore_core::naming::RestoreId;
use tenant_restore_core::price::{PriceList, Size};
use tenant_restore_core::request::Request;
use tenant_restore_core::restore::{self, ResourceKind, Restore, Task, TaskState};
use tenant_restore_core::restore_point::RestorePoint;
use tenant_restore_core::wait::{Wait, WaitFor};
use tenant_restore_events::Phase;
use tenant_restore_events::outgoing::Ended;

use super::Status;

const DATABASE: &str = "tr-main-mfrggzdfmztw";

fn at(clock: &str) -> Timestamp {
    format!("2024-01-29T{clock}Z").parse().unwrap()
}

fn opened() -> Restore {
    let schema = |name: &str| SchemaName {
        schema: name.into(),
        restored_as: format!("{name}_20240128143000"),
    };
    let request = Request {
        request_id: "ticket-4711/1".into(),
        database: "tenant_a".into(),
        schemas: vec![schema("customer_a1"), schema("customer_a2")],
        restore_point: RestorePoint::RestoreTime("2024-01-28T14:30:00Z".parse().unwrap()),
        source: "production".into(),
        target: None,
        source_cluster: None,
        target_cluster: None,
        mover: MoverChoice::Auto,
        validate: ValidateChoice::Full,
        on_mismatch: OnMismatch::Keep,
        external_foreign_keys: ExternalForeignKeys::NotValid,
        accept: Vec::new(),
        on_failure: OnFailure::Cleanup,
        requested_by: Some("Ada".into()),
        fingerprint: String::new(),
    };
    Restore::open(
        RestoreId::parse("mfrggzdfmztw").unwrap(),
        request,
        at("08:00:11"),
    )
}

fn task(restore: &mut Restore, job: &str, state: TaskState) {
    let (started_by, result_key) = (String::new(), String::new());
    restore.tasks.push(Task {
        job: job.into(),
        started_by,
        result_key,
        arn: None,
        state,
        again: 0,
        unseen_since: None,
    });
}

fn wait(restore: &mut Restore, phase: Phase, what: WaitFor, since: &str, last_seen: &str) {
    let (since, deadline) = (at(since), at("20:00:00"));
    let wait = Wait {
        what,
        since,
        deadline,
        generation: 1,
        ticks: 0,
        last_seen: last_seen.into(),
    };
    restore.waits.insert(phase, wait);
}

pub fn in_ddl() -> Restore {
    let mut restore = opened();
    task(&mut restore, "preflight", TaskState::Succeeded);
    restore.warnings.push(Cause::new(
        ErrorKind::MoverUnable,
        "customer_a1.orders goes by COPY: column status is an enum",
    ));
    restore.enter(Phase::Provision, &[], at("08:00:14.250"));
    restore.note(ResourceKind::Database, DATABASE, at("08:00:14"));
    restore.note(
        ResourceKind::ReplicationInstance,
        &format!("{DATABASE}-i"),
        at("08:00:15"),
    );
    restore.confirm(DATABASE);
    restore.enter(Phase::Ddl, &[], at("08:12:52.250"));
    restore.note(
        ResourceKind::Secret,
        &format!("{DATABASE}-s"),
        at("08:12:53"),
    );
    restore
}

pub fn running() -> Status {
    let mut restore = in_ddl();
    task(&mut restore, "ddl", TaskState::Running);
    wait(
        &mut restore,
        Phase::Ddl,
        WaitFor::Task,
        "08:12:54",
        "PENDING",
    );
    wait(
        &mut restore,
        Phase::Migrate,
        WaitFor::ReplicationInstance,
        "08:00:15",
        "creating",
    );
    Status::of(&restore, at("08:12:56.500"))
}

fn cleaned_up(mut restore: Restore, began: &str, ended: &str) -> Status {
    for resource in &mut restore.resources {
        resource.confirmed = true;
        resource.gone_at = Some(at(began));
    }
    restore.enter(Phase::Complete, &[], at(ended));
    restore.decide_outcome("s3://bucket/audit/mfrggzdfmztw/1", at(ended));
    Status::of(&restore, at("23:00:00"))
}

pub fn completed() -> Status {
    let mut restore = in_ddl();
    task(&mut restore, "ddl", TaskState::Succeeded);
    restore.enter(Phase::Migrate, &[], at("08:13:30"));
    restore.enter(Phase::Finalize, &[], at("08:20:00"));
    restore.enter(Phase::Cleanup, &[], at("08:21:00"));
    cleaned_up(restore, "08:25:59", "08:26:00")
}

pub fn failed() -> Status {
    let mut restore = in_ddl();
    task(&mut restore, "ddl", TaskState::Failed);
    let message =
        "type \"mood\" does not exist (archive entry 214, TABLE customer_a1_20240128143000 orders)";
    restore.fail(
        vec![Cause::new(ErrorKind::ApplyFailed, message)],
        at("08:13:30"),
    );
    cleaned_up(restore, "08:17:20", "08:17:30")
}

/// Failed in `migrate`, and kept for a replay.
pub fn held() -> Status {
    Status::of(&in_hold(), at("08:20:01"))
}

/// As [`held`], before the cleanup has said until when.
pub fn about_to_be_held() -> Status {
    let mut restore = in_hold();
    if let Some(hold) = &mut restore.held {
        hold.until = None;
    }
    Status::of(&restore, at("08:20:00"))
}

/// As [`held`], and replayed ten minutes later.
pub fn resumed() -> Status {
    let mut restore = in_hold();
    restore.resume(at("08:30:00")).unwrap();
    Status::of(&restore, at("08:30:01"))
}

fn in_hold() -> Restore {
    let mut restore = in_ddl();
    restore.request.on_failure = OnFailure::Hold;
    restore.temporary = Some(("localhost".into(), 5432));
    restore.enter(Phase::Migrate, &[], at("08:13:30"));
    let message = format!("DMS task {DATABASE}-k01 stopped with one table in error");
    let cause = Cause::new(ErrorKind::ReplicationFailed, message);
    restore.fail(vec![cause], at("08:20:00"));
    if let Some(hold) = &mut restore.held {
        hold.until = Some(at("12:20:00"));
    }
    let prices = PriceList::of("us-east-1", None).unwrap();
    let size = Size::Database {
        class: "db.t4g.medium".into(),
        storage: "gp3".into(),
        gigabytes: 20,
    };
    restore.resources[0].cost = Some(prices.cost(&size));
    restore
}

pub fn rejection() -> Ended {
    let detail = serde_json::json!({"database": "tenant_a", "schemas": ["customer_a1", "customer_a2"], "color": "red"});
    let invalid =
        |field: &str, message: &str| Cause::new(ErrorKind::InvalidRequest, message).at(field);
    let causes = [
        invalid("color", "`color` is no field of RestoreRequested"),
        invalid("restoreTime", "`restoreTime` or `snapshotId` is missing"),
    ];
    restore::rejection("ticket-4711/1", &detail, &causes, at("08:00:11"))
}
