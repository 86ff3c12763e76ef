//! Foreign keys to tables that aren't restored: the one place where a restore needs a lock on a live table.
//!
//! ADD takes SHARE ROW EXCLUSIVE on the referenced table, NOT VALID too, so it waits for a moment in which that stops nobody for
//! long, and is committed at once; VALIDATE takes only ROW SHARE there (PostgreSQL manual, ALTER TABLE).

use std::collections::HashSet;

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::ExternalForeignKeys;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::foreign_keys::{self, EXCEPTION, ForeignKey, except, lacks_parents, remark_again};
use crate::connection::describe;
use crate::context::Context;
use crate::failed::OrCause;
use crate::names::quote_ident;
use crate::production::live_tables::{self, LiveTable, Stops};
use crate::production::statements::{Refused, Statement, apply_some, run_alone};
use crate::production::{counting_role, ledger};

/// Adds the keys, leaves before their partitioned parents, as far as the request wants them.
pub async fn restore(
    context: &mut Context,
    master: &Client,
    loader: &mut Client,
    keys: &[ForeignKey],
) -> Result<(), Cause> {
    let home = context.job.schemas[0].restored_as.clone();
    let done = ledger::done(loader, &home).await?;
    let known = ledger::exceptions(loader, &home, EXCEPTION).await?;
    for key in keys {
        if let Some(exception) = known.get(&key.title()) {
            remark_again(context, key, exception);
            continue;
        }
        // The key of a partitioned table that is itself a partition comes with its parent's.
        if !(key.partitioned && key.inherited) {
            add(context, master, loader, key, &done).await?;
        }
    }
    Ok(())
}

async fn add(
    context: &mut Context,
    master: &Client,
    loader: &mut Client,
    key: &ForeignKey,
    done: &HashSet<String>,
) -> Result<(), Cause> {
    let wish = context.job.external_foreign_keys;
    if wish == ExternalForeignKeys::Skip {
        let message = format!(
            "left out as requested; it refers to {}",
            key.quoted_referenced()
        );
        return except(context, loader, key, "ForeignKeyLeftOut", &message).await;
    }
    if key.partitioned && wish == ExternalForeignKeys::NotValid {
        let message =
            "a key of a partitioned table can't be NOT VALID; the keys of its partitions are there";
        return except(context, loader, key, "ForeignKeyLeftOut", message).await;
    }
    if !key.plain {
        // The check of a key runs as the referenced table's owner (PostgreSQL's ri_PerformCheck).
        let message = format!(
            "an operator or a cast of the schema's own would run as the owner of {}",
            key.quoted_referenced()
        );
        return except(context, loader, key, "ForeignKeyLeftOut", &message).await;
    }
    if !may_refer(context, master, key).await? {
        let message = format!(
            "the master may not let others refer to {}",
            key.quoted_referenced()
        );
        return except(context, loader, key, "ForeignKeyLeftOut", &message).await;
    }
    // A partitioned table can't have a NOT VALID key. Its key takes over those of the leaves; only if all of these are
    // valid it needs no look at the rows, which would keep the writers of the referenced table waiting.
    if key.partitioned && !takes_over(loader, key).await? {
        let message = format!(
            "keys of its partitions to {} aren't valid; those are there",
            key.quoted_referenced()
        );
        return except(context, loader, key, "ForeignKeyLeftOut", &message).await;
    }
    let add = if key.partitioned {
        key.add()
    } else {
        key.add_not_valid()
    };
    if let Err(refused) = add_once(context, loader, key, &add, done).await {
        return left_out(context, loader, key, &add, &refused).await;
    }
    if key.partitioned || !key.validated {
        return Ok(());
    }
    if wish == ExternalForeignKeys::NotValid {
        return except(
            context,
            loader,
            key,
            "ForeignKeyNotValid",
            "left NOT VALID as requested",
        )
        .await;
    }
    validate(context, master, loader, key, done).await
}

/// Whether every leaf of the key's table has a valid key of its own that this one takes over.
async fn takes_over(loader: &Client, key: &ForeignKey) -> Result<bool, Cause> {
    let row = loader
        .query_one(
            include_str!("takes_over.sql"),
            &[
                &key.schema,
                &key.table,
                &key.columns,
                &key.referenced_schema,
                &key.referenced_table,
            ],
        )
        .await
        .or_cause(ErrorKind::ApplyFailed, || {
            format!("look at the keys of the partitions for {}", key.title())
        })?;
    Ok(row.get("takes_over"))
}

/// Adds the key and notes it, unless it is noted already.
async fn add_once(
    context: &Context,
    loader: &mut Client,
    key: &ForeignKey,
    add: &Statement,
    done: &HashSet<String>,
) -> Result<(), Refused> {
    if done.contains(&add.name) {
        return Ok(());
    }
    let referenced = LiveTable {
        schema: key.referenced_schema.clone(),
        table: key.referenced_table.clone(),
    };
    let home = &context.job.schemas[0].restored_as;
    live_tables::apply(loader, home, &[referenced], Stops::Writers, add).await
}

