//! What the ledger of admissions promises.

use std::collections::BTreeSet;

use serde_json::json;
use tenant_restore_events::Phase;

use super::*;
use crate::scene::Scene;

const A: &str = "source-a";
const B: &str = "source-b";

fn now() -> Timestamp {
    "2024-02-01T00:00:00Z".parse().unwrap()
}

fn of(source: &str) -> Databases {
    Databases {
        source: source.to_owned(),
        target: None,
    }
}

fn into(source: &str, target: &str) -> Databases {
    Databases {
        target: Some(target.to_owned()),
        ..of(source)
    }
}

fn limits(overall: usize, per_source: usize) -> Limits {
    Limits {
        overall: overall.try_into().unwrap(),
        per_source: per_source.try_into().unwrap(),
    }
}

/// The restore of a number below 676.
fn id(number: usize) -> RestoreId {
    let letter = |n: usize| char::from(b'a' + u8::try_from(n % 26).unwrap());
    RestoreId::parse(&format!(
        "aaaaaaaaaa{}{}",
        letter(number / 26),
        letter(number)
    ))
    .unwrap()
}

fn number(id: &RestoreId) -> usize {
    let digit = |at: usize| usize::from(id.as_str().as_bytes()[at] - b'a');
    digit(10) * 26 + digit(11)
}

/// A ledger that numbers its restores.
struct Desk {
    ledger: Ledger,
    limits: Limits,
}

impl Desk {
    fn new(overall: usize, per_source: usize) -> Self {
        Self {
            ledger: Ledger::default(),
            limits: limits(overall, per_source),
        }
    }

    fn ask_for(&mut self, number: usize, databases: &Databases) -> Admission {
        self.ledger
            .ask(&id(number), 1, databases, self.limits, now())
    }

    fn ask(&mut self, number: usize, source: &str) -> Admission {
        self.ask_for(number, &of(source))
    }

    fn end(&mut self, number: usize) -> Vec<RestoreId> {
        let called = self.ledger.release(&id(number), 1, self.limits);
        called.into_iter().map(|entry| entry.id).collect()
    }

    fn position(&self, position: usize) -> Admission {
        let limits = self.limits;
        Admission::Waiting { position, limits }
    }
}

#[test]
fn who_is_within_both_limits_is_admitted_at_once() {
    let mut desk = Desk::new(10, 3);
    for number in 0..3 {
        assert_eq!(desk.ask(number, A), Admission::Admitted);
    }
    assert_eq!(desk.ask(3, A), desk.position(1), "the source is full");
    assert_eq!(desk.ask(4, B), Admission::Admitted, "another source isn't");
}

#[test]
fn who_is_over_waits_and_goes_first_come_first_served() {
    let mut desk = Desk::new(1, 1);
    assert_eq!(desk.ask(0, A), Admission::Admitted);
    assert_eq!(desk.ask(1, A), desk.position(1));
    assert_eq!(desk.ask(2, B), desk.position(2));
    assert_eq!(desk.end(0), [id(1)]);
    assert_eq!(desk.ask(1, A), Admission::Admitted);
    assert_eq!(desk.ask(2, B), desk.position(1));
    assert_eq!(desk.end(1), [id(2)]);
}

#[test]
fn a_waiting_restore_whose_source_is_full_keeps_nobody_else() {
    let mut desk = Desk::new(3, 2);
    for number in 0..4 {
        desk.ask(number, A);
    }
    assert_eq!(desk.ask(4, B), Admission::Admitted);
    assert_eq!(desk.ask(5, B), desk.position(3), "all are full");
    assert_eq!(
        desk.end(4),
        [id(5)],
        "the two before it want the full source"
    );
    assert_eq!(desk.end(0), [id(2)], "then the source has room");
}

#[test]
fn a_newcomer_does_not_overtake_who_waits_for_the_same_place() {
    let mut desk = Desk::new(2, 1);
    desk.ask(0, A);
    desk.ask(1, A);
    assert_eq!(desk.end(0), [id(1)]);
    assert_eq!(desk.ask(2, A), desk.position(1));
}

