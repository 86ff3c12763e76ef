//! The phases as they happen, from the events on the bus.

use std::collections::HashSet;
use std::time::Duration;

use tenant_restore_tests::subscriber::Event;
use tokio::time::Instant;

use crate::screen::Screen;

/// Tells the phases of one restore, each with the seconds since the request.
pub struct Progress<'a> {
    screen: &'a Screen,
    requested: Instant,
    phase_began: Duration,
    shown: HashSet<String>,
}

impl<'a> Progress<'a> {
    /// For a request published now.
    pub fn new(screen: &'a Screen) -> Self {
        Self {
            screen,
            requested: Instant::now(),
            phase_began: Duration::ZERO,
            shown: HashSet::new(),
        }
    }

    /// Seconds since the request.
    pub fn elapsed(&self) -> f64 {
        self.requested.elapsed().as_secs_f64()
    }

    /// Prints one line for an event of the restore; nothing for one that comes again, as the pipeline may send each
    /// event more than once.
    pub fn show(&mut self, event: &Event) {
        if !self
            .shown
            .insert(format!("{} {}", event.detail_type, event.detail))
        {
            return;
        }
        let now = self.requested.elapsed();
        let text = |field: &str| event.detail[field].as_str().unwrap_or("?").to_owned();
        let line = match event.detail_type.as_str() {
            "RestoreAccepted" => format!("accepted as restore {}", text("restoreId")),
            "RestoreProgressed" => {
                let lasted = (now - self.phase_began).as_secs_f64();
                self.phase_began = now;
                format!(
                    "{:<10} done in {lasted:4.1} s, {} begins",
                    text("previous"),
                    text("phase")
                )
            }
            other => other.to_owned(),
        };
        self.screen
            .say(&format!("+{:5.1} s  {line}", now.as_secs_f64()));
        for warning in event.detail["warnings"].as_array().into_iter().flatten() {
            self.screen.say(&format!(
                "          warning: {}",
                warning["message"].as_str().unwrap_or("?")
            ));
        }
    }
}
