//! What the faults do to an event on its way to the bus.

use std::time::Duration;

use serde_json::{Value, json};

use crate::events::Event;
use crate::faults::{
    DELAY_EVENT, DROP_EVENT, DUPLICATE_EVENT, DUPLICATE_EVENT_NEW_ID, EVENT_EXTRA_FIELDS,
    EVENT_ID_MISSING, EVENT_MESSAGE, Faults, REORDER_EVENT,
};
use crate::ids;

const REORDER_WITHIN_MS: u64 = 500;

/// The deliveries that become of an event, none or more, each after a delay.
pub(crate) fn deliveries(event: Event, faults: &Faults) -> Vec<(Duration, Event)> {
    let subject = event.subject();
    let strikes = |name| faults.strikes(event.service, name, &subject);
    if strikes(DROP_EVENT).is_some() {
        return Vec::new();
    }
    let mut delay = strikes(DELAY_EVENT).and_then(|fault| fault.ms).unwrap_or(0);
    if let Some(fault) = strikes(REORDER_EVENT) {
        delay += faults.below(fault.ms.unwrap_or(REORDER_WITHIN_MS));
    }
    let repeated = strikes(DUPLICATE_EVENT).is_some();
    let sent_again = strikes(DUPLICATE_EVENT_NEW_ID).is_some();
    let reworded = strikes(EVENT_MESSAGE).is_some();
    let nameless = strikes(EVENT_ID_MISSING).is_some();
    let extended = strikes(EVENT_EXTRA_FIELDS).is_some();

    let mut event = event;
    if reworded {
        reword(&mut event.detail);
    }
    if nameless {
        remove_id(&mut event.detail);
    }
    if extended {
        event.detail["futureField"] = json!({"nested": [1, null, "two"]});
    }
    let mut copies = vec![event];
    if repeated {
        copies[0].id = Some(ids::uuid());
        copies.push(copies[0].clone());
    }
    if sent_again {
        copies.push(Event {
            id: None,
            ..copies[0].clone()
        });
    }
    let delay = Duration::from_millis(delay);
    copies.into_iter().map(|copy| (delay, copy)).collect()
}

/// The final period comes and goes between the documentation and real messages.
fn reword(detail: &mut Value) {
    for name in ["Message", "detailMessage"] {
        if let Some(text) = detail[name].as_str() {
            let other = text
                .strip_suffix('.')
                .map_or_else(|| format!("{text}."), str::to_owned);
            detail[name] = Value::from(other);
        }
    }
}

fn remove_id(detail: &mut Value) {
    if let Some(fields) = detail.as_object_mut() {
        fields.remove("EventID");
        fields.remove("eventId");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::Service;

    fn event() -> Event {
        Event {
            id: None,
            service: Service::Rds,
            detail_type: "RDS DB Instance Event".into(),
            resources: vec!["arn:aws:rds:eu-west-3:000000000000:db:a".into()],
            time: jiff::Timestamp::UNIX_EPOCH,
            detail: json!({"EventID": "RDS-EVENT-0005", "Message": "DB instance created"}),
        }
    }

    fn after(text: &str) -> Vec<(Duration, Event)> {
        let faults = Faults::new(1, &[]);
        faults
            .switch_on(serde_json::from_str(text).unwrap())
            .unwrap();
        deliveries(event(), &faults)
    }

    #[test]
    fn without_faults_an_event_is_delivered_at_once_and_unchanged() {
        assert_eq!(
            deliveries(event(), &Faults::new(1, &[])),
            [(Duration::ZERO, event())]
        );
    }

    #[test]
    fn an_event_can_be_lost_doubled_and_late() {
        assert!(
            after(r#"{"service":"rds","fault":"drop-event","match":"RDS-EVENT-0005"}"#).is_empty()
        );
        assert_eq!(
            after(r#"{"service":"rds","fault":"duplicate-event"}"#).len(),
            2
        );
        assert_eq!(
            after(r#"{"service":"rds","fault":"delay-event","ms":40}"#)[0].0,
            Duration::from_millis(40)
        );
    }

    #[test]
    fn a_doubled_event_keeps_its_id_unless_it_is_sent_again() {
        let ids = |text: &str| -> Vec<_> {
            let copies = after(text).into_iter();
            copies.map(|(_, event)| event.id).collect()
        };
        let same = ids(r#"{"service":"rds","fault":"duplicate-event"}"#);
        assert!(same.len() == 2 && same[0].is_some() && same[0] == same[1]);
        let new = ids(r#"{"service":"rds","fault":"duplicate-event-new-id"}"#);
        assert_eq!(new, [None, None], "EventBridge gives each its own");
    }

    #[test]
    fn an_event_of_another_resource_is_spared() {
        assert_eq!(
            after(r#"{"service":"rds","fault":"drop-event","match":"db:b"}"#).len(),
            1
        );
    }

    #[test]
    fn an_events_words_id_and_fields_can_differ() {
        let detail = |text: &str| after(text)[0].1.detail.clone();
        assert_eq!(
            detail(r#"{"service":"rds","fault":"event-message"}"#)["Message"],
            "DB instance created."
        );
        assert_eq!(
            detail(r#"{"service":"rds","fault":"event-id-missing"}"#).get("EventID"),
            None
        );
        assert!(
            detail(r#"{"service":"rds","fault":"event-extra-fields"}"#)["futureField"].is_object()
        );
    }
}