#[test]
fn asking_again_changes_neither_the_answer_nor_the_place() {
    let mut desk = Desk::new(1, 1);
    for _ in 0..3 {
        assert_eq!(desk.ask(0, A), Admission::Admitted);
        assert_eq!(desk.ask(1, A), desk.position(1));
        assert_eq!(desk.ask(2, A), desk.position(2));
    }
    assert_eq!(
        (desk.ledger.active.len(), desk.ledger.waiting.len()),
        (1, 2)
    );
}

#[test]
fn a_repeated_release_names_those_it_let_go_again_and_lets_no_other_go() {
    let mut desk = Desk::new(1, 1);
    for number in 0..3 {
        desk.ask(number, A);
    }
    assert_eq!(desk.end(0), [id(1)]);
    let after = desk.ledger.clone();
    assert_eq!(desk.end(0), [id(1)]);
    assert_eq!(desk.ledger, after);
    assert_eq!(desk.end(1), [id(2)]);
    assert!(desk.end(0).is_empty(), "who ended needs no message");
}

#[test]
fn a_restore_that_waits_can_end_and_one_that_never_asked_too() {
    let mut desk = Desk::new(1, 1);
    for number in 0..3 {
        desk.ask(number, A);
    }
    assert!(desk.end(1).is_empty(), "it had no place");
    assert!(desk.end(9).is_empty());
    assert_eq!(desk.ask(2, A), desk.position(1));
}

#[test]
fn a_later_attempt_asks_anew_and_a_late_release_of_the_earlier_one_takes_nothing() {
    let mut desk = Desk::new(1, 1);
    desk.ask(0, A);
    desk.ask(1, A);
    desk.end(0);
    let limits = desk.limits;
    let mut second = || desk.ledger.ask(&id(0), 2, &of(A), limits, now());
    assert_eq!(
        second(),
        Admission::Waiting {
            position: 1,
            limits
        }
    );
    assert_eq!(desk.end(0), [id(1)], "the message may have been lost");
    assert_eq!(desk.ledger.waiting.len(), 1);
    assert_eq!(desk.ledger.release(&id(1), 1, limits)[0].attempt, 2);
}

#[test]
fn raised_limits_let_the_waiting_go_at_the_next_question() {
    let mut desk = Desk::new(1, 1);
    for number in 0..3 {
        desk.ask(number, A);
    }
    desk.limits = limits(3, 3);
    assert_eq!(desk.ask(2, A), Admission::Admitted);
    let called: Vec<_> = desk.ledger.called_by(&id(2));
    assert_eq!(called.len(), 1, "the one before it learns of it");
    assert_eq!(called[0].id, id(1));
}

#[test]
fn a_full_list_turns_nobody_away_and_who_is_not_on_it_gets_on_later() {
    let mut desk = Desk::new(1, 1);
    let entry = |number: usize| Entry {
        id: id(number % 676),
        attempt: 1,
        databases: of(A),
        since: now(),
        called_by: None,
    };
    desk.ledger.active.push(entry(675));
    desk.ledger.waiting = (0..MOST_LISTED).map(|_| entry(0)).collect();
    assert_eq!(desk.ask(1, A), desk.position(MOST_LISTED + 1));
    assert_eq!(desk.ledger.waiting.len(), MOST_LISTED);
    desk.end(0);
    assert_eq!(desk.ask(1, A), desk.position(1));
}

