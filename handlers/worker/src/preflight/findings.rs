//! The judgement on production's facts.

use std::collections::BTreeSet;

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::{Acceptance, Finding, Job, Mover, MoverChoice};
use tenant_restore_core::room::size;

use super::facts::{Facts, LivePlace, Locks, Owner, Slot};
use crate::movers::{Choice, Table, choose};
use crate::names::{MAX_NAME_BYTES, qualified};

/// Server versions that a restore handles.
const KNOWN_VERSIONS: std::ops::RangeInclusive<u32> = 13..=18;

/// A batch is of 200 entries; a table comes with its TOAST table, that one's index, and an index of its own.
const LOCKS_OF_A_BATCH: u64 = 800;

/// So many tables are named in a warning.
const TABLES_TOLD: usize = 5;

/// Every finding, worst first.
pub(super) fn judge(job: &Job, facts: &Facts, tables: &[Table], dump_version: u32) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(names(job, facts));
    found.extend(versions(facts, dump_version));
    found.extend(rights(facts));
    found.extend(owners(facts));
    found.extend(live(facts));
    found.extend(harm(&job.accept, facts));
    found.extend(texts(job.mover, facts));
    found.extend(locks(&facts.locks));
    found.extend(movers(job.mover, tables));
    found.sort_by_key(|finding| finding.severity);
    found
}

fn critical(kind: ErrorKind, message: String) -> Finding {
    Finding::critical(Cause::new(kind, message))
}

