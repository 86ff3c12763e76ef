//! Mode `validate`: the restored schemas against the temporary database, without a row leaving its server.
//!
//! Rows are read in sessions of their own, as roles that may do nothing else: planning such a query evaluates expressions of
//! the tenant's indexes, which could change the settings under which the rest is compared.

pub(crate) mod inventory;
mod rows;

use std::collections::BTreeMap;

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::{OnMismatch, ValidateChoice, ValidateReport};
use tokio_postgres::Client;

use crate::apply_post_data::{self, checks, foreign_keys, sequences};
use crate::context::{Context, Report};
use crate::copy::unit::{self, TableName, Unit, Versions};
use crate::extract::extensions::Spelling;
use crate::failed::{Failed, OrCause as _};
use crate::names::qualified;
use crate::production::{
    claim, handed_over, ledger, loader, major_version, outside, restored_names, tenants_path,
};
use crate::storage;
use inventory::Reported;

/// What the mode said, for a run that goes on after an opening that was broken off.
const FILE: &str = "validated.json";

/// Runs the mode.
pub async fn run(context: &mut Context) -> Result<Report, Failed> {
    let level = context.job.validate;
    let mut report = ValidateReport {
        level,
        tables: Vec::new(),
        differences: Vec::new(),
    };
    if level == ValidateChoice::None {
        return Ok(Report::Validate(report));
    }
    let mut master = context.production().await?;
    claim(&master, &context.job).await?;
    if handed_over::has_begun(context).await? {
        let said = storage::read_json(&*context.storage, &context.work_key(FILE)).await?;
        return Ok(Report::Validate(said));
    }
    loader::resume_alone(&mut master, &context.job, &context.loader_login().await?).await?;
    let temporary = context.temporary().await?;
    let session = context.loader().await?;
    let sides = Sides::open(context, &temporary).await?;
    compare_rows(context, (&temporary, &session), &sides, &mut report).await?;
    compare_views(context, (&temporary, &session), &sides, level).await?;
    let schemas = restored_names(&context.job);
    report
        .differences
        .extend(compare_sequences(&temporary, &session, &schemas).await?);
    report
        .differences
        .extend(compare_objects(context, &temporary, &session).await?);
    report
        .differences
        .extend(edges_to_originals(context, &session).await?);
    storage::write_json(&*context.storage, &context.work_key(FILE), &report).await?;
    conclude(context, report)
}

/// The sessions that read rows.
struct Sides {
    temporary: Client,
    production: Client,
}

impl Sides {
    /// Both with the tenant's path: the planner looks into the bodies of SQL functions that indexes call.
    async fn open(context: &Context, temporary: &Client) -> Result<Self, Cause> {
        let path = tenants_path::setting(temporary, &context.job).await?;
        let sides = Self {
            temporary: context.temporary_rows().await?,
            production: context.loader().await?,
        };
        for client in [&sides.temporary, &sides.production] {
            client
                .batch_execute(&path)
                .await
                .or_cause(ErrorKind::ValidationMismatch, || "set the search path")?;
        }
        Ok(sides)
    }
}

/// With `drop` every difference is a cause of the failure; with `keep` they go into the report.
fn conclude(context: &Context, report: ValidateReport) -> Result<Report, Failed> {
    if context.job.on_mismatch == OnMismatch::Drop {
        let causes = report
            .differences
            .iter()
            .map(|words| Cause::new(ErrorKind::ValidationMismatch, words));
        Failed::from_causes(causes.collect())?;
    }
    Ok(Report::Validate(report))
}

async fn compare_rows(
    context: &Context,
    (temporary, session): (&Client, &Client),
    sides: &Sides,
    report: &mut ValidateReport,
) -> Result<(), Cause> {
    let versions = Versions {
        temporary: major_version(temporary).await?,
        production: major_version(session).await?,
    };
    let sources = unit::sources(temporary, &restored_names(&context.job), versions).await?;
    let samples = samples(context, temporary).await?;
    for unit in unit::units(sources) {
        // A table that isn't there is told by the comparison of objects.
        if !exists(session, &unit.target.quoted()).await? {
            continue;
        }
        let how = (report.level, samples.get(&unit.target));
        let table = rows::compare((&sides.temporary, &sides.production), &unit, how).await?;
        report.differences.extend(rows::difference(&table));
        report.tables.push(table);
    }
    Ok(())
}

