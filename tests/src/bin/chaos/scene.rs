//! Where the run plays: two production instances with two databases of two small schemas each, and queues whose
//! messages come back as soon, in proportion, as the run's ticks.

use jiff::Timestamp;
use tenant_restore_tests::Result;
use tenant_restore_tests::aws_events::AwsEvents;
use tenant_restore_tests::chronicle::Chronicle;
use tenant_restore_tests::cloud::Cloud;
use tenant_restore_tests::database::{Database, identifier};
use tenant_restore_tests::faults::Faults;
use tenant_restore_tests::production::Production;
use tenant_restore_tests::queues::Queue;
use tenant_restore_tests::truth::Truth;
use tenant_restore_tests::{Context, samples};

/// Databases of one instance and their schemas. Roles belong to a whole instance, so no two schemas share a name.
const DATABASES: [(&str, [&str; 2]); 2] = [
    ("shop", ["shop_1", "shop_2"]),
    ("depot", ["depot_1", "depot_2"]),
];

/// Everything that is handled by functions.
const QUEUES: [&str; 8] = [
    "intake",
    "provision",
    "ddl",
    "migrate",
    "finalize",
    "cleanup",
    "complete",
    "dlq",
];

/// A twentieth of the deployed six minutes, as the run's ticks are a twentieth of the deployed ones. A handler that takes
/// longer meets its own message again, which can't happen to deployed ones: this is harder than AWS, not kinder.
pub const VISIBILITY_SECONDS: u32 = 18;

/// A database with what its schemas held at the restore point.
#[derive(Debug)]
pub struct Place {
    pub production: Production,
    pub database: &'static str,
    pub schemas: [&'static str; 2],
    pub truth: Truth,
}

/// All of it.
#[derive(Debug)]
pub struct Scene {
    pub cloud: Cloud,
    pub chronicle: Chronicle,
    pub aws_events: AwsEvents,
    pub faults: Faults,
    pub places: Vec<Place>,
    /// Sets this run's names apart from those of earlier runs in the same cloud.
    pub run: String,
    visibility: Vec<(Queue, u32)>,
}

impl Scene {
    /// Sets it up. Nothing is faulty yet.
    ///
    /// # Errors
    /// What AWS or PostgreSQL answer.
    pub async fn set(cloud: &Cloud, seed: u64) -> Result<Self> {
        let run = format!("{seed}-{}", Timestamp::now().strftime("%H%M%S"));
        let chronicle = Chronicle::start(cloud, &format!("chaos-{run}")).await?;
        let mut places = Vec::new();
        for instance in ["a", "b"] {
            let production = Production::create(cloud, &format!("chaos-{run}-{instance}")).await?;
            for (database, schemas) in DATABASES {
                places.push(Place::load(&production, database, schemas).await?);
            }
        }
        Ok(Self {
            visibility: hurry_queues(cloud).await?,
            aws_events: AwsEvents::start(cloud, &format!("chaos-{run}-aws")).await?,
            faults: Faults::of(&cloud.endpoint),
            cloud: cloud.clone(),
            chronicle,
            places,
            run,
        })
    }

    /// Gives the queues their time-outs back and deletes the instances.
    ///
    /// # Errors
    /// What AWS answers.
    pub async fn strike(self) -> Result<()> {
        for (queue, seconds) in &self.visibility {
            queue.set_visibility_timeout(*seconds).await?;
        }
        for place in self.places {
            if place.database == DATABASES[0].0 {
                place.production.delete().await?;
            }
        }
        Ok(())
    }
}

impl Place {
    async fn load(
        production: &Production,
        database: &'static str,
        schemas: [&'static str; 2],
    ) -> Result<Self> {
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
        let truth = Truth::note(&mut connection, &schemas).await?;
        production.wait_until_restorable(truth.at).await?;
        Ok(Self {
            production: production.clone(),
            database,
            schemas,
            truth,
        })
    }

    /// A connection of its own.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn connect(&self) -> Result<Database> {
        self.production.connect(self.database).await
    }
}

async fn hurry_queues(cloud: &Cloud) -> Result<Vec<(Queue, u32)>> {
    let mut before = Vec::new();
    for name in QUEUES {
        let queue = Queue::find(cloud, name).await?;
        before.push((queue.clone(), queue.visibility_timeout().await?));
        queue.set_visibility_timeout(VISIBILITY_SECONDS).await?;
    }
    Ok(before)
}