#[test]
fn the_configuration_is_checked() {
    let read = |text: &str| serde_json::from_str::<Limits>(text);
    assert_eq!(read("{}").unwrap(), Limits::default());
    assert_eq!(read(r#"{"perSource": 5}"#).unwrap(), limits(10, 5));
    for wrong in [r#"{"overall": 0}"#, r#"{"total": 3}"#, r#"{"overall": -1}"#] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}

/// Numbers that look random, from a seed (Knuth's linear congruential generator).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

fn assert_in_order(ledger: &Ledger, limits: Limits, step: &str) {
    let ids: BTreeSet<_> = [&ledger.active, &ledger.waiting]
        .into_iter()
        .flatten()
        .map(|entry| &entry.id)
        .collect();
    let entries = ledger.active.len() + ledger.waiting.len();
    assert_eq!(ids.len(), entries, "nobody is there twice: {step}");
    assert!(ledger.active.len() <= limits.overall.get(), "{step}");
    for source in [A, B, "c"] {
        let active = ledger
            .active
            .iter()
            .filter(|entry| entry.databases.source == source);
        assert!(active.count() <= limits.per_source.get(), "{step}");
    }
    for entry in &ledger.waiting {
        let idle = ledger.has_room(&entry.databases, limits);
        assert!(!idle, "{} waits for nothing: {step}", entry.id);
    }
}

/// Random questions and ends, many of them repeated; then all ends come, and nobody may be left.
#[test]
fn in_any_sequence_the_limits_hold_no_place_stays_idle_and_nobody_is_lost_or_overtaken() {
    for seed in 0..50 {
        let mut dice = Dice(seed);
        let mut desk = Desk::new(1 + dice.below(5), 1 + dice.below(3));
        let sources: Vec<_> = (0..40).map(|_| [A, B, "c"][dice.below(3)]).collect();
        let (mut asked, mut admitted, mut ended) = (Vec::new(), Vec::new(), BTreeSet::new());
        let mut idle_rounds = 0;
        while ended.len() < sources.len() {
            let number = dice.below(sources.len());
            let step = format!("seed {seed}, restore {number}");
            if ended.contains(&number) {
                desk.end(number);
            } else if admitted.contains(&number) && dice.below(3) == 0 {
                ended.insert(number);
                for called in desk.end(number) {
                    assert!(asked.contains(&self::number(&called)), "{step}");
                }
            } else {
                let first = !asked.contains(&number);
                if first {
                    asked.push(number);
                }
                let answer = desk.ask(number, sources[number]);
                assert!(
                    first || answer == desk.ask(number, sources[number]),
                    "{step}"
                );
            }
            for entry in &desk.ledger.active {
                let number = self::number(&entry.id);
                if !admitted.contains(&number) {
                    admitted.push(number);
                }
            }
            assert_in_order(&desk.ledger, desk.limits, &step);
            idle_rounds += 1;
            assert!(idle_rounds < 100_000, "somebody is stuck: {step}");
        }
        assert_eq!(desk.ledger, Ledger::default(), "seed {seed}");
        for source in [A, B, "c"] {
            let of_source = |numbers: &[usize]| -> Vec<usize> {
                let of = numbers.iter().filter(|n| sources[**n] == source);
                of.copied().collect()
            };
            assert_eq!(
                of_source(&asked),
                of_source(&admitted),
                "seed {seed}: {source}"
            );
        }
    }
}

#[test]
fn a_target_bears_no_more_restores_than_a_source_whichever_part_it_plays() {
    let mut desk = Desk::new(9, 2);
    for number in [0, 1] {
        assert_eq!(desk.ask_for(number, &into(A, B)), Admission::Admitted);
    }
    assert_eq!(desk.ask(2, B), desk.position(1), "B is loaded twice");
    assert_eq!(desk.ask_for(3, &into("c", A)), desk.position(2));
    assert_eq!(desk.ask(4, "c"), Admission::Admitted, "neither A nor B");
    assert_eq!(desk.end(0), [id(2), id(3)], "both have room then");
}

#[test]
fn a_cluster_and_its_member_share_the_limit_in_whichever_part() {
    let of_cluster = Scene::at(Phase::Intake).restore.request;
    let of_member = Request {
        source: "member".to_owned(),
        source_cluster: Some(of_cluster.source.clone()),
        ..of_cluster.clone()
    };
    let into_member = Request {
        source: A.to_owned(),
        target: Some("member".to_owned()),
        target_cluster: Some(of_cluster.source.clone()),
        ..of_cluster.clone()
    };
    let mut desk = Desk::new(9, 2);
    for (number, request) in [&of_cluster, &of_member].into_iter().enumerate() {
        assert_eq!(
            desk.ask_for(number, &Databases::of(request)),
            Admission::Admitted
        );
    }
    for (position, request) in [&of_member, &of_cluster, &into_member]
        .into_iter()
        .enumerate()
    {
        let answer = desk.ask_for(2 + position, &Databases::of(request));
        assert_eq!(answer, desk.position(1 + position), "{request:?}");
    }
}

#[test]
fn an_entry_of_before_there_were_targets_is_read() {
    let text = json!({
        "active": [{"id": id(1), "attempt": 1, "source": A, "since": "2024-02-01T00:00:00Z"}],
        "waiting": []
    });
    let ledger: Ledger = serde_json::from_value(text).unwrap();
    assert_eq!(ledger.active[0].databases, of(A));
}
