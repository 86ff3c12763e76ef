//! The role that reads rows in the temporary database: of the restored schemas, and nothing else.
//!
//! To plan a query, PostgreSQL evaluates the expressions of a table's indexes and statistics, as whoever asks. The master could
//! be made to copy other tenants' rows, which are all there, into the tables that are about to be restored.

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::Job;
use tokio_postgres::Client;

use crate::context::Context;
use crate::failed::OrCause as _;
use crate::names::{qualified, quote_ident};
use crate::production::current_role;
use crate::production::loader::{grant, verifier};
use crate::production::role;
use crate::secrets::Login;

/// Begins every read. The session's own setting isn't enough: planning may run a function with its owner's rights, which turns
/// that off for the next read. Inside of a transaction that only reads, nothing can (`check_transaction_read_only` in
/// PostgreSQL's `variable.c`).
pub(crate) const BEGIN: &str = "begin read only";

/// Its name, after the login role's in production.
pub(crate) fn name(job: &Job) -> String {
    format!("{}-r", job.loader.role)
}

/// Its login: the password is that of the login role, so that every task of the restore knows it.
pub(crate) async fn login(context: &Context) -> Result<Login, Cause> {
    let loader = context.loader_login().await?;
    Ok(Login::new(name(&context.job), loader.password()))
}

/// Creates it, or gives it its password again, and lets it read the schemas.
pub(super) async fn let_read(
    client: &Client,
    context: &Context,
    restored: &[&str],
) -> Result<(), Cause> {
    let doing = || "make the role that reads the rows in the temporary database";
    let login = login(context).await?;
    let role = quote_ident(&login.username);
    let verb = if exists(client, &login.username).await? {
        "alter"
    } else {
        "create"
    };
    let mut sql = format!(
        "{verb} role {role} login noinherit nocreatedb nocreaterole password {};
         grant connect on database {} to {role}",
        verifier(&login),
        quote_ident(&context.job.database)
    );
    for schema in restored.iter().map(|name| quote_ident(name)) {
        sql.push_str(&format!("; grant usage on schema {schema} to {role}"));
    }
    let readable = client
        .query(include_str!("readable.sql"), &[&restored])
        .await
        .or_cause(ErrorKind::ExtractFailed, doing)?;
    for row in &readable {
        let relation = qualified(row.get(0), row.get(1));
        sql.push_str(&format!("; grant select on {relation} to {role}"));
    }
    client
        .batch_execute(&sql)
        .await
        .or_cause(ErrorKind::ExtractFailed, doing)
}

/// Takes back what an earlier run let it read, so that the dump doesn't hold that.
pub(super) async fn take_back(client: &Client, context: &Context) -> Result<(), Cause> {
    let name = name(&context.job);
    if !exists(client, &name).await? {
        return Ok(());
    }
    // DROP OWNED takes the role's rights; it owns nothing and is a member of nobody.
    let me = current_role(client).await?;
    grant(client, &name, &me, "with inherit true, set true").await?;
    client
        .batch_execute(&format!("drop owned by {}", quote_ident(&name)))
        .await
        .or_cause(
            ErrorKind::ExtractFailed,
            || "take back what could be read in the temporary database",
        )
}

async fn exists(client: &Client, name: &str) -> Result<bool, Cause> {
    let comment = role::comment(client, name, ErrorKind::ExtractFailed).await?;
    Ok(comment.is_some())
}
