//! Each table: how much, how it was moved, how long that took, and whether it is the same.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use tenant_restore_core::job::{
    CopiedTable, JobResult, Mover, TablePlan, ValidateChoice, ValidatedTable,
};
use tenant_restore_core::room::size;

use super::timeline::{Bar, Scale};
use crate::report::ReplicatedTable;
use crate::words::{Shown, clock, count, duration, seconds, several};

/// Rows of a schema that are shown before the others are folded away.
const SHOWN: usize = 25;
/// Tables of all schemas that are shown without a click.
const SHOWN_OF_ALL: usize = 40;

/// All tables.
pub struct Tables {
    pub schemas: Vec<SchemaTables>,
    /// All together, in words.
    pub total: String,
    /// What was compared, in words.
    pub compared: String,
    /// When rows were on their way, from the first table to the last; none if that isn't known of any.
    pub moved: Option<String>,
}

/// The tables of one restored schema: those that differ first, then the largest.
pub struct SchemaTables {
    pub schema: Shown,
    pub total: String,
    pub differ: usize,
    pub open: bool,
    pub first: Vec<TableRow>,
    pub more: Vec<TableRow>,
}

/// One table.
#[derive(Default)]
pub struct TableRow {
    pub table: Shown,
    pub rows: Option<String>,
    pub bytes: Option<String>,
    pub mover: Option<&'static str>,
    pub reason: Shown,
    pub streamed: Option<String>,
    pub took: Option<String>,
    pub bar: Option<Bar>,
    pub verdict: String,
    pub class: &'static str,
}

/// What the jobs say of one table.
#[derive(Default)]
struct Known<'a> {
    plan: Option<&'a TablePlan>,
    copied: Option<&'a CopiedTable>,
    replicated: Option<&'a ReplicatedTable>,
    validated: Option<&'a ValidatedTable>,
}

impl Known<'_> {
    fn rows(&self) -> Option<u64> {
        let validated = self.validated.map(|table| table.restored_rows);
        let copied = self.copied.map(|table| table.rows);
        validated
            .or(copied)
            .or(self.replicated.map(|table| table.rows))
    }

    fn bytes(&self) -> Option<u64> {
        self.plan.map(|plan| plan.bytes)
    }

    fn differs(&self) -> bool {
        self.validated.is_some_and(|table| {
            table.expected_rows != table.restored_rows || table.same_content == Some(false)
        })
    }

    /// When its rows were on their way.
    fn span(&self) -> Option<(Timestamp, Timestamp)> {
        if let Some(replicated) = self.replicated {
            return replicated.began.zip(replicated.ended);
        }
        let copied = self.copied?;
        let (began, millis) = (copied.began?, copied.millis?);
        let millis = SignedDuration::from_millis(i64::try_from(millis).ok()?);
        Some((began, began.saturating_add(millis).ok()?))
    }

    fn verdict(&self) -> (String, &'static str) {
        let Some(table) = self.validated else {
            return ("not compared".to_owned(), "odd");
        };
        if table.expected_rows != table.restored_rows {
            let expected = count(table.expected_rows);
            return (format!("differs: {expected} rows expected"), "bad");
        }
        match (table.same_content, sample(table)) {
            (Some(true), Some(sample)) => (format!("same content in a sample: {sample}"), "good"),
            (Some(false), Some(sample)) => (
                format!("differs: other content in a sample of {sample}"),
                "bad",
            ),
            (Some(true), None) => ("same content".to_owned(), "good"),
            (Some(false), None) => ("differs: other content".to_owned(), "bad"),
            (None, _) => ("same row count".to_owned(), "good"),
        }
    }

    fn row(&self, table: &str, scale: Option<Scale>) -> TableRow {
        let (verdict, class) = self.verdict();
        let span = self.span();
        let mover = self.plan.map(|plan| match plan.mover {
            Mover::Dms => "DMS",
            Mover::Copy => "COPY",
        });
        TableRow {
            table: Shown::of(table),
            rows: self.rows().map(count),
            bytes: self.bytes().map(size),
            mover: mover.or(self.copied.map(|_| "COPY")),
            reason: Shown(
                self.plan
                    .map(|plan| plan.reason.clone())
                    .unwrap_or_default(),
            ),
            streamed: self.copied.map(|copied| size(copied.bytes)),
            took: span.map(|(from, to)| duration(seconds(from, to))),
            bar: span
                .zip(scale)
                .map(|((from, to), scale)| scale.bar(from, to)),
            verdict,
            class,
        }
    }
}

/// What part of the table's content was compared; none of one compared whole.
fn sample(table: &ValidatedTable) -> Option<String> {
    let share = table.one_row_in?;
    // Reports of an earlier version don't say how many.
    let rows = table
        .sampled_rows
        .map(|rows| format!(", {} rows", count(rows)));
    Some(format!("1 row in {share}{}", rows.unwrap_or_default()))
}

