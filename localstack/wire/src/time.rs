//! Instants in the shapes that AWS sends.

use jiff::Timestamp;
use serde_json::Value;

/// Seconds since 1970 with milliseconds, as JSON 1.1 services send instants.
pub fn epoch_seconds(instant: Timestamp) -> Value {
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds fit a double's 53 bits for the next 280,000 years"
    )]
    let milliseconds = instant.as_millisecond() as f64;
    Value::from(milliseconds / 1000.0)
}

/// `2026-03-04T10:11:12.345Z`, as events and the Query protocol send instants.
pub fn iso_milliseconds(instant: Timestamp) -> String {
    format!("{instant:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_keeps_its_milliseconds_in_both_shapes() {
        let instant: Timestamp = "2026-03-04T10:11:12.345678Z".parse().unwrap();
        assert_eq!(iso_milliseconds(instant), "2026-03-04T10:11:12.345Z");
        assert_eq!(epoch_seconds(instant), serde_json::json!(1_772_619_072.345));
    }
}
