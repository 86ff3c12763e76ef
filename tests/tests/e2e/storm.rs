//! Many requests at once: each is answered as it should be.

use std::time::Duration;

use tenant_restore_tests::production::Production;
use tenant_restore_tests::storm::Storm;

use crate::stage::{ENDS_WITHIN, play, tenant_of};

/// The benchmark publishes twenty times as many.
const EVENTS: usize = 100;
/// More than run at a time.
const REAL: usize = 4;

#[test]
fn in_a_storm_of_duplicates_and_nonsense_each_request_gets_its_one_answer() {
    play(async |stage| {
        let source = Production::create(&stage.cloud, &stage.request_id("storm")).await?;
        let tenant = tenant_of(&source, "storm", &["storm_1"]).await?;
        let mark = stage.request_id("storm");
        let real: Vec<_> = (0..REAL)
            .map(|number| {
                let request = tenant.request(&format!("{mark}-real-{number}"));
                let request = request.with("source", source.identifier.as_str());
                let request = request.with("suffix", format!("_{number}"));
                request.with("mover", "copy").with("validate", "counts")
            })
            .collect();
        let storm = Storm::around(&mark, EVENTS, &real);
        let within = Duration::from_secs(3);
        storm
            .pass(&stage.cloud, &stage.chronicle, within, 2 * ENDS_WITHIN)
            .await?;
        source.delete().await
    });
}
