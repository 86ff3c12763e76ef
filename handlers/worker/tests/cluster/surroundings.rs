//! A mode's surroundings without AWS: documents and secrets in memory.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::future::BoxFuture;
use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::{
    ExternalForeignKeys, Job, Live, Loader, Mode, MoverChoice, OnMismatch, SchemaName, Server,
    ValidateChoice,
};
use tenant_restore_worker::bounds::Bounds;
use tenant_restore_worker::connection::Connector;
use tenant_restore_worker::context::Context;
use tenant_restore_worker::secrets::{Login, Secrets};
use tenant_restore_worker::storage::Storage;

use super::{Cluster, MASTER};

/// The password of a restore's login role.
pub const LOADER_PASSWORD: &str = "Loader-pa55";

/// Documents in memory.
#[derive(Default)]
pub struct Memory {
    documents: Mutex<HashMap<String, Bytes>>,
}

impl Memory {
    /// The document; panics when there is none.
    pub fn bytes(&self, key: &str) -> Bytes {
        let documents = self.documents.lock().unwrap();
        documents
            .get(key)
            .unwrap_or_else(|| panic!("no document {key}"))
            .clone()
    }

    /// The document as text; panics when there is none.
    pub fn text(&self, key: &str) -> String {
        String::from_utf8(self.bytes(key).to_vec()).unwrap()
    }

    /// The keys of all documents, sorted.
    pub fn keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = self.documents.lock().unwrap().keys().cloned().collect();
        keys.sort();
        keys
    }
}

impl Storage for Memory {
    fn find<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Bytes>, Cause>> {
        Box::pin(async move { Ok(self.documents.lock().unwrap().get(key).cloned()) })
    }

    fn put<'a>(&'a self, key: &'a str, content: Bytes) -> BoxFuture<'a, Result<(), Cause>> {
        Box::pin(async move {
            self.documents
                .lock()
                .unwrap()
                .insert(key.to_owned(), content);
            Ok(())
        })
    }
}

/// Secrets in memory.
#[derive(Default)]
pub struct Known {
    logins: Mutex<HashMap<String, Login>>,
    /// Those that were read before a rotation.
    stale: Mutex<HashMap<String, Login>>,
}

impl Known {
    /// The same with one more secret.
    #[must_use]
    pub fn with(self, secret: &str, login: Login) -> Self {
        self.logins.lock().unwrap().insert(secret.to_owned(), login);
        self
    }

    /// The same with a login that was read before the secret changed.
    #[must_use]
    pub fn with_stale(self, secret: &str, login: Login) -> Self {
        self.stale.lock().unwrap().insert(secret.to_owned(), login);
        self
    }

    /// The same with one more version of a secret.
    #[must_use]
    pub fn with_version(self, secret: &str, version: &str, login: Login) -> Self {
        self.with(&format!("{secret}:{version}"), login)
    }

    fn find(&self, key: &str) -> Result<Login, Cause> {
        let missing = || Cause::new(ErrorKind::CallRefused, format!("no secret {key}"));
        self.logins
            .lock()
            .unwrap()
            .get(key)
            .cloned()
            .ok_or_else(missing)
    }
}

impl Secrets for Known {
    fn login<'a>(&'a self, secret: &'a str) -> BoxFuture<'a, Result<Login, Cause>> {
        Box::pin(async move {
            let stale = self.stale.lock().unwrap().get(secret).cloned();
            stale.map_or_else(|| self.find(secret), Ok)
        })
    }

    fn renewed<'a>(&'a self, secret: &'a str) -> BoxFuture<'a, Result<Login, Cause>> {
        Box::pin(async move { self.find(secret) })
    }

    fn version<'a>(
        &'a self,
        secret: &'a str,
        version: &'a str,
    ) -> BoxFuture<'a, Result<Login, Cause>> {
        Box::pin(async move { self.find(&format!("{secret}:{version}")) })
    }

    fn keep<'a>(
        &'a self,
        server: &'a Server,
        login: &'a Login,
    ) -> BoxFuture<'a, Result<(), Cause>> {
        Box::pin(async move {
            let mut logins = self.logins.lock().unwrap();
            logins.insert(server.secret.clone(), login.clone());
            Ok(())
        })
    }
}

/// A job for these servers; schemas as (name, restored name).
pub fn job(
    database: &str,
    schemas: &[(&str, &str)],
    production: &Cluster,
    temporary: Option<&Cluster>,
) -> Job {
    let name = |(schema, restored_as): &(&str, &str)| SchemaName {
        schema: (*schema).to_owned(),
        restored_as: (*restored_as).to_owned(),
    };
    Job {
        version: 1,
        restore_id: "abcdefghij23".to_owned(),
        attempt: 1,
        modes: vec![Mode::Preflight],
        database: database.to_owned(),
        schemas: schemas.iter().map(name).collect(),
        production: production.server(),
        live: Live::Production,
        temporary: temporary.map(Cluster::server),
        probe: None,
        loader: Loader {
            role: "tr-main-abcdefghij23".to_owned(),
            secret: Some("loader".to_owned()),
        },
        mover: MoverChoice::Auto,
        validate: ValidateChoice::Full,
        on_mismatch: OnMismatch::Keep,
        external_foreign_keys: ExternalForeignKeys::Validate,
        accept: Vec::new(),
        work_prefix: "work/abcdefghij23/1/".to_owned(),
        audit_prefix: "audit/abcdefghij23/".to_owned(),
        result_key: "work/abcdefghij23/1/result.json".to_owned(),
    }
}

/// A context for the job that trusts these servers.
pub fn context(job: Job, storage: &Arc<Memory>, trusted: &[&Cluster]) -> Context {
    let bundle: String = trusted
        .iter()
        .map(|cluster| std::fs::read_to_string(cluster.ca_bundle()).unwrap())
        .collect();
    let path = trusted[0].ca_bundle().with_file_name("trusted.pem");
    std::fs::write(&path, bundle).unwrap();
    let secrets = Known::default().with(MASTER, trusted[0].master()).with(
        "loader",
        Login::new(job.loader.role.clone(), LOADER_PASSWORD),
    );
    context_with(job, storage, &path, secrets)
}

/// A context for the job that trusts this bundle and knows these secrets.
pub fn context_with(job: Job, storage: &Arc<Memory>, bundle: &Path, secrets: Known) -> Context {
    Context {
        connector: Connector::new(bundle, &job.restore_id).unwrap(),
        job,
        storage: Arc::clone(storage) as Arc<dyn Storage>,
        secrets: Arc::new(secrets),
        bounds: Bounds::default(),
        postgres_bin: Some(pg_dump_programs()),
        remarks: Vec::new(),
    }
}

/// Where pg_dump is: beside the servers, or of the version that the worker's image has (`PG_DUMP_BIN`).
fn pg_dump_programs() -> PathBuf {
    std::env::var_os("PG_DUMP_BIN").map_or_else(Cluster::programs, PathBuf::from)
}