impl Tables {
    /// Of all jobs; what a later one says of a table replaces what an earlier one said.
    pub fn of(jobs: &[JobResult], replicated: &[ReplicatedTable]) -> Self {
        let known = known(jobs, replicated);
        let spans: Vec<_> = known
            .values()
            .flat_map(BTreeMap::values)
            .filter_map(Known::span)
            .collect();
        let scale = Scale::over(spans.iter().flat_map(|(from, to)| [*from, *to]));
        let number: usize = known.values().map(BTreeMap::len).sum();
        let total = total(known.values().flat_map(BTreeMap::values));
        let moved = spans
            .iter()
            .map(|(from, _)| *from)
            .min()
            .zip(spans.iter().map(|(_, to)| *to).max());
        let schemas = known.into_iter();
        let schemas = schemas.map(|(schema, tables)| schema_tables(schema, tables, scale, number));
        Self {
            schemas: schemas.collect(),
            total,
            compared: compared(jobs),
            moved: moved.map(|(from, to)| format!("{}–{} UTC", clock(from), clock(to))),
        }
    }
}

type BySchema<'a> = BTreeMap<&'a str, BTreeMap<&'a str, Known<'a>>>;

fn known<'a>(jobs: &'a [JobResult], replicated: &'a [ReplicatedTable]) -> BySchema<'a> {
    let mut known = BySchema::new();
    for job in jobs {
        for plan in job.extract.iter().flat_map(|extract| &extract.tables) {
            of(&mut known, &plan.schema, &plan.table).plan = Some(plan);
        }
        for copied in job.copy.iter().flat_map(|copy| &copy.tables) {
            of(&mut known, &copied.schema, &copied.table).copied = Some(copied);
        }
        for validated in job.validate.iter().flat_map(|report| &report.tables) {
            of(&mut known, &validated.schema, &validated.table).validated = Some(validated);
        }
    }
    for table in replicated {
        of(&mut known, &table.schema, &table.table).replicated = Some(table);
    }
    known
}

fn of<'k, 'a>(known: &'k mut BySchema<'a>, schema: &'a str, table: &'a str) -> &'k mut Known<'a> {
    known.entry(schema).or_default().entry(table).or_default()
}

fn schema_tables(
    schema: &str,
    tables: BTreeMap<&str, Known<'_>>,
    scale: Option<Scale>,
    of_all: usize,
) -> SchemaTables {
    let total = total(tables.values());
    let differ = tables.values().filter(|table| table.differs()).count();
    let mut tables: Vec<_> = tables.into_iter().collect();
    tables.sort_by_key(|(_, table)| (!table.differs(), Reverse(table.bytes())));
    let mut first: Vec<_> = tables
        .iter()
        .map(|(name, table)| table.row(name, scale))
        .collect();
    let more = first.split_off(first.len().min(SHOWN.max(differ)));
    SchemaTables {
        schema: Shown::of(schema),
        total,
        differ,
        open: differ > 0 || of_all <= SHOWN_OF_ALL,
        first,
        more,
    }
}

fn total<'a>(tables: impl Iterator<Item = &'a Known<'a>>) -> String {
    let (mut number, mut rows, mut bytes, mut by) = (0, None, None, [0, 0]);
    for table in tables {
        number += 1;
        add(&mut rows, table.rows());
        add(&mut bytes, table.bytes());
        match table.plan.map(|plan| plan.mover) {
            Some(Mover::Dms) => by[0] += 1,
            Some(Mover::Copy) => by[1] += 1,
            None => {}
        }
    }
    let mut words = vec![several(number, "table", "tables")];
    words.extend(rows.map(|rows| format!("{} rows", count(rows))));
    words.extend(bytes.map(|bytes| format!("{} on disk", size(bytes))));
    let movers = ["DMS", "COPY"].into_iter().zip(by);
    words.extend(
        movers
            .filter(|(_, number)| *number > 0)
            .map(|(mover, number)| format!("{} by {mover}", count(number))),
    );
    words.join(", ")
}

fn add(sum: &mut Option<u64>, part: Option<u64>) {
    if let Some(part) = part {
        *sum = Some(sum.unwrap_or_default().saturating_add(part));
    }
}

fn compared(jobs: &[JobResult]) -> String {
    let report = jobs.iter().rev().find_map(|job| job.validate.as_ref());
    let Some(report) = report else {
        return "Nothing was compared: it didn't come so far.".to_owned();
    };
    let tables = several(report.tables.len(), "table", "tables");
    let how = match report.level {
        ValidateChoice::None => {
            return "Nothing was compared, as requested (validate none).".to_owned();
        }
        ValidateChoice::Full => format!("{tables} compared by number of rows and content hash"),
        ValidateChoice::Counts => format!("{tables} compared by number of rows"),
    };
    let found = match report.differences.len() {
        0 => "no difference".to_owned(),
        number => several(number, "difference", "differences"),
    };
    format!(
        "{how}; sequences, objects and dependencies compared with the temporary database: {found}."
    )
}
