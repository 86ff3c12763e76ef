//! Lines of a bill, and the prices: list prices of us-east-1 in US dollars, without free tiers.
//!
//! Lambda, SQS, EventBridge and DynamoDB were read from the AWS price list in September 2026; RDS, DMS and Fargate are those
//! of `handlers/core/src/price/us_east_1.json` (May 2026); S3, KMS, Secrets Manager, logs and interface endpoints were compared
//! with the price list of August to October 2026, metrics and alarms with that of March; X-Ray, dashboards and SNS are those of
//! the services' pricing pages.

use super::counts::Counts;

/// Where an amount comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Counted by the local cloud.
    Counted,
    /// Reckoned from what AWS documents, or from an assumption that is named beside the table.
    Reckoned,
}

/// A line of a bill.
#[derive(Debug, Clone)]
pub struct Position {
    pub name: &'static str,
    pub basis: Basis,
    pub amount: f64,
    /// US dollars for one.
    pub price: f64,
}

impl Position {
    pub fn counted(name: &'static str, amount: f64, price: f64) -> Self {
        let basis = Basis::Counted;
        Self {
            name,
            basis,
            amount,
            price,
        }
    }

    pub fn reckoned(name: &'static str, amount: f64, price: f64) -> Self {
        let basis = Basis::Reckoned;
        Self {
            name,
            basis,
            amount,
            price,
        }
    }

    pub fn dollars(&self) -> f64 {
        self.amount * self.price
    }
}

/// Of a trace that is recorded.
pub const TRACE: f64 = 5.0e-6;

/// Lambda writes START, END and REPORT around each invocation; their length with a request id, and 26 bytes for each.
const PLATFORM_LINES_BYTES: f64 = 330.0;
const GIGABYTE: f64 = 1024.0 * 1024.0 * 1024.0;

/// What moves restores, or a sweep: everything that a state machine would do.
pub fn orchestration(counts: &Counts) -> Vec<Position> {
    let invocations = counts.of("lambdaInvocations");
    let lines = counts.of("logBytes") + invocations * PLATFORM_LINES_BYTES;
    let secrets = counts.of("secretsmanagerRequests");
    let notices = counts.of("snsRequests");
    // Values are encrypted, descriptions aren't (Secrets Manager user guide, encryption and decryption).
    let values = counts.some("secretsmanagerRequests", |name| {
        matches!(name, "GetSecretValue" | "PutSecretValue" | "CreateSecret")
    });
    let reads = counts.some("s3Requests", |name| matches!(name, "GET" | "HEAD"));
    let writes = counts.some("s3Requests", |name| matches!(name, "PUT" | "POST" | "LIST"));
    vec![
        Position::counted("Lambda invocations", invocations, 0.20e-6),
        Position::counted(
            "Lambda GB-seconds",
            counts.of("lambdaGigabyteSeconds"),
            0.000_013_333_4,
        ),
        Position::counted("SQS requests", counts.of("sqsRequests"), 0.40e-6),
        Position::counted("custom events", counts.of("customEvents"), 1.00e-6),
        Position::counted("events of AWS services", counts.of("serviceEvents"), 0.0),
        Position::counted(
            "DynamoDB write units",
            counts.some("dynamodb", |name| name == "writeUnits"),
            0.625e-6,
        ),
        Position::counted(
            "DynamoDB read units",
            counts.some("dynamodb", |name| name == "readUnits"),
            0.125e-6,
        ),
        Position::counted("S3 PUT and LIST", writes, 5.0e-6),
        Position::counted("S3 GET and HEAD", reads, 0.4e-6),
        Position::counted("Secrets Manager calls", secrets, 5.0e-6),
        Position::counted("SNS notices", notices, 0.50e-6),
        Position::counted("GB of logs", lines / GIGABYTE, 0.50),
        Position::reckoned(
            "KMS requests with customer keys, one for each secret value and notice",
            values + notices,
            3.0e-6,
        ),
    ]
}

/// All lines together.
pub fn sum(positions: &[Position]) -> f64 {
    positions.iter().map(Position::dollars).sum()
}

/// A table of one bill.
pub fn table(title: &str, positions: &[Position]) {
    println!("\n| {title} | amount | $ | basis |\n|---|---:|---:|---|");
    for position in positions {
        let basis = match position.basis {
            Basis::Counted => "counted",
            Basis::Reckoned => "reckoned",
        };
        let (amount, dollars) = (tidy(position.amount), position.dollars());
        println!("| {} | {amount} | {dollars:.6} | {basis} |", position.name);
    }
    println!("| **together** | | **{:.6}** | |", sum(positions));
}

/// As many digits as matter.
pub fn tidy(amount: f64) -> String {
    match amount.abs() {
        size if size >= 100.0 || amount.fract() == 0.0 => format!("{amount:.0}"),
        size if size >= 0.1 => format!("{amount:.2}"),
        _ => format!("{amount:.6}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bill_is_the_sum_of_amounts_times_prices() {
        let bill = [
            Position::counted("a", 1_000_000.0, 0.40e-6),
            Position::reckoned("b", 2.0, 0.3),
        ];
        assert_eq!(format!("{:.4}", sum(&bill)), "1.0000");
        assert_eq!(
            [tidy(3.0), tidy(1234.5), tidy(2.345), tidy(0.000_123_4)],
            ["3", "1234", "2.35", "0.000123"]
        );
    }
}
