//! Privileges in the restored schemas, made equal to those in the temporary database.
//!
//! They come from the catalogs and not from the archive, because the default privileges of whoever creates an object
//! leak into it and no entry of an archive takes them back.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::Job;
use tokio_postgres::{Client, Row};

use crate::extract::extensions::Spelling;
use crate::extract::reader;
use crate::failed::OrCause;
use crate::names::quote_ident;

/// A privilege that somebody has from somebody.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Privilege {
    /// `schema`, `table`, `sequence`, `routine` or `type`.
    pub class: String,
    /// The object, as GRANT names it.
    pub object: String,
    /// The column, quoted, for a privilege on a column.
    pub column: Option<String>,
    /// Who has it; `None` is PUBLIC.
    pub grantee: Option<String>,
    /// For example `SELECT`.
    pub privilege: String,
    /// Who gave it.
    pub grantor: String,
}

/// How it came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The object's schema.
    pub schema: String,
    /// The object's owner.
    pub owner: String,
    /// Whether the grantee may pass it on.
    pub grantable: bool,
}

/// All privileges.
pub type Privileges = BTreeMap<Privilege, Grant>;

/// The privileges in these schemas, those on the schemas themselves included.
pub async fn read(client: &Client, schemas: &[&str]) -> Result<Privileges, Cause> {
    let rows = client
        .query(include_str!("privileges.sql"), &[&schemas])
        .await
        .or_cause(
            ErrorKind::ApplyFailed,
            || "read the privileges in the schemas",
        )?;
    Ok(rows.iter().map(parse).collect())
}

/// The privileges of the restore point, without those of the role that reads the rows there.
pub async fn wanted(temporary: &Client, job: &Job, schemas: &[&str]) -> Result<Privileges, Cause> {
    let mut wanted = read(temporary, schemas).await?;
    let reader = reader::name(job);
    wanted.retain(|privilege, _| privilege.grantee.as_deref() != Some(reader.as_str()));
    Ok(wanted)
}

fn parse(row: &Row) -> (Privilege, Grant) {
    let privilege = Privilege {
        class: row.get("class"),
        object: row.get("object"),
        column: row.get("column"),
        grantee: row.get("grantee"),
        privilege: row.get("privilege"),
        grantor: row.get("grantor"),
    };
    let grant = Grant {
        schema: row.get("schema"),
        owner: row.get("owner"),
        grantable: row.get("grantable"),
    };
    (privilege, grant)
}

/// The same as production spells it.
pub fn spelled(privileges: Privileges, spelling: &Spelling) -> Privileges {
    let respell = |(privilege, grant): (Privilege, Grant)| {
        let object = spelling.in_production(privilege.object);
        (
            Privilege {
                object,
                ..privilege
            },
            grant,
        )
    };
    privileges.into_iter().map(respell).collect()
}

/// The privileges as production can have them, and the names of grantees that are gone.
///
/// Where `acts_as_owner` says so, the owner gives a privilege in place of its grantor: the grantor is gone, or is a
/// member of the owner, for whom PostgreSQL always grants as the owner.
pub fn possible(
    wanted: Privileges,
    present: &HashSet<String>,
    acts_as_owner: impl Fn(&str, &str) -> bool,
) -> (Privileges, BTreeSet<String>) {
    let mut gone = BTreeSet::new();
    let mut possible = Privileges::new();
    for (mut privilege, grant) in wanted {
        if let Some(grantee) = privilege
            .grantee
            .as_ref()
            .filter(|grantee| !present.contains(*grantee))
        {
            gone.insert(grantee.clone());
            continue;
        }
        if !present.contains(&privilege.grantor) || acts_as_owner(&privilege.grantor, &grant.owner)
        {
            privilege.grantor = grant.owner.clone();
        }
        let grantable = grant.grantable;
        possible.entry(privilege).or_insert(grant).grantable |= grantable;
    }
    (possible, gone)
}

/// A change that brings the privileges closer to the wanted ones, to be made by `actor`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The role that makes it.
    pub actor: String,
    /// The object's schema.
    pub schema: String,
    /// GRANT or REVOKE.
    pub sql: String,
}

/// What is still to change; of the grants only those that their grantor can make by now.
pub fn changes(wanted: &Privileges, present: &Privileges) -> Vec<Change> {
    let mut changes = Vec::new();
    for (privilege, grant) in present {
        let keeps = wanted
            .get(privilege)
            .is_some_and(|wanted| wanted.grantable || !grant.grantable);
        if !keeps && (privilege.privilege != "MAINTAIN" || knows_maintain(wanted)) {
            changes.push(change(privilege, grant, privilege.revoke()));
        }
    }
    for (privilege, grant) in wanted {
        let has = present
            .get(privilege)
            .is_some_and(|present| present.grantable == grant.grantable);
        if !has && may_grant(privilege, grant, present) {
            changes.push(change(privilege, grant, privilege.grant(grant.grantable)));
        }
    }
    changes
}