/// A referenced table that is gone, has changed or is always busy is reported; everything else fails the mode.
async fn left_out(
    context: &mut Context,
    loader: &Client,
    key: &ForeignKey,
    add: &Statement,
    refused: &Refused,
) -> Result<(), Cause> {
    if live_tables::was_busy(refused) {
        let message = format!(
            "{} was never free for a moment; to add the key by hand: {}",
            key.quoted_referenced(),
            add.sql
        );
        return except(context, loader, key, "ForeignKeyLeftOut", &message).await;
    }
    let reported = [
        SqlState::UNDEFINED_TABLE,
        SqlState::INVALID_SCHEMA_NAME,
        SqlState::UNDEFINED_COLUMN,
        SqlState::INVALID_FOREIGN_KEY,
        SqlState::DATATYPE_MISMATCH,
        SqlState::INSUFFICIENT_PRIVILEGE,
        SqlState::FOREIGN_KEY_VIOLATION,
        SqlState::WRONG_OBJECT_TYPE,
    ];
    if !refused
        .error
        .code()
        .is_some_and(|code| reported.contains(code))
    {
        return Err(refused.cause(&[key.add()]));
    }
    let message = format!(
        "it refers to {} outside: {}",
        key.quoted_referenced(),
        describe(&refused.error)
    );
    except(context, loader, key, "ForeignKeyLeftOut", &message).await
}

async fn validate(
    context: &mut Context,
    master: &Client,
    loader: &mut Client,
    key: &ForeignKey,
    done: &HashSet<String>,
) -> Result<(), Cause> {
    let validate = key.validate();
    if done.contains(&validate.name) {
        return Ok(());
    }
    let home = &context.job.schemas[0].restored_as;
    match apply_some(loader, Some(home), &[&validate]).await {
        Ok(_) => Ok(()),
        Err(refused) if lacks_parents(&refused) => {
            let message = match orphans(context, master, key).await? {
                Some(count) => {
                    format!("{count} rows have no parent row today, so the key stays NOT VALID")
                }
                None => "rows have no parent row today, so the key stays NOT VALID".to_owned(),
            };
            except(context, loader, key, "ForeignKeyNotValid", &message).await
        }
        Err(refused) => Err(refused.cause(&[validate])),
    }
}

/// How many rows have no parent. `None` when nobody may, or can in time, count them.
async fn orphans(
    context: &Context,
    master: &Client,
    key: &ForeignKey,
) -> Result<Option<i64>, Cause> {
    let read = |schema: &str, table: String, columns: &[String]| {
        let columns: Vec<String> = columns.iter().map(|name| quote_ident(name)).collect();
        counting_role::Read {
            schema: quote_ident(schema),
            table,
            columns: columns.join(", "),
        }
    };
    let reads = [
        read(&key.schema, key.quoted_table(), &key.columns),
        read(
            &key.referenced_schema,
            key.quoted_referenced(),
            &key.referenced_columns,
        ),
    ];
    let present = foreign_keys::present(context, master).await?;
    let made = present.get(&key.title()).unwrap_or(key);
    counting_role::count(context, master, &reads, &made.count_orphans()).await
}

/// Whether the loader may refer to the columns, once the master has granted what it can.
async fn may_refer(context: &Context, master: &Client, key: &ForeignKey) -> Result<bool, Cause> {
    let doing = || {
        format!(
            "look whether foreign key {} may refer to {}",
            key.title(),
            key.quoted_referenced()
        )
    };
    let role = &context.job.loader.role;
    let args: [&(dyn tokio_postgres::types::ToSql + Sync); 4] = [
        role,
        &key.referenced_schema,
        &key.referenced_table,
        &key.referenced_columns,
    ];
    let ask = || master.query_one(include_str!("may_refer.sql"), &args);
    if ask()
        .await
        .or_cause(ErrorKind::ApplyFailed, doing)?
        .get("permitted")
    {
        return Ok(true);
    }
    let columns: Vec<String> = key
        .referenced_columns
        .iter()
        .map(|column| quote_ident(column))
        .collect();
    let grant = format!(
        "grant usage on schema {} to {loader}; grant references ({}) on table {} to {loader}",
        quote_ident(&key.referenced_schema),
        columns.join(", "),
        key.quoted_referenced(),
        loader = quote_ident(role),
    );
    match run_alone(master, &grant).await {
        Ok(()) => Ok(ask()
            .await
            .or_cause(ErrorKind::ApplyFailed, doing)?
            .get("permitted")),
        // A table or column that is gone is told by the attempt to add the key.
        Err(error) if error.code().is_some_and(is_gone) => Ok(true),
        Err(error) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => Ok(false),
        Err(error) => Err(error).or_cause(ErrorKind::ApplyFailed, doing),
    }
}

fn is_gone(code: &SqlState) -> bool {
    [
        SqlState::UNDEFINED_TABLE,
        SqlState::UNDEFINED_COLUMN,
        SqlState::INVALID_SCHEMA_NAME,
    ]
    .contains(code)
}
