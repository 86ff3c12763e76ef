//! Every error code that RDS may answer, every status in which a temporary database may be stuck, and a deadline: each is
//! injected by the local cloud, and each restore must end as it should, and leave nothing behind. `make faults` runs it,
//! with time pressed, since RDS tells of some of it by no event.

mod cases;

use std::process::ExitCode;
use std::time::Duration;

use futures::stream::{StreamExt, iter};
use jiff::Timestamp;
use tenant_restore_tests::chronicle::Chronicle;
use tenant_restore_tests::cloud::Cloud;
use tenant_restore_tests::database::Database;
use tenant_restore_tests::faults::Faults;
use tenant_restore_tests::outcome::Outcome;
use tenant_restore_tests::production::Production;
use tenant_restore_tests::request::Request;
use tenant_restore_tests::samples::load_schema;
use tenant_restore_tests::truth::Truth;
use tenant_restore_tests::{Context, Error, Result, command_line, leftovers};

use crate::cases::{Case, cases};

const DATABASE: &str = "faults";
const SCHEMA: &str = "faulty_1";
const TAG: &str = "main";
const AT_ONCE: usize = 16;
const ENDS_WITHIN: Duration = Duration::from_secs(600);

/// Where all restores take place.
struct Scene {
    cloud: Cloud,
    chronicle: Chronicle,
    faults: Faults,
    connection: Database,
    model: Request,
    name: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    match play().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn play() -> Result<()> {
    let cloud = Cloud::from_env().await?;
    let name = format!("faults-{}", Timestamp::now().strftime("%Y%m%d%H%M%S"));
    let production = Production::create(&cloud, &name).await?;
    let postgres = production.connect("postgres").await?;
    let create = format!("create database {DATABASE}");
    postgres.batch_execute(&create).await.context(create)?;
    let mut connection = production.connect(DATABASE).await?;
    load_schema(&connection, SCHEMA).await?;
    let truth = Truth::note(&mut connection, &[SCHEMA]).await?;
    production.wait_until_restorable(truth.at).await?;
    let model = Request::new(&name, DATABASE, &[SCHEMA], truth.at);
    let model = model.with("source", name.clone()).with("mover", "copy");
    let scene = &Scene {
        chronicle: Chronicle::start(&cloud, &name).await?,
        faults: Faults::of(&cloud.endpoint),
        cloud,
        connection,
        model: model.with("validate", "counts"),
        name,
    };
    let played = iter(cases().into_iter().enumerate())
        .map(async |(number, case)| (scene.restore(number, &case).await, case))
        .buffer_unordered(AT_ONCE);
    let mut played: Vec<_> = played.collect().await;
    played.sort_by_key(|(_, case)| case.title.clone());
    let mut wrong = 0;
    println!(
        "{:<76} {:<10} {:<20} remedy",
        "what happens", "ends", "kind"
    );
    for (ended, case) in &played {
        match ended {
            Ok(outcome) => println!("{}", row(case, outcome)),
            Err(error) => {
                wrong += 1;
                println!("{:<76} WRONG      {error}", case.title);
            }
        }
    }
    println!("{} passed, {wrong} failed", played.len() - wrong);
    production.delete().await?;
    if wrong > 0 {
        return Err(Error::new(format!("{wrong} restores ended otherwise")));
    }
    Ok(())
}

fn row(case: &Case, outcome: &Outcome) -> String {
    let cause = outcome.causes.first();
    let (kind, remedy) = cause.map_or(("", ""), |it| (it.kind.as_str(), it.remedy.as_str()));
    let line = format!(
        "{:<76} {:<10} {kind:<20} {remedy}",
        case.title, outcome.outcome
    );
    line.trim_end().to_owned()
}

impl Scene {
    async fn restore(&self, number: usize, case: &Case) -> Result<Outcome> {
        let request_id = format!("{}-{number}", self.name);
        let request = self.model.clone().with("requestId", request_id.clone());
        let request = request.with("suffix", format!("_{number}"));
        let id = command_line::request(&request.detail).await?;
        for fault in (case.faults)(&format!("tr-{TAG}-{id}")) {
            self.faults.switch_on(&fault).await?;
        }
        let outcome = self
            .chronicle
            .wait_for_end(&request_id, ENDS_WITHIN)
            .await?;
        case.check(&self.cloud, &self.faults, &outcome).await?;
        let left = leftovers::of(&self.cloud, &self.connection, TAG, &outcome).await?;
        if left.is_empty() {
            return Ok(outcome);
        }
        Err(Error::new(format!("left behind: {}", left.join(", "))))
    }
}
