//! Extensions that live in a restored schema: a dump of schemas leaves them out, and the live database has them under
//! the old name already. So the archive's references to their members are pointed there, by lexer over the entries.

use std::collections::BTreeMap;

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::SchemaName;
use tokio_postgres::Client;

use super::mend::renamed;
use crate::archive::Archive;
use crate::failed::{Failed, OrCause as _};
use crate::names::{qualified, quote_ident};
use crate::text_references::lexer::{Kind, Token, tokens};
use crate::text_references::{Renamed, rewrite_literals};

/// What a name in a restored schema stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Belongs {
    /// To an extension.
    Extension,
    /// To an extension and to the tenant: overloaded functions, for example.
    Both,
}

/// Names of extensions' members by restored schema and name.
type Members = BTreeMap<(String, String), Belongs>;

/// How an object of the temporary database is spelled in production, where the restored schemas have no extension, and literals
/// that name them are mended.
pub(crate) struct Spelling {
    schemas: Vec<SchemaName>,
    renamed: Vec<Renamed>,
    members: Members,
    /// Names of the live schemas, quoted as we and as PostgreSQL would.
    quoted: Vec<(String, String)>,
}

impl Spelling {
    /// The spelling for the extensions that the restored schemas of the temporary database hold.
    pub(crate) async fn read(client: &Client, schemas: &[SchemaName]) -> Result<Self, Cause> {
        let doing = || "look for the live schemas of extensions";
        let mut quoted = Vec::new();
        for name in schemas {
            let row = client
                .query_one("select quote_ident($1)", &[&name.schema])
                .await
                .or_cause(ErrorKind::ExtractFailed, doing)?;
            quoted.push((quote_ident(&name.schema), row.get(0)));
        }
        let members = read_members(client, schemas).await?;
        Ok(Self {
            schemas: schemas.to_vec(),
            renamed: renamed(client, schemas).await?,
            members,
            quoted,
        })
    }

    /// The text as production's PostgreSQL spells it. A name that may be either stays: `extract` refuses those.
    pub(crate) fn in_production(&self, text: String) -> String {
        let mended = rewrite_literals(&text, &self.renamed);
        let text = mended.map_or(text, |new| new.text);
        if self.members.is_empty() {
            return text;
        }
        match point(&text, &self.schemas, &self.members) {
            Ok(pointed) if pointed != text => {
                self.quoted.iter().fold(pointed, |text, (ours, theirs)| {
                    text.replace(&format!("{ours}."), &format!("{theirs}."))
                })
            }
            Ok(_) | Err(_) => text,
        }
    }
}

/// Points the archive to the live database's extensions; refuses what can't be told apart.
pub(super) async fn point_to_live(
    client: &Client,
    schemas: &[SchemaName],
    archive: &mut Archive,
) -> Result<(), Failed> {
    let members = read_members(client, schemas).await?;
    if members.is_empty() {
        return Ok(());
    }
    let mut unclear = Vec::new();
    for entry in &mut archive.entries {
        let object = format!("{} {}", entry.desc, entry.tag);
        for text in [&mut entry.sql, &mut entry.drop_sql, &mut entry.tag] {
            match point(text, schemas, &members) {
                Ok(pointed) => *text = pointed,
                Err(name) => unclear.push(refusal(&object, &name)),
            }
        }
    }
    unclear.dedup();
    Failed::from_causes(unclear)
}

async fn read_members(client: &Client, schemas: &[SchemaName]) -> Result<Members, Cause> {
    let restored: Vec<&str> = schemas
        .iter()
        .map(|name| name.restored_as.as_str())
        .collect();
    let doing = || "look for members of extensions";
    let rows = client
        .query(include_str!("extension_members.sql"), &[&restored])
        .await
        .or_cause(ErrorKind::ExtractFailed, doing)?;
    let mut members = Members::new();
    for row in &rows {
        let belongs = if row.get("also_own") {
            Belongs::Both
        } else {
            Belongs::Extension
        };
        members.insert((row.get("schema"), row.get("name")), belongs);
    }
    Ok(members)
}

