//! A plan goes the way of a restore as far as the preflight.

use tenant_restore_events::{Instruction, Phase};

use crate::effect::Effect;
use crate::error::{Cause, ErrorKind};
use crate::job::{ExpectedTable, Finding, JobResult, Mover, PreflightReport, Volume};
use crate::plan::Purpose;
use crate::price::{PriceList, Size};
use crate::restore::{ResourceKind, Restore};
use crate::scene::{Scene, done, result};
use crate::sight::{Made, RoomSight, StorageSight};

/// A plan whose preflight has ended with these findings.
fn preflight(findings: Vec<Finding>) -> JobResult {
    JobResult {
        preflight: Some(PreflightReport {
            findings,
            dms_expected: true,
            tables: vec![ExpectedTable {
                schema: "a".into(),
                table: "orders".into(),
                mover: Some(Mover::Dms),
                reason: "every column is one that DMS carries as it is".into(),
                rows: 12,
                bytes: 8192,
            }],
            volume: Some(Volume {
                schemas: Some(40 << 20),
                measured: true,
                ..Volume::default()
            }),
            ..PreflightReport::default()
        }),
        ..result()
    }
}

fn room() -> RoomSight {
    let prices = PriceList::of("us-east-1", None).unwrap();
    let made = |kind, size: &Size| Made {
        kind,
        what: format!("{kind:?}"),
        cost: Some(prices.cost(size)),
    };
    let class = || "t3.medium".to_owned();
    let database = Size::Database {
        class: format!("db.{}", class()),
        storage: "gp3".into(),
        gigabytes: 20,
    };
    let replication = Size::ReplicationInstance {
        class: format!("dms.{}", class()),
    };
    RoomSight {
        storage: Some(StorageSight::Grows),
        quotas: Vec::new(),
        makes: vec![
            made(ResourceKind::Database, &database),
            made(ResourceKind::ReplicationInstance, &replication),
        ],
    }
}

/// The plan right after its preflight.
fn judged(findings: Vec<Finding>) -> Restore {
    let mut scene = Scene::at(Phase::Provision);
    scene.restore.phase = Phase::Intake;
    scene.restore.tasks.clear();
    scene.restore.purpose = Purpose::Plan { draft: None };
    let mut scene = scene.with_result("preflight", preflight(findings));
    scene.seen.room = Some(room());
    scene.decide().restore
}

/// The plan at its end.
fn told(restore: Restore) -> Scene {
    let mut scene = Scene::at(Phase::Complete);
    scene.restore = Restore {
        phase: Phase::Complete,
        ..restore
    };
    scene
}

#[test]
fn a_plan_ends_after_the_preflight_without_admission_or_acceptance() {
    let plan = judged(Vec::new());
    assert_eq!(plan.phase, Phase::Cleanup);
    let commands: Vec<_> = plan
        .outbox
        .commands
        .iter()
        .map(|command| command.instruction)
        .collect();
    assert_eq!(commands, [Instruction::CleanUp]);
    assert_eq!(plan.outbox.events, [], "no progress is told of a plan");
    assert_eq!(plan.replication, None);
}

#[test]
fn a_plan_is_told_once_and_neither_claims_nor_places_are_given_back() {
    let scene = told(judged(Vec::new()));
    let decision = scene.decide();
    assert_eq!(done(&decision), ["tell the plan: possible"]);
    let mut after = scene;
    after.restore = decision.restore;
    after.restore.announced = true;
    assert_eq!(done(&after.decide()), Vec::<String>::new());
    assert_eq!(after.restore.ended, None, "a plan has no outcome");
}

#[test]
fn a_plan_says_names_movers_size_cost_and_time() {
    let planned = judged(Vec::new()).planned().unwrap();
    assert!(planned.possible && planned.replication_expected);
    assert_eq!(planned.subject.restore_id, None);
    let table = &planned.tables[0];
    assert_eq!(
        (table.restored_as.as_deref(), table.mover.as_deref()),
        (Some("a_x"), Some("dms"))
    );
    assert_eq!(planned.volume.unwrap().bytes, 40 << 20);
    let (creates, estimate) = (planned.creates.unwrap(), planned.estimate.unwrap());
    assert_eq!(creates.resources.len(), 2);
    assert_eq!(estimate.seconds, 25 * 60 + 2, "40 MiB at 20 MiB a second");
    let hours = f64::from(u32::try_from(estimate.seconds).unwrap()) / 3600.0;
    assert!((estimate.usd.unwrap() - creates.usd_per_hour * hours).abs() < 1e-9);
    assert!(estimate.basis.contains("assumed"), "{}", estimate.basis);
}

#[test]
fn a_plan_with_a_critical_finding_is_impossible_and_still_says_what_it_knows() {
    let finding = Finding::critical(Cause::new(ErrorKind::TargetNameTaken, "taken"));
    let warning = Finding::warning(Cause::new(ErrorKind::SlotBehind, "behind"));
    let plan = judged(vec![finding, warning]);
    assert_eq!(plan.phase, Phase::Cleanup);
    let planned = plan.planned().unwrap();
    assert!(!planned.possible);
    assert_eq!((planned.causes.len(), planned.warnings.len()), (1, 1));
    assert_eq!(planned.tables.len(), 1);
    let decision = told(plan).decide();
    let [Effect::TellPlan { planned }] = decision.effects.as_slice() else {
        panic!("{:?}", done(&decision));
    };
    assert!(!planned.possible);
}

#[test]
fn a_price_that_is_not_known_makes_the_cost_unknown_and_says_whose() {
    let mut scene = Scene::at(Phase::Intake);
    scene.restore.purpose = Purpose::Plan { draft: None };
    let mut room = room();
    room.makes[0].cost = None;
    let report = preflight(Vec::new()).preflight.unwrap();
    let draft = crate::plan::draft(&scene.restore, &report, &room, String::new());
    assert_eq!(draft.creates.unpriced, ["Database"]);
    assert_eq!(draft.estimate.unwrap().usd, None);
}

#[test]
fn a_plan_expires_a_restore_never_does_and_a_plan_is_not_replayed() {
    let restore = Scene::at(Phase::Intake).restore;
    assert_eq!(restore.expires_at(), None);
    let plan = judged(Vec::new());
    assert_eq!(
        plan.expires_at(),
        Some(plan.opened_at.as_second() + 7 * 86_400)
    );
    assert!(plan.next_attempt(plan.opened_at).is_err());
}
