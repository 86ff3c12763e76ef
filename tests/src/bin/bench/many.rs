//! Many schemas in one request, and many restores at once: how time and memory grow with the work.

use std::time::{Duration, Instant};

use futures::future::try_join_all;
use tenant_restore_tests::chronicle::Chronicle;
use tenant_restore_tests::cloud::Cloud;
use tenant_restore_tests::cloud_memory::Sampler;
use tenant_restore_tests::database::{Database, identifier};
use tenant_restore_tests::production::Production;
use tenant_restore_tests::request::Request;
use tenant_restore_tests::samples::load_schema;
use tenant_restore_tests::truth::Truth;
use tenant_restore_tests::{Context, Error, Result};

const DATABASE: &str = "fleet";
const SCHEMAS: usize = 50;
const OF_A_REQUEST: [usize; 4] = [1, 10, 25, SCHEMAS];
const AT_ONCE: [usize; 4] = [1, 5, 10, 20];
const ENDS_WITHIN: Duration = Duration::from_secs(1200);

/// A database with many tenants, and what each of them held.
struct Fleet<'a> {
    cloud: &'a Cloud,
    chronicle: Chronicle,
    source: Production,
    database: Database,
    schemas: Vec<String>,
    truth: Truth,
}

/// Restores more and more schemas by one request; every copy is compared with what its schema held.
pub async fn print_schemas(cloud: &Cloud, name: &str) -> Result<()> {
    let mut fleet = Fleet::create(cloud, &format!("{name}-schemas")).await?;
    fleet.restore("warm", &[1]).await?;
    println!("\nschemas of one request: seconds in all, a schema; memory of the whole local cloud");
    for schemas in OF_A_REQUEST {
        fleet.measure(&format!("of{schemas}"), &[schemas]).await?;
    }
    fleet.source.delete().await
}

/// Restores more and more schemas at once by a request each, from a source of their own: one that already holds the copies
/// of other measurements would make each of these longer.
pub async fn print_restores(cloud: &Cloud, name: &str) -> Result<()> {
    let mut fleet = Fleet::create(cloud, &format!("{name}-restores")).await?;
    fleet.restore("warm", &[1]).await?;
    println!(
        "\nrestores of one schema at once: seconds in all, a schema; memory of the whole local cloud"
    );
    for restores in AT_ONCE {
        fleet
            .measure(&format!("at{restores}"), &vec![1; restores])
            .await?;
    }
    fleet.source.delete().await
}

impl<'a> Fleet<'a> {
    async fn create(cloud: &'a Cloud, name: &str) -> Result<Self> {
        let chronicle = Chronicle::start(cloud, name).await?;
        let source = Production::create(cloud, name).await?;
        let create = format!("create database {}", identifier(DATABASE));
        let postgres = source.connect("postgres").await?;
        postgres
            .batch_execute(&create)
            .await
            .context("create the database")?;
        let mut database = source.connect(DATABASE).await?;
        let schemas: Vec<_> = (1..=SCHEMAS)
            .map(|number| format!("tenant_{number:02}"))
            .collect();
        for schema in &schemas {
            load_schema(&database, schema).await?;
        }
        let names: Vec<_> = schemas.iter().map(String::as_str).collect();
        let truth = Truth::note(&mut database, &names).await?;
        source.wait_until_restorable(truth.at).await?;
        Ok(Self {
            cloud,
            chronicle,
            source,
            database,
            schemas,
            truth,
        })
    }

    /// Restores as [`Self::restore`] does and prints a line of it.
    async fn measure(&mut self, suffix: &str, requests: &[usize]) -> Result<()> {
        let memory = Sampler::start(&self.cloud.home);
        let took = self.restore(suffix, requests).await?.as_secs_f64();
        let schemas: usize = requests.iter().sum();
        println!(
            "  {schemas:>3} {took:>8.1} s {:>8.2} s a schema {:>8.0} MiB at most",
            took / schemas as f64,
            memory.peak() as f64 / f64::from(1 << 20)
        );
        Ok(())
    }

    /// Publishes a request for each number of schemas, each for schemas of its own, waits for the outcomes, and compares
    /// every copy. The copies stay.
    async fn restore(&mut self, suffix: &str, requests: &[usize]) -> Result<Duration> {
        let mut schemas = self.schemas.iter().map(String::as_str);
        let groups: Vec<Vec<&str>> = requests
            .iter()
            .map(|count| schemas.by_ref().take(*count).collect())
            .collect();
        let began = Instant::now();
        let ends = groups.iter().enumerate().map(|(number, group)| {
            let id = format!("{}-{suffix}-{number}", self.source.identifier);
            let request = Request::new(&id, DATABASE, group, self.truth.at)
                .with("source", self.source.identifier.as_str())
                .with("suffix", suffix);
            self.completed(id, request)
        });
        try_join_all(ends).await?;
        let took = began.elapsed();
        for schema in groups.iter().flatten() {
            let copy = format!("{schema}_{suffix}");
            let differences = self
                .truth
                .differences(&mut self.database, schema, &copy)
                .await?;
            if !differences.is_empty() {
                let problem = format!("{copy} differs:\n{}", differences.join("\n"));
                return Err(Error::new(problem));
            }
        }
        Ok(took)
    }

    async fn completed(&self, id: String, request: Request) -> Result<()> {
        request.publish(self.cloud).await?;
        let outcome = self.chronicle.wait_for_end(&id, ENDS_WITHIN).await?;
        if outcome.outcome == "COMPLETED" {
            return Ok(());
        }
        let why = outcome.why();
        Err(Error::new(format!(
            "{id} ended as {}:\n{why}",
            outcome.outcome
        )))
    }
}
