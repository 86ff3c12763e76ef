//! The full search: `make model`. Prints what was searched, how many states there are, and a way to each broken promise.

use std::process::ExitCode;
use std::time::Duration;

use tenant_restore_model::search::search;
use tenant_restore_model::shape::{Shape, full};

const MOST: Duration = Duration::from_secs(600);

fn main() -> ExitCode {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut good = true;
    for (name, shape) in full() {
        println!("{name}");
        println!("  {}", bounds(&shape));
        let found = search(shape, threads, MOST);
        println!("  {found}");
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
        "{} schemas, {} handlers at once; lost {}, doubled {}, crashes {}, failures {}, refused calls {}, deadlines {}, \
         cancelled {}",
        shape.schemas,
        shape.hands,
        trouble.lost,
        trouble.doubled,
        trouble.crashes,
        trouble.faults,
        trouble.refusals,
        trouble.deadlines,
        trouble.cancels
    )
}
