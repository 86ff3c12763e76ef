//! What is printed: a line for each restore as it ends, and the figures.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::coverage::Paths;
use crate::plan::{Plan, Victim};
use crate::restore::Ended;

/// What concerns the run as a whole.
#[derive(Debug)]
pub struct Figures {
    /// How often each path was walked.
    pub paths: Paths,
    /// The paths that were to be walked and weren't.
    pub unwalked: Vec<String>,
    /// Messages in the queue `dead`.
    pub letters: u64,
    /// What is left although every restore has ended.
    pub left: Vec<String>,
}

/// One line about a restore.
pub fn tell(plan: &Plan, ended: &Ended) {
    let victim = match plan.victim {
        Victim::Handler {
            phase,
            invocation,
            ms,
        } => format!("{phase} handler, invocation {invocation}, {ms} ms"),
        Victim::Worker { job, ms } => format!("{} worker, {ms} ms", job.name()),
    };
    let kill = if ended.struck { "killed" } else { "spared" };
    println!(
        "{:>4} {} {:<9} {:>5.1} s, {} of {} wakes were ticks that moved it; {kill}: {victim}",
        ended.number,
        ended.restore_id,
        ended.outcome,
        ended.took.as_secs_f64(),
        ended.moving_ticks,
        ended.wakes,
    );
    for violation in &ended.violations {
        println!("     VIOLATION: {violation}");
    }
}

/// All figures.
pub fn print(ended: &[Ended], figures: &Figures) {
    let mut outcomes = BTreeMap::<&str, usize>::new();
    for one in ended {
        *outcomes.entry(&one.outcome).or_default() += 1;
    }
    let outcomes: Vec<_> = outcomes
        .into_iter()
        .map(|(outcome, count)| format!("{count} {outcome}"))
        .collect();
    let count = |what: fn(&Ended) -> usize| ended.iter().map(what).sum::<usize>();
    let told = |word: &str| {
        let violations = ended.iter().flat_map(|one| &one.violations);
        violations.filter(|line| line.starts_with(word)).count()
    };
    println!();
    println!(
        "restores            {} ({})",
        ended.len(),
        outcomes.join(", ")
    );
    println!("contradictions      {}", told("told different outcomes"));
    println!(
        "stuck               {}",
        count(|one| usize::from(one.outcome == "stuck"))
    );
    println!(
        "leaked resources    {}",
        told("left behind") + figures.left.len()
    );
    println!(
        "all violations      {}",
        count(|one| one.violations.len()) + figures.left.len() + figures.unwalked.len()
    );
    println!(
        "kills that struck   {} of {}",
        count(|one| usize::from(one.struck)),
        ended.len()
    );
    println!("letters in dead     {}", figures.letters);
    println!("messages handled    {}", count(|one| one.wakes));
    println!(
        "ticks that moved    {}, {} of them although an event should have",
        count(|one| one.moving_ticks),
        count(|one| one.late_ticks)
    );
    println!(
        "longest restore     {:.1} s, median {:.1} s",
        longest(ended),
        median(ended)
    );
    println!("paths, and how often each was walked");
    for (path, count) in &figures.paths {
        println!("  {count:>6}  {path}");
    }
    // Last, so that the end of a log has them.
    for one in ended {
        for violation in &one.violations {
            println!("VIOLATION: {} {}: {violation}", one.number, one.restore_id);
        }
    }
    for path in &figures.unwalked {
        println!("VIOLATION: never walked: {path}");
    }
    for left in &figures.left {
        println!("VIOLATION: left behind: {left}");
    }
}

fn longest(ended: &[Ended]) -> f64 {
    let longest = ended.iter().map(|one| one.took).max();
    longest.unwrap_or_default().as_secs_f64()
}

fn median(ended: &[Ended]) -> f64 {
    let mut times: Vec<Duration> = ended.iter().map(|one| one.took).collect();
    times.sort();
    let middle = times.get(times.len() / 2);
    middle.copied().unwrap_or_default().as_secs_f64()
}
