//! Privileges in the restored schemas, made equal to those in the temporary database.
//!
//! They come from the catalogs and not from the archive, because the default privileges of whoever creates an object
//! leak into it and no entry of an archive takes them back.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::{Client, Row};

use crate::failed::OrCause;
use crate::names::quote_ident;

/// A privilege that somebody has. Who gave it doesn't make it another one.
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
}

/// How it came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The object's schema.
    pub schema: String,
    /// The object's owner.
    pub owner: String,
    /// Who gave it.
    pub grantor: String,
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
    let mut privileges = Privileges::new();
    for row in &rows {
        let (privilege, grant) = parse(row);
        // Of several grantors the owner counts, who may always grant.
        if grant.grantor == grant.owner || !privileges.contains_key(&privilege) {
            privileges.insert(privilege, grant);
        }
    }
    Ok(privileges)
}

fn parse(row: &Row) -> (Privilege, Grant) {
    let privilege = Privilege {
        class: row.get("class"),
        object: row.get("object"),
        column: row.get("column"),
        grantee: row.get("grantee"),
        privilege: row.get("privilege"),
    };
    let grant = Grant {
        schema: row.get("schema"),
        owner: row.get("owner"),
        grantor: row.get("grantor"),
        grantable: row.get("grantable"),
    };
    (privilege, grant)
}

/// The privileges without those of roles that are gone, and the names of these roles. A grantor that is gone is
/// replaced by the owner.
pub fn of_present_roles(
    mut privileges: Privileges,
    present: &HashSet<String>,
) -> (Privileges, BTreeSet<String>) {
    let mut gone = BTreeSet::new();
    privileges.retain(|privilege, _| match &privilege.grantee {
        Some(grantee) if !present.contains(grantee) => {
            gone.insert(grantee.clone());
            false
        }
        _ => true,
    });
    for grant in privileges
        .values_mut()
        .filter(|grant| !present.contains(&grant.grantor))
    {
        grant.grantor = grant.owner.clone();
    }
    (privileges, gone)
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
            changes.push(change(grant, privilege.revoke()));
        }
    }
    for (privilege, grant) in wanted {
        let has = present
            .get(privilege)
            .is_some_and(|present| present.grantable == grant.grantable);
        if !has && may_grant(privilege, grant, present) {
            changes.push(change(grant, privilege.grant(grant.grantable)));
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

fn change(grant: &Grant, sql: String) -> Change {
    Change {
        actor: grant.grantor.clone(),
        schema: grant.schema.clone(),
        sql,
    }
}

fn may_grant(privilege: &Privilege, grant: &Grant, present: &Privileges) -> bool {
    let own = |column: Option<String>| Privilege {
        grantee: Some(grant.grantor.clone()),
        column,
        ..privilege.clone()
    };
    let holds = |wanted: &Privilege| present.get(wanted).is_some_and(|held| held.grantable);
    grant.grantor == grant.owner || holds(&own(privilege.column.clone())) || holds(&own(None))
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

    fn select_for(grantee: Option<&str>) -> Privilege {
        Privilege {
            class: "table".to_owned(),
            object: "s.t".to_owned(),
            column: None,
            grantee: grantee.map(str::to_owned),
            privilege: "SELECT".to_owned(),
        }
    }

    fn by(grantor: &str, grantable: bool) -> Grant {
        Grant {
            schema: "s".to_owned(),
            owner: "o".to_owned(),
            grantor: grantor.to_owned(),
            grantable,
        }
    }

    fn sql(changes: &[Change]) -> Vec<&str> {
        changes.iter().map(|change| change.sql.as_str()).collect()
    }

    #[test]
    fn what_is_extra_is_revoked_and_what_is_missing_is_granted() {
        let wanted = Privileges::from([(select_for(Some("App")), by("o", false))]);
        let present = Privileges::from([(select_for(None), by("o", false))]);
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
        let chain = (select_for(Some("b")), by("a", false));
        let wanted = Privileges::from([(select_for(Some("a")), by("o", true)), chain.clone()]);
        assert_eq!(
            sql(&changes(&wanted, &Privileges::new())),
            ["grant SELECT on table s.t to \"a\" with grant option"]
        );
        let present = Privileges::from([(select_for(Some("a")), by("o", true))]);
        let next = changes(&wanted, &present);
        assert_eq!(
            (next[0].actor.as_str(), sql(&next)),
            ("a", vec!["grant SELECT on table s.t to \"b\""])
        );
    }

    #[test]
    fn roles_that_are_gone_are_named_and_their_grants_to_others_become_the_owners() {
        let wanted = Privileges::from([
            (select_for(Some("gone")), by("o", true)),
            (select_for(Some("app")), by("gone", false)),
        ]);
        let present = HashSet::from(["o".to_owned(), "app".to_owned()]);
        let (left, gone) = of_present_roles(wanted, &present);
        assert_eq!(gone, BTreeSet::from(["gone".to_owned()]));
        assert_eq!(left.get(&select_for(Some("app"))).unwrap().grantor, "o");
        assert_eq!(left.len(), 1);
    }
}
