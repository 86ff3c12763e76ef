//! The faults over HTTP: `/_faults`.
//!
//! - `GET`: what is switched on, and how often it has struck.
//! - `POST`: switches on a fault, a list of faults, or `{"seed": n, "faults": […]}`; answers their numbers.
//! - `DELETE`: switches all off; `DELETE /_faults/<id>` one.

use hyper::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::faults::{Fault, Faults};

#[derive(Deserialize)]
#[serde(untagged)]
enum Request {
    Plan(Plan),
    Many(Vec<Fault>),
    One(Box<Fault>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    seed: Option<u64>,
    faults: Vec<Fault>,
}

/// Answers a request for `/_faults<rest>` with an HTTP status and a JSON body.
pub(crate) fn answer(faults: &Faults, method: &Method, rest: &str, body: &[u8]) -> (u16, Value) {
    match (method, rest.trim_start_matches('/')) {
        (&Method::GET, "") => (200, json!({"faults": faults.list()})),
        (&Method::POST, "") => switch_on(faults, body),
        (&Method::DELETE, "") => {
            faults.clear();
            (200, json!({}))
        }
        (&Method::DELETE, id) => match id.parse().map(|id| faults.switch_off(id)) {
            Ok(true) => (200, json!({})),
            _ => (
                404,
                json!({"message": format!("no fault {id} is switched on")}),
            ),
        },
        _ => (
            405,
            json!({"message": "GET, POST and DELETE /_faults, DELETE /_faults/<id>"}),
        ),
    }
}

fn switch_on(faults: &Faults, body: &[u8]) -> (u16, Value) {
    let plan = match parse(body) {
        Ok(plan) => plan,
        Err(message) => return (400, json!({"message": message})),
    };
    if let Some(seed) = plan.seed {
        faults.reseed(seed);
    }
    let mut ids = Vec::new();
    for fault in plan.faults {
        match faults.switch_on(fault) {
            Ok(id) => ids.push(id),
            Err(error) => {
                ids.into_iter().for_each(|id| {
                    faults.switch_off(id);
                });
                return (400, json!({"message": error.to_string()}));
            }
        }
    }
    (200, json!({"ids": ids}))
}

fn parse(body: &[u8]) -> Result<Plan, String> {
    let value: Value =
        serde_json::from_slice(body).map_err(|error| format!("the body is no JSON: {error}"))?;
    let one = |value: &Value| {
        serde_json::from_value::<Fault>(value.clone()).map_err(|error| error.to_string())
    };
    match serde_json::from_value(value.clone()) {
        Ok(Request::Plan(plan)) => Ok(plan),
        Ok(Request::Many(faults)) => Ok(Plan { seed: None, faults }),
        Ok(Request::One(fault)) => Ok(Plan {
            seed: None,
            faults: vec![*fault],
        }),
        Err(_) => Err(one(&value).err().unwrap_or_else(|| "not a fault".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_switched_on_listed_and_off() {
        let faults = Faults::new(1, &[]);
        let body = br#"{"seed": 3, "faults": [{"service":"rds","fault":"drop-event"}, {"service":"ecs","fault":"delay-event","ms":5}]}"#;
        assert_eq!(
            answer(&faults, &Method::POST, "", body),
            (200, json!({"ids": [1, 2]}))
        );
        assert_eq!(answer(&faults, &Method::DELETE, "/1", b"").0, 200);
        let expected = json!({"faults": [{"id": 2, "service": "ecs", "fault": "delay-event", "ms": 5, "struck": 0}]});
        assert_eq!(answer(&faults, &Method::GET, "", b""), (200, expected));
        assert_eq!(answer(&faults, &Method::DELETE, "/1", b"").0, 404);
    }

    #[test]
    fn a_list_with_one_wrong_fault_switches_nothing_on() {
        let faults = Faults::new(1, &[]);
        let body =
            br#"[{"service":"rds","fault":"drop-event"}, {"service":"rds","fault":"nonsense"}]"#;
        let (status, body) = answer(&faults, &Method::POST, "", body);
        assert_eq!(status, 400);
        assert!(
            body["message"].as_str().unwrap().contains("nonsense"),
            "{body}"
        );
        assert!(faults.list().is_empty());
    }

    #[test]
    fn a_wrong_field_is_named() {
        let (status, body) = answer(
            &Faults::new(1, &[]),
            &Method::POST,
            "",
            br#"{"service":"rds","fault":"error","tmes":2}"#,
        );
        assert_eq!(status, 400);
        assert!(body["message"].as_str().unwrap().contains("tmes"), "{body}");
    }
}
