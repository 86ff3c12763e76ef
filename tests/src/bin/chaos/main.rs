//! The chaos run: many restores, each under lost, doubled and late events, calls that are refused, unanswered or answered
//! with the past, an outage of one service and one kill. It fails if one of them is stuck, ends twice, ends wrongly or
//! leaves anything behind, or if a whole run doesn't walk every path that it is to walk.
//!
//! `chaos steps` refuses each call of a good restore once instead, see [`steps`].
//!
//! `--seed` decides the requests, their kills and the sequence of chance behind the faults; how calls of restores that run
//! at once follow each other, it doesn't.

mod chance;
mod coverage;
mod kills;
mod plan;
mod restore;
mod scene;
mod steps;
mod table;
mod weather;

use std::process::ExitCode;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use tenant_restore_tests::cloud::Cloud;
use tenant_restore_tests::queues::Queue;
use tenant_restore_tests::{Error, Result, audit, leftovers, wait};

use kills::Killer;
use plan::{Plan, Wish};
use restore::Ended;
use scene::Scene;
use table::Figures;

const DEFAULT: Wish = Wish {
    seed: 1,
    restores: 200,
    at_once: 4,
};

/// Messages of restores that have ended: ticks and late events, for which nothing is to be done.
const QUIET_WITHIN: Duration = Duration::from_secs(120);

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).peekable();
    let is_steps = arguments.next_if_eq("steps").is_some();
    let wish = match plan::read(arguments, DEFAULT) {
        Ok(wish) => wish,
        Err(problem) => {
            eprintln!("chaos: {problem}");
            return ExitCode::from(2);
        }
    };
    let ran = if is_steps {
        refuse_steps(wish).await
    } else {
        run(wish).await
    };
    match ran {
        Ok(0) => ExitCode::SUCCESS,
        Ok(violations) => {
            eprintln!("chaos: {violations} violations");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("chaos: the run itself failed: {error}");
            ExitCode::from(2)
        }
    }
}

/// A restore for each step of a good one; how many violations there were.
async fn refuse_steps(wish: Wish) -> Result<usize> {
    let cloud = Cloud::from_env().await?;
    let scene = Scene::set(&cloud, wish.seed).await?;
    let violations = steps::run(&scene, wish).await?;
    scene.strike().await?;
    Ok(violations)
}

/// How many violations there were.
async fn run(wish: Wish) -> Result<usize> {
    println!(
        "seed {}, {} restores, {} at once",
        wish.seed, wish.restores, wish.at_once
    );
    let cloud = Cloud::from_env().await?;
    let scene = Scene::set(&cloud, wish.seed).await?;
    let letters_before = letters(&cloud).await?;
    scene.faults.forget_calls().await?;
    scene.faults.switch_on(&weather::faults(wish.seed)).await?;
    let played = play_all(&scene, wish).await;
    let mut paths = coverage::of_faults(&scene.faults).await?;
    scene.faults.clear().await?;
    let mut played = played?;
    for (_, one) in &mut played {
        one.violations
            .extend(restore::told_differently(&scene, &one.request_id));
    }
    paths.extend(coverage::of_restores(&cloud, &played).await?);
    let ended: Vec<_> = played.into_iter().map(|(_, ended)| ended).collect();
    let figures = Figures {
        unwalked: coverage::missing(&paths, ended.len()),
        paths,
        letters: letters(&cloud).await?.saturating_sub(letters_before),
        left: left_behind(&scene, &ended).await?,
    };
    table::print(&ended, &figures);
    scene.strike().await?;
    let of_restores: usize = ended.iter().map(|one| one.violations.len()).sum();
    Ok(of_restores + figures.left.len() + figures.unwalked.len())
}

async fn play_all(scene: &Scene, wish: Wish) -> Result<Vec<(Plan, Ended)>> {
    let killer = Killer::at(&scene.cloud.endpoint);
    let plans = (1..=wish.restores).map(|number| Plan::of(wish.seed, number, scene.places.len()));
    stream::iter(plans)
        .map(|plan| {
            let killer = &killer;
            async move {
                let ended = restore::play(scene, killer, &plan).await?;
                table::tell(&plan, &ended);
                Ok::<_, Error>((plan, ended))
            }
        })
        .buffer_unordered(wish.at_once)
        .try_collect()
        .await
}

/// Letters that wait for a person.
async fn letters(cloud: &Cloud) -> Result<u64> {
    let dead = Queue::find(cloud, "dead").await?;
    dead.depth().await
}

/// What is left of any of these restores once the queues are quiet. Other restores of the same cloud, and other clouds of
/// the same machine, may go on.
async fn left_behind(scene: &Scene, ended: &[Ended]) -> Result<Vec<String>> {
    let look = async || {
        let places = audit::admitted(&scene.cloud).await?;
        let mut left: Vec<_> = places.iter().map(|id| format!("place of {id}")).collect();
        left.extend(leftovers::in_aws(&scene.cloud, "main", None).await?);
        left.retain(|line| ended.iter().any(|one| line.contains(&one.restore_id)));
        for one in ended {
            left.extend(leftovers::processes("main", Some(&one.restore_id))?);
        }
        for place in &scene.places {
            left.extend(leftovers::in_database(&place.connect().await?).await?);
        }
        Ok(left)
    };
    let quiet = wait::until(
        "the end of all that was temporary",
        QUIET_WITHIN,
        async || Ok(look().await?.is_empty().then_some(())),
    );
    match quiet.await {
        Ok(()) => Ok(Vec::new()),
        Err(late) => {
            let left = look().await?;
            if left.is_empty() { Err(late) } else { Ok(left) }
        }
    }
}