/// MAINTAIN exists since 17: owners have it there without any grant in the older temporary database.
fn knows_maintain(privileges: &Privileges) -> bool {
    privileges
        .keys()
        .any(|privilege| privilege.privilege == "MAINTAIN")
}

fn change(privilege: &Privilege, grant: &Grant, sql: String) -> Change {
    Change {
        actor: privilege.grantor.clone(),
        schema: grant.schema.clone(),
        sql,
    }
}

/// The owner may always grant, others once they have the privilege, on the column or the whole object, to pass on.
fn may_grant(privilege: &Privilege, grant: &Grant, present: &Privileges) -> bool {
    let passes_on = |(held, how): (&Privilege, &Grant)| {
        how.grantable
            && held.grantee.as_ref() == Some(&privilege.grantor)
            && (&held.class, &held.object, &held.privilege)
                == (&privilege.class, &privilege.object, &privilege.privilege)
            && (held.column.is_none() || held.column == privilege.column)
    };
    privilege.grantor == grant.owner || present.iter().any(passes_on)
}

impl Privilege {
    /// In words, for reports.
    pub fn title(&self) -> String {
        format!("{} on {} to {}", self.what(), self.target(), self.to())
    }

    fn what(&self) -> String {
        match &self.column {
            Some(column) => format!("{} ({column})", self.privilege),
            None => self.privilege.clone(),
        }
    }

    fn target(&self) -> String {
        format!("{} {}", self.class, self.object)
    }

    fn to(&self) -> String {
        self.grantee
            .as_deref()
            .map_or_else(|| "public".to_owned(), quote_ident)
    }

    /// The statement that gives it.
    pub fn grant(&self, grantable: bool) -> String {
        let option = if grantable { " with grant option" } else { "" };
        format!(
            "grant {} on {} to {}{option}",
            self.what(),
            self.target(),
            self.to()
        )
    }

    /// The statement that takes it, and what the grantee passed on.
    pub fn revoke(&self) -> String {
        format!(
            "revoke {} on {} from {} cascade",
            self.what(),
            self.target(),
            self.to()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn select_for(grantee: Option<&str>, grantor: &str) -> Privilege {
        Privilege {
            class: "table".to_owned(),
            object: "s.t".to_owned(),
            column: None,
            grantee: grantee.map(str::to_owned),
            privilege: "SELECT".to_owned(),
            grantor: grantor.to_owned(),
        }
    }

    fn given(grantable: bool) -> Grant {
        Grant {
            schema: "s".to_owned(),
            owner: "o".to_owned(),
            grantable,
        }
    }

    fn sql(changes: &[Change]) -> Vec<&str> {
        changes.iter().map(|change| change.sql.as_str()).collect()
    }

    #[test]
    fn what_is_extra_is_revoked_and_what_is_missing_is_granted() {
        let wanted = Privileges::from([(select_for(Some("App"), "o"), given(false))]);
        let present = Privileges::from([(select_for(None, "o"), given(false))]);
        let changes = changes(&wanted, &present);
        assert_eq!(
            sql(&changes),
            [
                "revoke SELECT on table s.t from public cascade",
                "grant SELECT on table s.t to \"App\""
            ]
        );
    }

    #[test]
    fn a_grantor_waits_until_it_has_the_grant_option() {
        let chain = (select_for(Some("b"), "a"), given(false));
        let wanted = Privileges::from([(select_for(Some("a"), "o"), given(true)), chain.clone()]);
        assert_eq!(
            sql(&changes(&wanted, &Privileges::new())),
            ["grant SELECT on table s.t to \"a\" with grant option"]
        );
        let present = Privileges::from([(select_for(Some("a"), "o"), given(true))]);
        let next = changes(&wanted, &present);
        assert_eq!(
            (next[0].actor.as_str(), sql(&next)),
            ("a", vec!["grant SELECT on table s.t to \"b\""])
        );
    }

    #[test]
    fn roles_that_are_gone_are_named_and_their_grants_to_others_become_the_owners() {
        let wanted = Privileges::from([
            (select_for(Some("gone"), "o"), given(true)),
            (select_for(Some("app"), "gone"), given(false)),
        ]);
        let present = HashSet::from(["o".to_owned(), "app".to_owned()]);
        let (left, gone) = possible(wanted, &present, |_, _| false);
        assert_eq!(gone, BTreeSet::from(["gone".to_owned()]));
        assert_eq!(
            left.keys().collect::<Vec<_>>(),
            [&select_for(Some("app"), "o")]
        );
    }

    #[test]
    fn a_member_of_the_owner_grants_as_the_owner() {
        let wanted = Privileges::from([(select_for(Some("app"), "master"), given(false))]);
        let present = HashSet::from(["master".to_owned(), "app".to_owned()]);
        let (left, _) = possible(wanted, &present, |grantor, owner| {
            (grantor, owner) == ("master", "o")
        });
        assert!(left.contains_key(&select_for(Some("app"), "o")));
    }
}
