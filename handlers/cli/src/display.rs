//! The display of `watch` on a terminal: one block, drawn anew at every look.

use crate::history::{News, lines, news};
use crate::status::Status;
use crate::text::{ahead, duration, words};

const SCHEMAS_SHOWN: usize = 4;

/// The lines of the block.
pub fn block(status: &Status) -> Vec<String> {
    let title = format!(
        "Restore {} of {} as of {}: {}, {}",
        status.restore_id,
        status.database,
        status.restore_time,
        status.state.as_str(),
        duration(status.seconds)
    );
    let mut block = vec![title];
    block.extend(schemas(status));
    for times in &status.phases {
        let mark = match times.ended {
            Some(_) if status.failed_in == Some(times.phase) => '✘',
            Some(_) => '✔',
            None => '▸',
        };
        block.push(format!(
            "{mark} {:<11}{:<13}{}",
            times.phase,
            duration(times.seconds),
            waits(status, times)
        ));
    }
    block.extend(ahead(status).into_iter().map(|phase| format!("· {phase}")));
    let telling = |news: &News| matches!(news, News::Failing { .. } | News::Ended { .. });
    if let Some(last) = news(status).iter().rfind(|news| telling(news)) {
        block.extend(lines(last));
    }
    block
        .iter()
        .map(|line| line.trim_end().to_owned())
        .collect()
}

/// A block taller than the terminal could not be drawn over itself: of many schemas, the first ones.
fn schemas(status: &Status) -> Vec<String> {
    let shown = status.schemas.iter().take(SCHEMAS_SHOWN);
    let mut lines: Vec<_> = shown
        .map(|pair| format!("  {} as {}", pair.schema, pair.restored_as))
        .collect();
    if status.schemas.len() > SCHEMAS_SHOWN {
        lines.push(format!(
            "  and {} more",
            status.schemas.len() - SCHEMAS_SHOWN
        ));
    }
    lines
}

fn waits(status: &Status, times: &crate::status::PhaseTimes) -> String {
    if times.ended.is_some() {
        return String::new();
    }
    // Two handlers may wait at once: the replication instance is made while RDS works.
    let waits = status
        .waits
        .iter()
        .map(|wait| match wait.last_seen.as_str() {
            "" => format!("{} {}", words(&wait.what), duration(wait.seconds)),
            seen => format!("{} {} ({seen})", words(&wait.what), duration(wait.seconds)),
        });
    waits.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::samples;

    #[test]
    fn a_running_restore_shows_phases_behind_under_way_and_ahead() {
        assert_eq!(
            block(&samples::running()).join("\n") + "\n",
            include_str!("golden/display-running.txt")
        );
    }

    #[test]
    fn of_many_schemas_the_first_are_shown_so_that_the_block_fits_a_terminal() {
        let mut status = samples::running();
        status.schemas = vec![status.schemas[0].clone(); 90];
        let block = block(&status);
        assert!(block.contains(&"  and 86 more".to_owned()));
        assert!(block.len() < 20);
    }

    #[test]
    fn a_failed_restore_marks_the_phase_and_tells_the_cause() {
        assert_eq!(
            block(&samples::failed()).join("\n") + "\n",
            include_str!("golden/display-failed.txt")
        );
    }
}
