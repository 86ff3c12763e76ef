//! The sample tenants: two databases, two schemas each, from `localstack/samples`.

use crate::database::{Database, identifier};
use crate::error::{Context, Result};
use crate::production::Production;

/// A sample tenant: a schema of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tenant {
    /// Its database.
    pub database: &'static str,
    /// Its schema.
    pub schema: &'static str,
}

/// All sample tenants.
pub const TENANTS: [Tenant; 4] = [
    Tenant {
        database: "tenant_a",
        schema: "customer_a1",
    },
    Tenant {
        database: "tenant_a",
        schema: "customer_a2",
    },
    Tenant {
        database: "tenant_b",
        schema: "customer_b1",
    },
    Tenant {
        database: "tenant_b",
        schema: "customer_b2",
    },
];

const OBJECTS: &str = include_str!("../../localstack/samples/tenant.sql");
const ROWS: &str = include_str!("../../localstack/samples/rows.sql");

/// Creates the databases and loads every tenant, the databases side by side.
///
/// # Errors
/// What PostgreSQL answers.
pub async fn load_all(production: &Production) -> Result<()> {
    let (a, b) = futures::join!(
        load_database(production, "tenant_a"),
        load_database(production, "tenant_b")
    );
    a.and(b)
}

/// Creates one database of the samples and loads its tenants.
///
/// # Errors
/// What PostgreSQL answers.
pub async fn load_database(production: &Production, database: &str) -> Result<()> {
    let create = format!("create database {}", identifier(database));
    production
        .connect("postgres")
        .await?
        .batch_execute(&create)
        .await
        .context(format!("create the database {database}"))?;
    let connection = production.connect(database).await?;
    for tenant in TENANTS.iter().filter(|tenant| tenant.database == database) {
        load_schema(&connection, tenant.schema).await?;
    }
    Ok(())
}

/// Creates `schema` with the objects and rows of a sample tenant, in one transaction.
///
/// # Errors
/// What PostgreSQL answers, above all that the schema exists.
pub async fn load_schema(connection: &Database, schema: &str) -> Result<()> {
    let name = identifier(schema);
    let script = format!(
        "begin; create schema {name}; set local search_path to {name}; {OBJECTS} {ROWS} commit;"
    );
    connection
        .batch_execute(&script)
        .await
        .context(format!("load the sample tenant {schema}"))
}
