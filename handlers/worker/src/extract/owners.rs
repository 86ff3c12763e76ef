//! The master becomes a member of every owner, on the temporary server only: renaming and dumping need it, and the
//! RDS master is no superuser.

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::Client;

use crate::connection::describe;
use crate::failed::{Failed, OrCause as _};
use crate::names::quote_ident;

/// Grants the owners of the schemas and of everything in them to the master.
pub(super) async fn join(client: &Client, schemas: &[&str]) -> Result<(), Failed> {
    let doing = || "become a member of the owners in the temporary database";
    let rows = client
        .query(include_str!("owners.sql"), &[&schemas])
        .await
        .or_cause(ErrorKind::ExtractFailed, doing)?;
    let owners: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    if owners.is_empty() {
        return Ok(());
    }
    leave_rds_iam(client).await?;
    let version = server_version(client).await?;
    let mut refused = Vec::new();
    for owner in &owners {
        if let Err(error) = client.batch_execute(&grant(owner, version)).await {
            let message = format!(
                "could not become a member of {owner:?}, who owns objects: {}",
                describe(&error)
            );
            refused.push(Cause::new(ErrorKind::ExtractFailed, message));
        }
    }
    Failed::from_causes(refused)
}

/// From PostgreSQL 16 on a creator holds ADMIN without INHERIT and SET.
fn grant(owner: &str, version: i32) -> String {
    let options = if version >= 160_000 {
        " with inherit true, set true"
    } else {
        ""
    };
    format!("grant {} to current_user{options}", quote_ident(owner))
}

/// A member of `rds_iam`, indirectly too, can't log in by password any more (RDS user guide, "IAM database
/// authentication"), so nobody on this server stays in it.
async fn leave_rds_iam(client: &Client) -> Result<(), Cause> {
    let members = "select m.rolname::text from pg_catalog.pg_auth_members a \
                   join pg_catalog.pg_roles m on m.oid = a.member \
                   join pg_catalog.pg_roles g on g.oid = a.roleid \
                   where g.rolname = 'rds_iam'";
    let doing = || "take roles out of rds_iam in the temporary database";
    for row in client
        .query(members, &[])
        .await
        .or_cause(ErrorKind::ExtractFailed, doing)?
    {
        let revoke = format!("revoke rds_iam from {}", quote_ident(row.get(0)));
        client
            .batch_execute(&revoke)
            .await
            .or_cause(ErrorKind::ExtractFailed, doing)?;
    }
    Ok(())
}

async fn server_version(client: &Client) -> Result<i32, Cause> {
    let query = "select current_setting('server_version_num')::int4";
    let row = client.query_one(query, &[]).await.or_cause(
        ErrorKind::ExtractFailed,
        || "ask the temporary server for its version",
    )?;
    Ok(row.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_version_16_on_a_grant_says_what_it_gives() {
        assert_eq!(grant("o\"x", 150_004), "grant \"o\"\"x\" to current_user");
        assert_eq!(
            grant("o", 160_000),
            "grant \"o\" to current_user with inherit true, set true"
        );
    }
}
