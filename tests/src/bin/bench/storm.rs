//! Two thousand requests within a minute, most of them duplicates or invalid.

use std::time::Duration;

use tenant_restore_tests::chronicle::Chronicle;
use tenant_restore_tests::cloud::Cloud;
use tenant_restore_tests::queues::Queue;
use tenant_restore_tests::request::Request;
use tenant_restore_tests::storm::Storm;
use tenant_restore_tests::{Error, Result};

const EVENTS: usize = 2000;
/// More than run at a time of one source (`infra/README.md`).
const REAL: usize = 5;
const MINUTE: Duration = Duration::from_secs(60);
const ENDS_WITHIN: Duration = Duration::from_secs(900);

/// Lets it pass, checks every answer, and prints how fast and how deep.
pub async fn print(
    cloud: &Cloud,
    chronicle: &Chronicle,
    mark: &str,
    model: &Request,
) -> Result<()> {
    let real = (0..REAL).map(|number| {
        let id = format!("{mark}-real-{number}");
        let request = model.clone().with("requestId", id);
        let request = request.with("suffix", format!("storm{number}"));
        request.with("mover", "copy").with("validate", "counts")
    });
    let storm = Storm::around(mark, EVENTS, &real.collect::<Vec<_>>());
    let before = given_up(cloud).await?;
    let passed = storm.pass(cloud, chronicle, MINUTE, ENDS_WITHIN).await?;
    let given_up = given_up(cloud).await? - before;
    if given_up > 0 {
        return Err(Error::new(format!("{given_up} messages were given up")));
    }
    let seconds = passed.handled.as_secs_f64();
    let per_second = passed.events as f64 / seconds;
    println!("\na storm of {} RestoreRequested", passed.events);
    println!("  distinct requests               {:>8}", passed.requests);
    println!("  of them real, {REAL} at once, 3 run  {REAL:>8}");
    println!("  answered otherwise              {:>8}", 0);
    println!("  given up                        {given_up:>8}");
    println!(
        "  published within                {:>8.1} s",
        passed.published.as_secs_f64()
    );
    println!("  all answered after              {seconds:>8.1} s");
    println!("  handled                         {per_second:>8.1} /s");
    println!("  deepest intake queue            {:>8}", passed.deepest);
    println!(
        "  last restore ended after        {:>8.1} s",
        passed.restored.as_secs_f64()
    );
    Ok(())
}

/// Messages in the dead-letter queue and among the kept.
async fn given_up(cloud: &Cloud) -> Result<u64> {
    let dlq = Queue::find(cloud, "dlq").await?.depth().await?;
    Ok(dlq + Queue::find(cloud, "dead").await?.depth().await?)
}
