//! A job for unit tests.

use tenant_restore_core::job::{
    ExternalForeignKeys, Job, Live, Loader, MoverChoice, OnMismatch, Server, ValidateChoice,
};

/// A job of which only the restore's id matters.
pub fn job() -> Job {
    Job {
        version: 1,
        restore_id: "abcdefghij23".to_owned(),
        attempt: 1,
        modes: Vec::new(),
        database: "app".to_owned(),
        schemas: Vec::new(),
        production: Server {
            host: "localhost".to_owned(),
            port: 5432,
            secret: "master".to_owned(),
        },
        live: Live::Production,
        temporary: None,
        probe: None,
        loader: Loader {
            role: "tr-main-abcdefghij23".to_owned(),
            secret: None,
        },
        mover: MoverChoice::Auto,
        validate: ValidateChoice::Full,
        on_mismatch: OnMismatch::Keep,
        external_foreign_keys: ExternalForeignKeys::Validate,
        accept: Vec::new(),
        work_prefix: "work/abcdefghij23/".to_owned(),
        audit_prefix: "audit/abcdefghij23/".to_owned(),
        result_key: "work/abcdefghij23/result.json".to_owned(),
    }
}
