//! Checks that call the tenant's functions: such a function may read a table that isn't loaded yet, so they are taken off
//! before the rows and put back after them.

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::Job;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::connection::describe;
use crate::context::Context;
use crate::extract::extensions::Spelling;
use crate::failed::OrCause as _;
use crate::names::{qualified, quote_ident};
use crate::production::statements::{Statement, apply_some};
use crate::production::{ledger, restored_names};

/// The prefix of a check's step in the ledger, when rows are against it.
pub const EXCEPTION: &str = "check exception: ";

struct Check {
    /// `table` or `domain`.
    kind: String,
    holder: String,
    name: String,
    definition: String,
}

impl Check {
    fn title(&self) -> String {
        format!("{} on {}", self.name, self.holder)
    }

    fn add(&self, suffix: &str) -> Statement {
        Statement {
            sql: format!(
                "alter {} {} add constraint {} {}{suffix}",
                self.kind, self.holder, self.name, self.definition
            ),
            name: format!("check {}", self.title()),
        }
    }
}

/// The statements that take them off, once.
pub async fn take_off(temporary: &Client, job: &Job) -> Result<Vec<Statement>, Cause> {
    let off = |check: &Check| Statement {
        sql: format!(
            "alter {} {} drop constraint {}",
            check.kind, check.holder, check.name
        ),
        name: format!("taking off check {}", check.title()),
    };
    Ok(read(temporary, job).await?.iter().map(off).collect())
}

/// Puts them back, those of children first. One that rows of the restore point are against stays NOT VALID.
pub async fn put_back(
    context: &mut Context,
    temporary: &Client,
    loader: &mut Client,
) -> Result<(), Cause> {
    let home = context.job.schemas[0].restored_as.clone();
    let done = ledger::all(loader, &home).await?;
    let checks = read(temporary, &context.job).await?;
    for check in checks.iter().rev() {
        let step = check.add("").name;
        let known = done.get(&format!("{EXCEPTION}{}", check.title()));
        if let Some(Some(why)) = known {
            context.remark("CheckNotValid", check.title(), why);
        } else if !done.contains_key(&step) {
            add(context, loader, &home, check).await?;
        }
    }
    Ok(())
}

async fn add(
    context: &mut Context,
    loader: &mut Client,
    home: &str,
    check: &Check,
) -> Result<(), Cause> {
    let valid = check.add("");
    let Err(refused) = apply_some(loader, Some(home), &[&valid]).await else {
        return Ok(());
    };
    let why = match refused.error.code() {
        Some(&SqlState::CHECK_VIOLATION) => "rows of the restore point are against it",
        // Of a domain inside of an array, a composite or a range type.
        Some(&SqlState::FEATURE_NOT_SUPPORTED) if check.kind == "domain" => {
            "PostgreSQL can't look at the values that are there"
        }
        _ => return Err(refused.cause(&[valid])),
    };
    let why = format!("{why}, so it is NOT VALID: {}", describe(&refused.error));
    // Added and noted together, so that a second run doesn't add it twice.
    let not_valid = check.add(" not valid");
    apply_some(loader, Some(home), &[&not_valid])
        .await
        .map_err(|refused| refused.cause(&[not_valid]))?;
    ledger::note_exception(loader, home, &format!("{EXCEPTION}{}", check.title()), &why)
        .await
        .or_cause(ErrorKind::ApplyFailed, || {
            format!("note check {}", check.title())
        })?;
    context.remark("CheckNotValid", check.title(), why);
    Ok(())
}

async fn read(temporary: &Client, job: &Job) -> Result<Vec<Check>, Cause> {
    let spelling = Spelling::read(temporary, &job.schemas).await?;
    let rows = temporary
        .query(include_str!("checks.sql"), &[&restored_names(job)])
        .await
        .or_cause(ErrorKind::ApplyFailed, || "list the checks")?;
    let check = |row: &tokio_postgres::Row| Check {
        kind: row.get("kind"),
        holder: qualified(row.get("schema"), row.get("holder")),
        name: quote_ident(row.get("name")),
        definition: spelling.in_production(row.get("definition")),
    };
    Ok(rows.iter().map(check).collect())
}
