//! Loads the sample tenants of `localstack/samples`.

use crate::database::{Database, identifier};
use crate::error::{Context, Result};
use crate::production::Production;

pub use sample_tenants::{TENANTS, Tenant, by_database};

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
    connection
        .batch_execute(&sample_tenants::script(schema))
        .await
        .context(format!("load the sample tenant {schema}"))
}
