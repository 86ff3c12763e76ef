//! What all tests share: the cloud, a production instance, what the pipeline tells.

use std::sync::LazyLock;
use std::time::Duration;

use jiff::Timestamp;
use tenant_restore_tests::chronicle::Chronicle;
use tenant_restore_tests::cloud::Cloud;
use tenant_restore_tests::database::{Database, identifier};
use tenant_restore_tests::faults::Faults;
use tenant_restore_tests::outcome::Outcome;
use tenant_restore_tests::production::Production;
use tenant_restore_tests::report::File;
use tenant_restore_tests::request::Request;
use tenant_restore_tests::truth::Truth;
use tenant_restore_tests::{Context, Error, Result, leftovers, samples, traces};
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

use crate::contract;

/// The deployment tag of the local cloud, part of every temporary resource's name.
pub const TAG: &str = "main";

/// Other restores share the two processors.
pub const ENDS_WITHIN: Duration = Duration::from_secs(180);

/// One for all tests, since connections belong to the runtime that opened them.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Runtime::new().expect("this machine lets a process have threads"));
static STAGE: OnceCell<Result<Stage, String>> = OnceCell::const_new();

/// The cloud, the default source, and an ear on the pipeline.
pub struct Stage {
    pub cloud: Cloud,
    pub production: Production,
    pub chronicle: Chronicle,
    pub faults: Faults,
    /// Sets this run's request ids apart from those of earlier runs in the same cloud.
    run: String,
}

/// A database with one schema or more, and what they held at a restore point.
pub struct Tenant {
    pub database: String,
    pub connection: Database,
    pub truth: Truth,
}

/// Plays a test on the shared stage.
pub fn play(test: impl AsyncFnOnce(&'static Stage) -> Result<()>) {
    RUNTIME.block_on(async {
        let stage =
            STAGE.get_or_init(async || Stage::set().await.map_err(|error| error.to_string()));
        let stage = stage
            .await
            .as_ref()
            .unwrap_or_else(|error| panic!("set the stage: {error}"));
        if let Err(error) = test(stage).await {
            panic!("{error}");
        }
    });
}

impl Stage {
    async fn set() -> Result<Self> {
        let cloud = Cloud::from_env().await?;
        let address = format!("{}/_local/counts", cloud.endpoint);
        reqwest::get(&address).await.context(
            "reach the local cloud; `localstack/with-cloud COMMAND` runs a command with one",
        )?;
        let run = Timestamp::now().strftime("%H%M%S").to_string();
        let chronicle = Chronicle::start(&cloud, &format!("e2e-{run}")).await?;
        Ok(Self {
            production: Production::create_default(&cloud).await?,
            faults: Faults::of(&cloud.endpoint),
            chronicle,
            cloud,
            run,
        })
    }

    /// A request id of this run.
    pub fn request_id(&self, name: &str) -> String {
        format!("{name}-{}", self.run)
    }

    /// Creates a database on the default source with sample schemas, and notes what they hold.
    pub async fn tenant(&self, database: &str, schemas: &[&str]) -> Result<Tenant> {
        tenant_of(&self.production, database, schemas).await
    }

    /// Everything that was told about a request keeps to its published schema.
    pub fn told_by_contract(&self, request_id: &str) -> Result<()> {
        let told = self.chronicle.events(request_id);
        assert!(!told.is_empty(), "something was told about {request_id}");
        none_of("not by the published schemas", &contract::breaches(&told)?)
    }

    /// Publishes a request and waits for its end.
    pub async fn ask(&self, request: &Request) -> Result<Outcome> {
        request.publish(&self.cloud).await?;
        let id = request_id_of(request);
        let outcome = self.chronicle.wait_for_end(id, ENDS_WITHIN).await?;
        self.told_by_contract(id)?;
        self.told_for_people(&outcome).await?;
        none_of("X-Ray would refuse", &traces::refused(&self.cloud).await?)?;
        Ok(outcome)
    }

    /// A restore that completed, into a database: every schema is as the truth says, and nothing is left behind.
    pub async fn came_back(
        &self,
        connection: &mut Database,
        truth: &Truth,
        outcome: &Outcome,
    ) -> Result<()> {
        assert_eq!(outcome.outcome, "COMPLETED", "{}", outcome.why());
        assert!(!outcome.schemas.is_empty());
        for pair in &outcome.schemas {
            let restored_as = pair.restored_as.as_deref().context("find the new name")?;
            let differences = truth.differences(connection, &pair.schema, restored_as);
            none_of(&format!("{restored_as} differs"), &differences.await?)?;
        }
        let left = leftovers::of(&self.cloud, connection, TAG, outcome).await?;
        none_of("left behind", &left)
    }

    /// Whatever has a report has it as a page too, which tells the same outcome.
    async fn told_for_people(&self, outcome: &Outcome) -> Result<()> {
        assert_eq!(outcome.report.is_some(), outcome.report_page.is_some());
        let Some(page) = &outcome.report_page else {
            return Ok(());
        };
        let page = File::read(&self.cloud, page).await?;
        assert_eq!(
            page.content_type.as_deref(),
            Some("text/html; charset=utf-8")
        );
        let word = outcome.outcome.to_lowercase();
        assert!(
            page.text.to_lowercase().contains(&format!(">{word} <")),
            "{word}: {}",
            page.text
        );
        Ok(())
    }
}

impl Tenant {
    /// Asks for all its schemas at the noted time, from the default source.
    pub fn request(&self, request_id: &str) -> Request {
        let schemas: Vec<_> = self.truth.schemas().collect();
        Request::new(request_id, &self.database, &schemas, self.truth.at)
    }
}

/// Creates a database on an instance with sample schemas, and notes what they hold at a time that can be restored.
pub async fn tenant_of(
    production: &Production,
    database: &str,
    schemas: &[&str],
) -> Result<Tenant> {
    let create = format!("create database {}", identifier(database));
    let postgres = production.connect("postgres").await?;
    postgres
        .batch_execute(&create)
        .await
        .context(format!("create the database {database}"))?;
    let mut connection = production.connect(database).await?;
    for schema in schemas {
        samples::load_schema(&connection, schema).await?;
    }
    let truth = Truth::note(&mut connection, schemas).await?;
    production.wait_until_restorable(truth.at).await?;
    Ok(Tenant {
        database: database.to_owned(),
        connection,
        truth,
    })
}

/// The id that a request carries.
pub fn request_id_of(request: &Request) -> &str {
    request.detail["requestId"]
        .as_str()
        .expect("every request of these tests carries its id")
}

/// Fails with all lines, unless there are none.
pub fn none_of(what: &str, lines: &[String]) -> Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    Err(Error::new(format!("{what}:\n{}", lines.join("\n"))))
}
