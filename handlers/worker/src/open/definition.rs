//! Whether two servers' definitions of an object mean the same, although they may not be the same text.

use std::collections::HashSet;

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::Client;

use crate::failed::OrCause as _;
use crate::production::major_version;
use crate::text_references::lexer::{Kind, tokens};
use crate::validate::inventory::ObjectName;

/// The two servers that wrote the definitions.
pub struct Servers {
    /// The temporary database's major version.
    pub temporary: u32,
    /// Production's.
    pub production: u32,
    /// The names of production's schemas.
    schemas: HashSet<String>,
}

impl Servers {
    /// These two.
    pub async fn of(temporary: &Client, production: &Client) -> Result<Self, Cause> {
        let rows = production
            .query("select nspname::text from pg_namespace", &[])
            .await
            .or_cause(ErrorKind::ApplyFailed, || "list the schemas of production")?;
        Ok(Self {
            temporary: major_version(temporary).await?,
            production: major_version(production).await?,
            schemas: rows.iter().map(|row| row.get(0)).collect(),
        })
    }

    /// Two of the same version.
    #[cfg(test)]
    pub fn alike() -> Self {
        Self {
            temporary: 15,
            production: 15,
            schemas: HashSet::new(),
        }
    }

    /// Whether both versions write every definition alike.
    pub fn write_alike(&self) -> bool {
        self.temporary == self.production
    }

    /// Whether production's definition is the expected one.
    pub fn same(&self, kind: &str, expected: &str, present: &str) -> bool {
        let (expected, present) = (bare(kind, expected), bare(kind, present));
        expected == present || !self.write_alike() && self.reads_alike(expected, present)
    }

    /// Token by token. Older versions put the table's name before a column where 16 and later don't, since a view has no entries
    /// for `new` and `old` any more; 13 doesn't write a procedure's IN.
    fn reads_alike(&self, expected: &str, present: &str) -> bool {
        let (expected, present) = (kinds(expected), kinds(present));
        let (mut wanted, mut found) = (expected.as_slice(), present.as_slice());
        loop {
            match (wanted, found) {
                ([], []) => return true,
                ([one, wanted_rest @ ..], [other, found_rest @ ..])
                    if one == other && self.qualifies(wanted) == self.qualifies(found) =>
                {
                    (wanted, found) = (wanted_rest, found_rest);
                }
                _ if self.qualifies(wanted) => wanted = &wanted[2..],
                (_, [Kind::Name(word), found_rest @ ..]) if word == "in" => found = found_rest,
                _ => return false,
            }
        }
    }

    /// Whether a table's name and a dot come first. All sessions have an empty search path, so schemas are never left out.
    fn qualifies(&self, tokens: &[Kind<'_>]) -> bool {
        matches!(tokens, [Kind::Name(name), Kind::Sign('.'), ..] if !self.schemas.contains(name))
    }
}

fn kinds(text: &str) -> Vec<Kind<'_>> {
    tokens(text).into_iter().map(|token| token.kind).collect()
}

/// Without what says nothing about the code that runs. A key or a check may have stayed NOT VALID, which the restore told
/// already, and what was inherited is then the table's own.
fn bare<'a>(kind: &str, definition: &'a str) -> &'a str {
    let may_differ = definition.starts_with("FOREIGN KEY ") || definition.starts_with("CHECK ");
    if kind != "constraint" || !may_differ {
        return definition;
    }
    let valid = |text: &'a str| text.strip_suffix(" NOT VALID").unwrap_or(text);
    valid(definition.strip_suffix(" inherited").unwrap_or(definition))
}

/// Whether an object runs no code and comes by itself in some versions: NOT NULL is a constraint since 18, and a range type
/// has a multirange type since 14.
pub fn is_a_versions_own(object: &ObjectName, definition: &str) -> bool {
    match object.kind.as_str() {
        "constraint" => definition.starts_with("NOT NULL"),
        "type" => definition == "m",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(temporary: u32, production: u32) -> Servers {
        Servers {
            temporary,
            production,
            schemas: ["acme", "acme_r", "public"].map(str::to_owned).into(),
        }
    }

    const CHECK: &str = "CHECK ((n > 0))";

    #[test]
    fn a_key_that_stayed_not_valid_or_is_not_inherited_any_more_is_the_same() {
        let same = |kind: &str, expected: &str, present: &str| {
            between(15, 15).same(kind, expected, present)
        };
        let key = "FOREIGN KEY (a) REFERENCES public.p(x)";
        assert!(same(
            "constraint",
            &format!("{key} inherited"),
            &format!("{key} NOT VALID")
        ));
        assert!(same(
            "constraint",
            &format!("{CHECK} inherited"),
            &format!("{CHECK} NOT VALID inherited")
        ));
        assert!(!same("constraint", CHECK, "CHECK ((n > 1))"));
        assert!(!same("view", "SELECT 1", "SELECT 1 NOT VALID"));
    }

    #[test]
    fn a_view_without_its_tables_name_before_the_columns_is_the_same_across_versions_only() {
        let (old, new) = (
            " SELECT t.id,\n    t.t\n   FROM acme_r.t\n  WHERE (t.id > 0);",
            " SELECT id,\n    t\n   FROM acme_r.t\n  WHERE (id > 0);",
        );
        assert!(between(15, 16).same("view", old, new));
        assert!(!between(15, 15).same("view", old, new));
        let elsewhere = new.replace("acme_r.t", "acme.t");
        assert!(!between(15, 16).same("view", old, &elsewhere));
        let function = "CREATE PROCEDURE acme_r.p(a integer) AS $$x$$";
        let of_14 = "CREATE PROCEDURE acme_r.p(IN a integer) AS $$x$$";
        assert!(between(13, 14).same("procedure", function, of_14));
        assert!(!between(13, 14).same("procedure", function, &of_14.replace('x', "y")));
    }

    #[test]
    fn another_table_before_a_column_is_never_the_same() {
        let (old, new) = (
            "SELECT a.x FROM acme_r.a, acme_r.b",
            "SELECT b.x FROM acme_r.a, acme_r.b",
        );
        assert!(!between(15, 16).same("view", old, new));
        let unknown = "SELECT acme_r.f(a.x) FROM acme_r.a";
        assert!(!between(15, 16).same("view", unknown, "SELECT f(x) FROM acme_r.a"));
    }

    #[test]
    fn what_a_newer_version_makes_by_itself_runs_nothing() {
        let object = |kind: &str| ObjectName {
            kind: kind.to_owned(),
            name: "s.x".to_owned(),
        };
        assert!(is_a_versions_own(&object("constraint"), "NOT NULL n"));
        assert!(is_a_versions_own(&object("type"), "m"));
        assert!(!is_a_versions_own(&object("constraint"), CHECK));
        assert!(!is_a_versions_own(&object("type"), "e 'm'"));
    }
}