/// The tables that are compared by a sample, by the sizes and keys of the temporary database. A tree that is partitioned by hash is
/// compared whole, and so is a table without a primary key.
async fn samples(
    context: &Context,
    temporary: &Client,
) -> Result<BTreeMap<TableName, rows::Sample>, Cause> {
    let Some(above) = context.bounds.sample_above else {
        return Ok(BTreeMap::new());
    };
    let keyed = temporary
        .query(
            include_str!("keyed_tables.sql"),
            &[&restored_names(&context.job)],
        )
        .await
        .or_cause(
            ErrorKind::ValidationMismatch,
            || "read the sizes of the tables",
        )?;
    let sample = |row: &tokio_postgres::Row| {
        let table = TableName {
            schema: row.get("schema"),
            name: row.get("name"),
        };
        let key: Vec<String> = row.get("key");
        let bytes = row.get::<_, i64>("bytes").unsigned_abs();
        rows::Sample::of(bytes, above, &key).map(|sample| (table, sample))
    };
    Ok(keyed.iter().filter_map(sample).collect())
}

/// A refreshed view has what its query gives for the restored rows, which the old contents need not have been.
async fn compare_views(
    context: &mut Context,
    (temporary, session): (&Client, &Client),
    sides: &Sides,
    level: ValidateChoice,
) -> Result<(), Cause> {
    let schemas = restored_names(&context.job);
    let filled = filled_views(temporary, &schemas).await?;
    let present = filled_views(session, &schemas).await?;
    for view in filled.into_iter().filter(|view| present.contains(view)) {
        let table = rows::compare(
            (&sides.temporary, &sides.production),
            &Unit::view(view),
            (level, None),
        )
        .await?;
        if rows::difference(&table).is_some() {
            let message = "what it holds is what its query gives for the restored rows; at the restore point it held older or other rows";
            context.remark(
                "MaterializedViewNewer",
                qualified(&table.schema, &table.table),
                message,
            );
        }
    }
    Ok(())
}

async fn filled_views(client: &Client, schemas: &[&str]) -> Result<Vec<TableName>, Cause> {
    let rows = client
        .query(include_str!("filled_views.sql"), &[&schemas])
        .await
        .or_cause(
            ErrorKind::ValidationMismatch,
            || "list the filled materialized views",
        )?;
    let view = |row: &tokio_postgres::Row| TableName {
        schema: row.get(0),
        name: row.get(1),
    };
    Ok(rows.iter().map(view).collect())
}

async fn exists(session: &Client, quoted: &str) -> Result<bool, Cause> {
    let row = session
        .query_one("select to_regclass($1) is not null", &[&quoted])
        .await
        .or_cause(ErrorKind::ValidationMismatch, || {
            format!("look for {quoted}")
        })?;
    Ok(row.get(0))
}

async fn compare_sequences(
    temporary: &Client,
    session: &Client,
    schemas: &[&str],
) -> Result<Vec<String>, Cause> {
    let restored: BTreeMap<String, String> = sequences::positions(session, schemas)
        .await?
        .iter()
        .map(|position| (position.sequence.clone(), sequences::describe(position)))
        .collect();
    let mut differences = Vec::new();
    for position in sequences::positions(temporary, schemas).await? {
        let expected = sequences::describe(&position);
        // A sequence that isn't there is told by the comparison of objects.
        let Some(found) = restored
            .get(&position.sequence)
            .filter(|found| **found != expected)
        else {
            continue;
        };
        differences.push(format!(
            "sequence {} stands at {found} instead of {expected}",
            position.sequence
        ));
    }
    Ok(differences)
}

async fn compare_objects(
    context: &Context,
    temporary: &Client,
    session: &Client,
) -> Result<Vec<String>, Cause> {
    let schemas = restored_names(&context.job);
    let home = schemas[0];
    let mut constraints = ledger::exceptions(session, home, foreign_keys::EXCEPTION).await?;
    constraints.extend(ledger::exceptions(session, home, checks::EXCEPTION).await?);
    let reported = Reported {
        constraints,
        materialized_views: ledger::exceptions(session, home, apply_post_data::VIEW_EXCEPTION)
            .await?,
    };
    let spelling = Spelling::read(temporary, &context.job.schemas).await?;
    let expected = inventory::spelled(inventory::read(temporary, &schemas).await?, &spelling);
    let restored = inventory::read(session, &schemas).await?;
    Ok(inventory::differences(&expected, &restored, &reported))
}

/// No object of a restored schema may depend on the live schema that it was made from, but on an extension there.
async fn edges_to_originals(context: &Context, session: &Client) -> Result<Vec<String>, Cause> {
    let edges = outside::edges(session, &restored_names(&context.job)).await?;
    let is_original = |name: &str| {
        context
            .job
            .schemas
            .iter()
            .any(|schema| schema.schema == name)
    };
    let found = edges
        .iter()
        .filter(|edge| !edge.to_extension && is_original(&edge.outside));
    Ok(found
        .map(|edge| {
            format!(
                "{} depends on the live schema {:?}",
                edge.dependent, edge.outside
            )
        })
        .collect())
}
