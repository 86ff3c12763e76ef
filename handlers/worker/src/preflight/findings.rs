//! The judgement on production's facts.

use std::collections::BTreeSet;

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::{Finding, Job, MoverChoice, Severity};

use super::facts::Facts;
use crate::movers::{Table, Unable, choose};
use crate::names::{MAX_NAME_BYTES, qualified};

/// Server versions that a restore handles.
const KNOWN_VERSIONS: std::ops::RangeInclusive<u32> = 13..=18;

/// Every finding, worst first.
pub(super) fn judge(job: &Job, facts: &Facts, tables: &[Table], dump_version: u32) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(names(job, facts));
    found.extend(versions(facts, dump_version));
    found.extend(rights(facts));
    found.extend(harm(facts));
    found.extend(movers(job.mover, tables));
    found.sort_by_key(|finding| finding.severity);
    found
}

fn critical(kind: ErrorKind, message: String) -> Finding {
    Finding {
        severity: Severity::Critical,
        cause: Cause::new(kind, message),
    }
}

fn warning(kind: ErrorKind, message: String) -> Finding {
    Finding {
        severity: Severity::Warning,
        cause: Cause::new(kind, message),
    }
}

fn at(mut finding: Finding, field: String) -> Finding {
    finding.cause = finding.cause.at(field);
    finding
}

fn names(job: &Job, facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut targets = BTreeSet::new();
    for (index, name) in job.schemas.iter().enumerate() {
        let target = &name.restored_as;
        let bytes = target.len();
        let exists = |schema: &String| facts.schemas.contains(schema);
        let problems = [
            (
                is_reserved(&name.schema),
                ErrorKind::InvalidRequest,
                format!("{:?} is PostgreSQL's own", name.schema),
            ),
            (
                is_reserved(target),
                ErrorKind::InvalidRequest,
                format!("the name {target:?} is reserved by PostgreSQL"),
            ),
            (
                bytes > MAX_NAME_BYTES || bytes == 0,
                ErrorKind::InvalidRequest,
                format!(
                    "the name {target:?} has {bytes} bytes; PostgreSQL keeps 1 to {MAX_NAME_BYTES}"
                ),
            ),
            (
                !targets.insert(target),
                ErrorKind::InvalidRequest,
                format!("two schemas would be named {target:?}"),
            ),
            (
                exists(target),
                ErrorKind::TargetNameTaken,
                format!("schema {target:?} exists in production"),
            ),
        ];
        let bad = problems.into_iter().filter(|(holds, ..)| *holds);
        found.extend(
            bad.map(|(_, kind, message)| at(critical(kind, message), format!("schemas[{index}]"))),
        );
        if !exists(&name.schema) {
            let message = format!(
                "schema {:?} doesn't exist in production now; it is looked for in the past",
                name.schema
            );
            found.push(at(
                warning(ErrorKind::SchemaMissing, message),
                format!("schemas[{index}]"),
            ));
        }
    }
    found
}

/// `IsReservedName` in PostgreSQL's `catalog.c`, and the standard's own schema.
fn is_reserved(name: &str) -> bool {
    name.starts_with("pg_") || name == "information_schema"
}

fn versions(facts: &Facts, dump_version: u32) -> Vec<Finding> {
    let major = facts.server_version / 10_000;
    let mut found = Vec::new();
    if !KNOWN_VERSIONS.contains(&major) {
        let (oldest, newest) = (KNOWN_VERSIONS.start(), KNOWN_VERSIONS.end());
        let message =
            format!("the server's version is {major}; versions {oldest} to {newest} are supported");
        found.push(critical(ErrorKind::NotSupported, message));
    }
    if dump_version < major {
        let message =
            format!("the worker's pg_dump {dump_version} can't dump a server of version {major}");
        found.push(critical(ErrorKind::NotSupported, message));
    }
    found
}

fn rights(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    if facts.is_replica {
        let message = "production is a read replica; nothing can be restored into it".to_owned();
        found.push(critical(ErrorKind::SourceState, message));
    }
    if !facts.can_create_roles {
        let message =
            "the master can't create roles (CREATEROLE), so no login role for the restore"
                .to_owned();
        found.push(critical(ErrorKind::PreflightCritical, message));
    }
    if !facts.can_create_schemas {
        let message =
            "the master lacks CREATE on the database, so no schema can be created".to_owned();
        found.push(critical(ErrorKind::PreflightCritical, message));
    }
    found
}

fn harm(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    if !facts.event_triggers.is_empty() {
        let message = format!(
            "enabled event triggers would see or stop our DDL: {}",
            facts.event_triggers.join(", ")
        );
        found.push(critical(ErrorKind::PreflightCritical, message));
    }
    if !facts.publications_of_all.is_empty() {
        let names = facts.publications_of_all.join(", ");
        let message =
            format!("publications FOR ALL TABLES would publish the restored tables: {names}");
        found.push(critical(ErrorKind::PreflightCritical, message));
    }
    if !facts.idle_slots.is_empty() {
        let names = facts.idle_slots.join(", ");
        let message = format!(
            "nobody reads these replication slots; they keep the log of all restored rows: {names}"
        );
        found.push(warning(ErrorKind::SourceState, message));
    }
    if !facts.extensions.is_empty() {
        let names = facts.extensions.join(", ");
        let message = format!(
            "extensions live in a schema to be restored; they aren't restored with it: {names}"
        );
        found.push(warning(ErrorKind::NotSupported, message));
    }
    found
}

/// Of the live tables: those of the restore point may differ, so it is only a warning.
fn movers(requested: MoverChoice, tables: &[Table]) -> Vec<Finding> {
    let unable = tables
        .iter()
        .filter(|table| table.extension.is_none())
        .filter_map(|table| {
            let Unable(reason) = choose(requested, table, None).err()?;
            let message = format!(
                "DMS can't carry {}: {reason}",
                qualified(&table.schema, &table.name)
            );
            Some(at(
                warning(ErrorKind::MoverUnable, message),
                "mover".to_owned(),
            ))
        });
    unable.collect()
}

#[cfg(test)]
mod tests;
