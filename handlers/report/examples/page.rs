//! Writes the page of a `report.json` to standard output, to look at it: `cargo run --example page -- report.json`.

use std::error::Error;

use tenant_restore_report::{Report, page};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args()
        .nth(1)
        .ok_or("name the file of a report.json")?;
    let report: Report = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    print!("{}", page(&report)?);
    Ok(())
}
