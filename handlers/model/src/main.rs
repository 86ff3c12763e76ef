//! The full search: `make model`. Prints what was searched, how many states there are, and a way to each broken promise.

use std::process::ExitCode;
use std::time::Duration;

use tenant_restore_model::look::Plan;
use tenant_restore_model::search::{search, shortest, way_without_end};
use tenant_restore_model::shape::{Shape, full};

const MOST: Duration = Duration::from_secs(600);

fn main() -> ExitCode {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut good = true;
    let wanted = std::env::args().nth(1).unwrap_or_default();
    for (name, shape) in full().into_iter().filter(|it| it.0.contains(&wanted)) {
        println!("{name}");
        println!("  {}", bounds(&shape));
        let found = search(shape.clone(), threads, MOST);
        println!("  {found}");
        if found.broken.is_some() {
            println!("  a short way: {}", shortest(shape.clone(), threads, MOST));
        }
        if !found.without_end.is_empty() {
            let way = way_without_end(&shape, &found);
            println!(
                "  a short way to one without an end:\n  {}",
                way.join("\n  ")
            );
        }
        good &= found.is_good();
    }
    println!(
        "{}",
        if good {
            "every promise is kept"
        } else {
            "A PROMISE IS BROKEN"
        }
    );
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn bounds(shape: &Shape) -> String {
    let trouble = shape.trouble;
    format!(
        "{} schemas by {}, {} handlers at once{}, until {}; lost {}, doubled {}, crashes {}, failures {}, refused calls {}, \
         deadlines {}, cancelled {}, replayed {}, given up {}",
        shape.schemas,
        movers(shape.plan),
        shape.hands,
        if shape.hold {
            ", held after a failure"
        } else {
            ""
        },
        shape.until,
        trouble.lost,
        trouble.doubled,
        trouble.crashes,
        trouble.faults,
        trouble.refusals,
        trouble.deadlines,
        trouble.cancels,
        trouble.replays,
        trouble.letters
    )
}

fn movers(plan: Plan) -> &'static str {
    match (plan.dms, plan.copy) {
        (true, true) => "DMS and COPY",
        (true, false) => "DMS",
        _ => "COPY",
    }
}