fn warning(kind: ErrorKind, message: String) -> Finding {
    Finding::warning(Cause::new(kind, message))
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
        let place = match facts.live.place {
            LivePlace::Production => "in production",
            LivePlace::Elsewhere { .. } => "in the source",
            LivePlace::Nowhere => continue,
        };
        if !facts.live.schemas.contains(&name.schema) {
            let message = format!(
                "schema {:?} doesn't exist {place} now; it is looked for in the past",
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
        found.push(other_remedy(
            critical(ErrorKind::NotSupported, message),
            "Upgrade the database, or deploy a version of this tool that knows its version.",
        ));
    }
    if dump_version < major {
        let message =
            format!("the worker's pg_dump {dump_version} can't dump a server of version {major}");
        found.push(other_remedy(
            critical(ErrorKind::NotSupported, message),
            "Deploy a worker image with pg_dump of that version or a newer one.",
        ));
    }
    found
}

fn rights(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    if facts.is_replica {
        let message = "production is a read replica; nothing can be restored into it".to_owned();
        found.push(other_remedy(
            critical(ErrorKind::SourceState, message),
            "Name the primary in `source` or, if it is the target, in `target`, under a new requestId.",
        ));
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

/// Renaming and dumping need the rights of each owner, and so does handing the copy over (PostgreSQL: GRANT of a role
/// needs ADMIN OPTION since 16; before, CREATEROLE is enough for all but superusers).
fn owners(facts: &Facts) -> Vec<Finding> {
    facts
        .owners
        .iter()
        .filter_map(|owner| owner_problem(facts, owner))
        .collect()
}

fn owner_problem(facts: &Facts, owner: &Owner) -> Option<Finding> {
    let name = &owner.name;
    if !owner.is_there {
        let message =
            format!("role {name:?} owns objects of the schemas and doesn't exist in production");
        return Some(critical(ErrorKind::OutsideMissing, message));
    }
    let needs_admin = facts.server_version >= 160_000;
    let why = if facts.is_superuser {
        return None;
    } else if owner.is_superuser {
        "is a superuser, whose rights the master can't get"
    } else if needs_admin && !owner.may_grant {
        "can't be granted by the master, who lacks its ADMIN OPTION"
    } else {
        return None;
    };
    let message = format!("role {name:?} owns objects of the schemas and {why}");
    Some(critical(ErrorKind::OwnerUnreachable, message))
}

/// What comes of it that the live schemas aren't where the restored ones go.
fn live(facts: &Facts) -> Vec<Finding> {
    let lacking = facts.live.lacking.iter();
    let mut found: Vec<_> = lacking
        .map(|what| critical(ErrorKind::OutsideMissing, what.clone()))
        .collect();
    match &facts.live.place {
        LivePlace::Elsewhere { encoding } if *encoding != facts.encoding => {
            let message = format!(
                "the source's database has the encoding {encoding}, the target's {}: a text that this one can't hold \
                 fails the restore",
                facts.encoding
            );
            found.push(other_remedy(
                warning(ErrorKind::EncodingUnknown, message),
                "Name a target whose database has the same encoding, or UTF8.",
            ));
        }
        LivePlace::Nowhere => {
            let message = "the source's database is gone: whether the schemas exist, how large they are and what they \
                           need in production shows when their copy is there, before anything is made in production";
            found.push(other_remedy(
                warning(ErrorKind::SchemaMissing, message.to_owned()),
                "See that production has room for the schemas, and their roles and extensions.",
            ));
        }
        LivePlace::Elsewhere { .. } | LivePlace::Production => {}
    }
    found
}

fn other_remedy(mut finding: Finding, remedy: &str) -> Finding {
    finding.cause.remedy = remedy.to_owned();
    finding
}

/// What forbids the restore, unless it is accepted.
fn harm(accepted: &[Acceptance], facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    let judged = |acceptance, kind, message| {
        if accepted.contains(&acceptance) {
            warning(kind, format!("{message}; accepted by the request"))
        } else {
            critical(kind, message)
        }
    };
    if !facts.event_triggers.is_empty() {
        let names = facts.event_triggers.join(", ");
        let message = format!("enabled event triggers would see or stop our DDL: {names}");
        found.push(judged(
            Acceptance::EventTriggers,
            ErrorKind::EventTriggers,
            message,
        ));
    }
    if !facts.event_triggers_of_others.is_empty() {
        let names = facts.event_triggers_of_others.join("; ");
        let message =
            format!("event triggers would run other roles' code with the master's rights: {names}");
        found.push(other_remedy(
            critical(ErrorKind::EventTriggers, message),
            "Disable the named event triggers for the time of the restore, or give their functions to the master. This can't be \
             accepted.",
        ));
    }
    if !facts.publications_of_all.is_empty() {
        let names = facts.publications_of_all.join(", ");
        let message = format!(
            "publications FOR ALL TABLES would publish the restored tables and stop subscribers that lack them: {names}"
        );
        found.push(judged(
            Acceptance::Publications,
            ErrorKind::PublicationOfAllTables,
            message,
        ));
    }
    found.extend(facts.slots.iter().filter(|slot| slot.is_behind()).map(slot));
    if !facts.live.extensions.is_empty() {
        let names = facts.live.extensions.join(", ");
        let message = format!(
            "extensions live in a schema to be restored; they aren't restored with it: {names}"
        );
        found.push(other_remedy(
            warning(ErrorKind::NotSupported, message),
            "Create them in a schema that isn't restored, or see to it that the restored schemas need none of them.",
        ));
    }
    found
}

/// Whether the storage can bear it is judged by who knows the storage.
fn slot(slot: &Slot) -> Finding {
    let state = if slot.active {
        "is read, but lags"
    } else {
        "is read by nobody"
    };
    let message = format!(
        "replication slot {:?} {state}: it holds back {} of log, and would hold back the log of all restored rows",
        slot.name,
        size(slot.kept)
    );
    warning(ErrorKind::SlotBehind, message)
}

fn texts(mover: MoverChoice, facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    if facts.encoding == "SQL_ASCII" && mover != MoverChoice::Copy {
        let message = "the database's encoding is SQL_ASCII, so DMS can't know what its texts mean";
        found.push(warning(ErrorKind::EncodingUnknown, message.to_owned()));
    }
    if !facts.changed_collations.is_empty() {
        let message = format!(
            "collations sort otherwise than when they were first used, so the copy's indexes may order rows otherwise \
             than the live ones: {}",
            facts.changed_collations.join(", ")
        );
        found.push(warning(ErrorKind::CollationChanged, message));
    }
    found
}

/// The temporary server has the settings of the live schemas' server, and nobody else on it.
fn locks(locks: &Locks) -> Vec<Finding> {
    let Locks {
        room,
        held,
        room_of_copy,
        tables,
        relations,
    } = *locks;
    let mut found = Vec::new();
    let capacity = |room: u64| {
        format!(
            "the lock table has room for {room} locks (max_locks_per_transaction x (max_connections + \
             max_prepared_transactions))"
        )
    };
    let (of_copy, capacity) = (capacity(room_of_copy), capacity(room));
    if tables > room_of_copy {
        let message =
            format!("pg_dump locks all {tables} tables of the schemas at once, and {of_copy}");
        found.push(critical(ErrorKind::LocksShort, message));
    } else if tables > room_of_copy / 5 * 4 {
        let message =
            format!("pg_dump locks all {tables} tables of the schemas at once; {of_copy}");
        found.push(warning(ErrorKind::LocksShort, message));
    }
    let batch = relations.min(LOCKS_OF_A_BATCH);
    if held + batch > room {
        let message = format!(
            "{held} locks are held in production and a batch of DDL takes up to {batch}; {capacity}, and sessions fail \
             when it is full"
        );
        found.push(critical(ErrorKind::LocksShort, message));
    }
    found
}

/// Whoever asks for DMS hears once what it doesn't get; of each table the plan and the report tell.
fn movers(requested: MoverChoice, tables: &[Table]) -> Option<Finding> {
    if requested != MoverChoice::Dms {
        return None;
    }
    let copied: Vec<String> = tables
        .iter()
        .filter(|table| table.extension.is_none())
        .map(|table| (table, choose(requested, table, None)))
        .filter(|(_, choice)| choice.mover == Mover::Copy)
        .map(|(table, Choice { reason, .. })| {
            format!("{} ({reason})", qualified(&table.schema, &table.name))
        })
        .collect();
    let (told, more) = copied.split_at(copied.len().min(TABLES_TOLD));
    let and_more = match more.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = format!("by COPY, not DMS, go {}{and_more}", told.join(", "));
    let finding = at(warning(ErrorKind::MoverUnable, message), "mover".to_owned());
    (!copied.is_empty()).then_some(finding)
}

#[cfg(test)]
mod tests;