fn refusal(object: &str, name: &str) -> Cause {
    let message = format!("{object} uses {name}, which may be an extension's or the tenant's own");
    Cause {
        remedy: "Qualify the name with its schema in the live object, then restore from a point after that.".to_owned(),
        ..Cause::new(ErrorKind::NotSupported, message)
    }
}

/// The text with members of extensions under their schema's old name; an error names what may be either.
fn point(text: &str, schemas: &[SchemaName], members: &Members) -> Result<String, String> {
    let found = tokens(text);
    let mut pointed = String::with_capacity(text.len());
    let mut copied = 0;
    for (index, token) in found.iter().enumerate() {
        let Some((schema, member)) = reference(&found, index, schemas) else {
            continue;
        };
        match members.get(&(schema.restored_as.clone(), member.clone())) {
            None => {}
            Some(Belongs::Both) => return Err(qualified(&schema.restored_as, &member)),
            Some(Belongs::Extension) => {
                pointed.push_str(&text[copied..token.start]);
                pointed.push_str(&quote_ident(&schema.schema));
                copied = token.end;
            }
        }
    }
    pointed.push_str(&text[copied..]);
    Ok(pointed)
}

/// The schema named by this token and the name behind its dot: a name, or an operator's signs.
fn reference<'a>(
    found: &[Token<'_>],
    index: usize,
    schemas: &'a [SchemaName],
) -> Option<(&'a SchemaName, String)> {
    let Kind::Name(name) = &found[index].kind else {
        return None;
    };
    let schema = schemas.iter().find(|schema| schema.restored_as == *name)?;
    if found.get(index + 1)?.kind != Kind::Sign('.') {
        return None;
    }
    if let Kind::Name(member) = &found.get(index + 2)?.kind {
        return Some((schema, member.clone()));
    }
    let signs = found[index + 2..]
        .iter()
        .map_while(|token| match token.kind {
            Kind::Sign(sign) if sign != ')' => Some(sign),
            _ => None,
        });
    Some((schema, signs.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointed(text: &str) -> Result<String, String> {
        let schemas = [SchemaName {
            schema: "acme".to_owned(),
            restored_as: "acme_r".to_owned(),
        }];
        let member = |name: &str, belongs| (("acme_r".to_owned(), name.to_owned()), belongs);
        let members = [
            member("citext", Belongs::Extension),
            member("=", Belongs::Extension),
            member("strpos", Belongs::Both),
        ];
        point(text, &schemas, &members.into_iter().collect())
    }

    #[test]
    fn only_members_of_extensions_are_pointed_to_the_live_schema() {
        let text = "CREATE TABLE acme_r.t (a acme_r.citext DEFAULT 'acme_r.citext'::acme_r.\"citext\", b acme_r.own);";
        let expected = "CREATE TABLE acme_r.t (a \"acme\".citext DEFAULT 'acme_r.citext'::\"acme\".\"citext\", b acme_r.own);";
        assert_eq!(pointed(text).unwrap(), expected);
    }

    #[test]
    fn operators_are_told_by_their_signs() {
        let text = "CHECK ((a OPERATOR(acme_r.=) b) AND (a OPERATOR(acme_r.<>) b))";
        let expected = "CHECK ((a OPERATOR(\"acme\".=) b) AND (a OPERATOR(acme_r.<>) b))";
        assert_eq!(pointed(text).unwrap(), expected);
    }

    #[test]
    fn a_name_that_may_be_either_is_refused() {
        assert_eq!(
            pointed("SELECT acme_r.strpos(a, b)").unwrap_err(),
            "\"acme_r\".\"strpos\""
        );
        assert_eq!(
            pointed("SELECT strpos(a, b)").unwrap(),
            "SELECT strpos(a, b)"
        );
    }
}
