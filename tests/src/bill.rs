//! What the control plane of a restore would cost, from what the local cloud counted.

use crate::cloud::Cloud;
use crate::error::{Context, Error, Result};
use serde_json::Value;

/// Public list prices in US dollars per single unit, as read from the AWS price list in September 2026.
#[derive(Debug, Clone, Copy)]
pub struct Prices {
    /// The region they hold in.
    pub region: &'static str,
    gigabyte_second: f64,
    invocation: f64,
    queue_request: f64,
    custom_event: f64,
    write_unit: f64,
    read_unit: f64,
}

/// The regions that the demonstration prints.
pub const PRICES: [Prices; 2] = [
    Prices {
        region: "eu-west-3",
        gigabyte_second: 0.000_013_333_4,
        invocation: 0.20e-6,
        queue_request: 0.40e-6,
        custom_event: 1.00e-6,
        write_unit: 0.7423e-6,
        read_unit: 0.1487e-6,
    },
    Prices {
        region: "us-east-1",
        gigabyte_second: 0.000_013_333_4,
        invocation: 0.20e-6,
        queue_request: 0.40e-6,
        custom_event: 1.00e-6,
        write_unit: 0.625e-6,
        read_unit: 0.125e-6,
    },
];

/// Amounts of what AWS bills by use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usage {
    /// Lambda invocations.
    pub invocations: f64,
    /// Lambda GB-seconds, at the memory that the template gives the functions.
    pub gigabyte_seconds: f64,
    /// SQS requests.
    pub queue_requests: f64,
    /// Custom events put on a bus.
    pub custom_events: f64,
    /// Events of AWS services, which are free.
    pub service_events: f64,
    /// DynamoDB write request units.
    pub write_units: f64,
    /// DynamoDB read request units.
    pub read_units: f64,
}

/// What is billed, how much of it, and its price in a region.
type Position = (&'static str, f64, fn(&Prices) -> f64);

impl Usage {
    /// What the local cloud has counted since it started.
    ///
    /// # Errors
    /// When its counting endpoint is not there.
    pub async fn counted(cloud: &Cloud) -> Result<Self> {
        let doing = "read the counts of the local cloud";
        let answer = reqwest::get(format!("{}/_local/counts", cloud.endpoint))
            .await
            .context(doing)?;
        if !answer.status().is_success() {
            return Err(Error::new(format!("{doing}: {}", answer.status())));
        }
        let body = answer.text().await.context(doing)?;
        Ok(Self::from_counts(
            &serde_json::from_str(&body).context(doing)?,
        ))
    }

    /// A group that is absent was never used.
    fn from_counts(counts: &Value) -> Self {
        let total = |group: &str| -> f64 {
            counts[group]
                .as_object()
                .into_iter()
                .flat_map(|names| names.values())
                .filter_map(Value::as_f64)
                .sum()
        };
        let units = |name: &str| counts["dynamodb"][name].as_f64().unwrap_or_default();
        Self {
            invocations: total("lambdaInvocations"),
            gigabyte_seconds: total("lambdaGigabyteSeconds"),
            queue_requests: total("sqsRequests"),
            custom_events: total("customEvents"),
            service_events: total("serviceEvents"),
            write_units: units("writeUnits"),
            read_units: units("readUnits"),
        }
    }

    /// What was used since `before`, without `foreign` SQS requests of others and the one event that asked.
    pub fn since(self, before: Self, foreign_queue_requests: f64) -> Self {
        Self {
            invocations: self.invocations - before.invocations,
            gigabyte_seconds: self.gigabyte_seconds - before.gigabyte_seconds,
            queue_requests: self.queue_requests - before.queue_requests - foreign_queue_requests,
            custom_events: self.custom_events - before.custom_events,
            service_events: self.service_events - before.service_events,
            write_units: self.write_units - before.write_units,
            read_units: self.read_units - before.read_units,
        }
    }

    /// The mean of so many restores.
    #[must_use]
    pub fn per(self, restores: u32) -> Self {
        let restores = f64::from(restores);
        Self {
            invocations: self.invocations / restores,
            gigabyte_seconds: self.gigabyte_seconds / restores,
            queue_requests: self.queue_requests / restores,
            custom_events: self.custom_events / restores,
            service_events: self.service_events / restores,
            write_units: self.write_units / restores,
            read_units: self.read_units / restores,
        }
    }

    /// Each position with its amount and its price in every region, under a head, over a sum.
    pub fn table(&self) -> Vec<Vec<String>> {
        let positions: [Position; 7] = [
            ("Lambda invocations", self.invocations, |prices| {
                prices.invocation
            }),
            ("Lambda GB-seconds", self.gigabyte_seconds, |prices| {
                prices.gigabyte_second
            }),
            ("SQS requests", self.queue_requests, |prices| {
                prices.queue_request
            }),
            ("custom events", self.custom_events, |prices| {
                prices.custom_event
            }),
            ("events of AWS services", self.service_events, |_| 0.0),
            ("DynamoDB write units", self.write_units, |prices| {
                prices.write_unit
            }),
            ("DynamoDB read units", self.read_units, |prices| {
                prices.read_unit
            }),
        ];
        let head = ["used by this restore", "amount"].map(str::to_owned);
        let regions = PRICES.iter().map(|prices| format!("{} $", prices.region));
        let mut rows = vec![head.into_iter().chain(regions).collect()];
        for (name, amount, price) in positions {
            let prices = PRICES
                .iter()
                .map(|prices| format!("{:.6}", amount * price(prices)));
            rows.push(
                [name.to_owned(), tidy(amount)]
                    .into_iter()
                    .chain(prices)
                    .collect(),
            );
        }
        let sums = PRICES.iter().map(|prices| {
            let sum: f64 = positions
                .iter()
                .map(|(_, amount, price)| amount * price(prices))
                .sum();
            format!("{sum:.6}")
        });
        rows.push(
            ["together".to_owned(), String::new()]
                .into_iter()
                .chain(sums)
                .collect(),
        );
        rows
    }
}

/// Whole amounts without decimals.
fn tidy(amount: f64) -> String {
    if amount.fract() == 0.0 {
        format!("{amount:.0}")
    } else {
        format!("{amount:.1}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_is_what_was_counted_in_between() {
        let before =
            Usage::from_counts(&serde_json::json!({ "sqsRequests": { "SendMessage": 5 } }));
        let after = Usage::from_counts(&serde_json::json!({
            "sqsRequests": { "SendMessage": 25, "DeleteMessageBatch": 10 },
            "dynamodb": { "writeUnits": 100, "readUnits": 12.5 },
        }));
        let used = after.since(before, 4.0);
        assert_eq!(
            (used.queue_requests, used.write_units, used.read_units),
            (26.0, 100.0, 12.5)
        );
    }

    #[test]
    fn the_price_of_a_million_writes_is_the_listed_one() {
        let used =
            Usage::from_counts(&serde_json::json!({ "dynamodb": { "writeUnits": 1_000_000 } }));
        assert_eq!(used.table().last().unwrap()[2..], ["0.742300", "0.625000"]);
    }
}
