//! What this restore made: a schema's marker says that the schema is ours, not what somebody has put into it since.

use std::collections::{BTreeMap, BTreeSet};

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::GenericClient;

use crate::archive::{ARCHIVE_FILE, Archive};
use crate::context::Context;
use crate::failed::{Failed, OrCause as _};
use crate::names::quote_ident;
use crate::production::handed_over::HandedOver;
use crate::production::outside;
use crate::storage;

/// As many objects of others are named.
const MOST_NAMED: usize = 20;

/// The schemas that may be dropped, and what proves that an object in them is this restore's.
pub struct Ours {
    /// The schemas with this restore's marker.
    pub schemas: Vec<String>,
    role: String,
    handed_over: HandedOver,
    casts: Vec<String>,
}

impl Ours {
    /// These schemas, with what the job's documents tell.
    pub async fn of(context: &Context, schemas: Vec<String>) -> Result<Self, Cause> {
        Ok(Self {
            schemas,
            role: context.job.loader.role.clone(),
            handed_over: HandedOver::read(context).await?,
            casts: casts(context).await?,
        })
    }

    /// Whether everything in the schemas still has the login role as its owner.
    pub fn is_whole(&self) -> bool {
        self.handed_over.is_empty()
    }

    /// Fails and names them when objects of others are in the schemas or depend on them: CASCADE would take them along.
    ///
    /// Both are one refusal: a schema without what a sibling needs of it, or without what needs a sibling, isn't whole.
    pub async fn check(&self, client: &impl GenericClient) -> Result<(), Failed> {
        let strangers = self.strangers(client).await.or_cause(
            ErrorKind::DropFailed,
            || "look for objects of others in the restored schemas",
        )?;
        let causes = strangers
            .iter()
            .map(|(schema, objects)| self.refusal(schema, objects));
        Failed::from_causes(causes.collect())
    }

    async fn strangers(
        &self,
        client: &impl GenericClient,
    ) -> Result<BTreeMap<String, BTreeSet<String>>, tokio_postgres::Error> {
        let (catalogs, oids) = self.handed_over.columns();
        let inside = client
            .query(
                include_str!("strangers.sql"),
                &[&self.schemas, &self.role, &catalogs, &oids],
            )
            .await?;
        let names: Vec<&str> = self.schemas.iter().map(String::as_str).collect();
        let casts: Vec<&str> = self.casts.iter().map(String::as_str).collect();
        let dependents = outside::dependents(client, &names, &names, &casts).await?;
        let mut strangers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let inside = inside
            .iter()
            .map(|row| (row.get("schema"), row.get("object")));
        let outside = dependents.into_iter().map(|it| (it.schema, it.object));
        for (schema, object) in inside.chain(outside) {
            strangers.entry(schema).or_default().insert(object);
        }
        Ok(strangers)
    }

    fn refusal(&self, schema: &str, objects: &BTreeSet<String>) -> Cause {
        let named: Vec<&str> = objects
            .iter()
            .take(MOST_NAMED)
            .map(String::as_str)
            .collect();
        let message = format!(
            "schema {} isn't dropped: {} objects that this restore didn't make are in it or depend on it: {}{}",
            quote_ident(schema),
            objects.len(),
            named.join(", "),
            if objects.len() > MOST_NAMED {
                " …"
            } else {
                ""
            }
        );
        let mut cause = Cause::new(ErrorKind::DropFailed, message);
        let schemas: Vec<String> = self.schemas.iter().map(|name| quote_ident(name)).collect();
        cause.remedy = format!(
            "Move the named objects elsewhere or drop them; then drop by hand the schemas {} and the role {}.",
            schemas.join(", "),
            quote_ident(&self.role)
        );
        cause
    }
}

/// The casts in the archive, by pg_dump's names. Casts have no owner that would tell whose they are.
async fn casts(context: &Context) -> Result<Vec<String>, Cause> {
    let key = context.work_key(ARCHIVE_FILE);
    if context.storage.find(&key).await?.is_none() {
        return Ok(Vec::new());
    }
    let archive: Archive = storage::read_json(&*context.storage, &key).await?;
    let casts = archive
        .entries
        .into_iter()
        .filter(|entry| entry.desc == "CAST");
    Ok(casts.map(|entry| entry.tag).collect())
}
