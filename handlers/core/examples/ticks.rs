//! Prints how many ticks come at the deployed pace until a wait for a temporary database ends, for each number of seconds
//! that is named: virtual time, no clock.

use std::error::Error;

use tenant_restore_core::wait::{Pace, WaitFor};

fn main() -> Result<(), Box<dyn Error>> {
    let pace = Pace::default();
    let ticks = |seconds: i64| {
        let (mut at, mut ticks) = (0, 0);
        loop {
            at += pace.interval(WaitFor::TemporaryDatabase, ticks);
            if at > seconds {
                return ticks;
            }
            ticks += 1;
        }
    };
    for seconds in std::env::args().skip(1) {
        println!("{seconds}:{}", ticks(seconds.parse()?));
    }
    Ok(())
}
