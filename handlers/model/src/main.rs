//! The full search: `make model`. Prints what was searched, how many states there are, and a way to each broken promise.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use tenant_restore_events::Phase;
use tenant_restore_model::look::Plan;
use tenant_restore_model::promise::Promise;
use tenant_restore_model::search::{search, shortest, way_without_end};
use tenant_restore_model::shape::{Shape, Trouble};
use tenant_restore_model::shapes::full;

/// Longest time of one search; one that takes longer has failed.
const MOST: Duration = Duration::from_secs(600);

fn main() -> ExitCode {
    let began = Instant::now();
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let (mut states, mut good) = (0, true);
    for (name, shape) in full().into_iter().filter(|it| it.0.contains(&wanted)) {
        println!("{name}\n  {}", bounds(&shape));
        let found = search_and_tell(&shape);
        states += found.0;
        good &= found.1;
    }
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{states} states in {seconds:.0} s; what is left out and why the bounds are enough: handlers/model/src/lib.rs"
    );
    if !good {
        println!("A PROMISE IS BROKEN, OR A SEARCH NOT COMPLETE");
        return ExitCode::FAILURE;
    }
    let promises = Promise::ALL.map(Promise::text).join("; ");
    println!("every promise is kept: {promises}");
    ExitCode::SUCCESS
}

/// Searches, and prints what was found: how many states, and whether all is well.
fn search_and_tell(shape: &Shape) -> (usize, bool) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let found = search(shape.clone(), threads, MOST);
    println!("  {found}");
    if found.broken.is_some() {
        let short = shortest(shape.clone(), threads, MOST);
        println!("  a short way: {short}");
    }
    if !found.without_end.is_empty() {
        let way = way_without_end(shape, &found).join("\n  ");
        println!("  a short way to a state without an end:\n  {way}");
    }
    (found.states, found.is_good())
}

fn bounds(shape: &Shape) -> String {
    let schemas = if shape.schemas == 1 {
        "1 schema".to_owned()
    } else {
        format!("{} schemas", shape.schemas)
    };
    let hands = match shape.hands {
        1 => "one handler after another".to_owned(),
        hands => format!("{hands} handlers at once"),
    };
    let held = if shape.hold {
        ", held after a failure"
    } else {
        ""
    };
    let before = if shape.from == Phase::Intake {
        String::new()
    } else {
        format!(" (before: {})", troubles(shape.before))
    };
    format!(
        "{schemas} by {}, {hands}{held}, from {} to the end of {}: {}{before}",
        movers(shape.plan),
        shape.from,
        shape.until,
        troubles(shape.trouble)
    )
}

fn troubles(trouble: Trouble) -> String {
    let all = [
        (trouble.lost, "lost"),
        (trouble.doubled, "delivered twice"),
        (trouble.crashes, "crash"),
        (trouble.faults, "failure"),
        (trouble.shortages, "no capacity"),
        (trouble.refusals, "refused call"),
        (trouble.denials, "refused for good"),
        (trouble.deadlines, "deadline"),
        (trouble.cancels, "cancelled"),
        (trouble.replays, "replayed"),
        (trouble.letters, "given up"),
    ];
    let some = all.into_iter().filter(|(count, _)| *count > 0);
    let some: Vec<_> = some
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    if some.is_empty() {
        return "no trouble".to_owned();
    }
    some.join(", ")
}

fn movers(plan: Plan) -> &'static str {
    match (plan.dms, plan.copy, plan.logs_in) {
        (true, true, _) => "DMS and COPY",
        (true, false, _) => "DMS",
        (false, _, true) => "COPY",
        (false, _, false) => "COPY, after a new password",
    }
}
