use super::*;

fn fault(text: &str) -> Fault {
    serde_json::from_str(text).unwrap()
}

fn faults() -> Faults {
    Faults::new(7, &[(Service::Dms, &["task-fails"])])
}

#[test]
fn a_fault_strikes_what_it_matches_and_only_so_often() {
    let faults = faults();
    faults
        .switch_on(fault(
            r#"{"service":"dms","fault":"task-fails","match":"tr-main-","times":1}"#,
        ))
        .unwrap();
    assert_eq!(faults.strikes(Service::Dms, "task-fails", "other"), None);
    assert_eq!(
        faults.strikes(Service::Rds, "task-fails", "tr-main-a"),
        None
    );
    assert!(
        faults
            .strikes(Service::Dms, "task-fails", "tr-main-a")
            .is_some()
    );
    assert_eq!(
        faults.strikes(Service::Dms, "task-fails", "tr-main-a"),
        None
    );
    assert_eq!(faults.list()[0].struck, 1);
}

#[test]
fn an_error_fault_answers_the_named_operation_with_its_code_and_status() {
    let faults = faults();
    let text = r#"{"service":"rds","fault":"error","action":"CreateDBInstance","code":"Throttling","status":503}"#;
    faults.switch_on(fault(text)).unwrap();
    assert_eq!(faults.error_at(Service::Rds, "DeleteDBInstance", ""), None);
    let error = faults
        .error_at(Service::Rds, "CreateDBInstance", "")
        .unwrap();
    assert_eq!((error.code.as_str(), error.status), ("Throttling", 503));
}

#[test]
fn the_same_seed_gives_the_same_faults() {
    let run = || -> Vec<bool> {
        let faults = faults();
        faults
            .switch_on(fault(
                r#"{"service":"rds","fault":"drop-event","probability":0.5}"#,
            ))
            .unwrap();
        (0..64)
            .map(|_| faults.strikes(Service::Rds, DROP_EVENT, "x").is_some())
            .collect()
    };
    let struck = run().into_iter().filter(|&hit| hit).count();
    assert!((16..48).contains(&struck), "{struck} of 64");
    assert_eq!(run(), run());
}

#[test]
fn a_fault_that_nobody_has_is_refused() {
    let unknown = faults()
        .switch_on(fault(r#"{"service":"dms","fault":"nonsense"}"#))
        .unwrap_err();
    assert!(unknown.to_string().contains("task-fails"), "{unknown}");
    let lost_ecs = faults().switch_on(fault(r#"{"service":"ecs","fault":"drop-event"}"#));
    assert!(matches!(lost_ecs, Err(FaultError::Unknown { .. })));
    assert_eq!(
        faults().switch_on(fault(r#"{"service":"ecs","fault":"error"}"#)),
        Err(FaultError::NoCode)
    );
}

#[test]
fn a_misspelt_field_is_refused() {
    assert!(
        serde_json::from_str::<Fault>(r#"{"service":"ecs","fault":"error","tmes":1}"#).is_err()
    );
}

#[tokio::test]
async fn what_a_fault_holds_goes_on_once_it_is_switched_off_and_nothing_else_is_held() {
    let faults = faults();
    let text = r#"{"service":"dms","fault":"task-fails","match":"tr-main-a"}"#;
    let id = faults.switch_on(fault(text)).unwrap();
    faults.hold(Service::Dms, "task-fails", "tr-main-b").await;
    let other = faults.switch_on(fault(text)).unwrap();

    let mut held = std::pin::pin!(faults.hold(Service::Dms, "task-fails", "tr-main-a"));
    tokio::select! { biased;
        () = &mut held => panic!("it is held"),
        () = std::future::ready(()) => {}
    }
    faults.switch_off(other);
    tokio::select! { biased;
        () = &mut held => panic!("another fault was switched off"),
        () = std::future::ready(()) => {}
    }
    faults.switch_off(id);
    held.await;
}
