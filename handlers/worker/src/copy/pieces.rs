//! Runs of a table's blocks, each loaded by a transaction of its own: no transaction lasts long enough to hold back
//! vacuum of live tables, several streams share a big table, and what a crash undoes is one piece.

use std::collections::HashMap;

use super::unit::{Source, Unit, Versions};
use crate::production::ledger::Moved;

/// Scans of a run of blocks exist since PostgreSQL 14 ("TID Range Scan", its release notes); before, each piece would
/// read the whole table.
const FIRST_WITH_RANGE_SCANS: u32 = 14;

/// A run of a table's blocks. The last one of a table has no end: whatever the table's size, every row is in one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blocks {
    /// The first block.
    pub first: u32,
    /// The first block that isn't in it any more.
    pub end: Option<u32>,
}

impl Blocks {
    /// All blocks of a table.
    pub const ALL: Self = Self {
        first: 0,
        end: None,
    };

    /// The condition that selects the rows of the run; none for all.
    pub fn condition(self) -> Option<String> {
        let from = (self.first > 0).then(|| {
            format!(
                "ctid operator(pg_catalog.>=) '({},0)'::pg_catalog.tid",
                self.first
            )
        });
        let to = self
            .end
            .map(|end| format!("ctid operator(pg_catalog.<) '({end},0)'::pg_catalog.tid"));
        match (from, to) {
            (None, None) => None,
            (Some(one), None) | (None, Some(one)) => Some(one),
            (Some(from), Some(to)) => Some(format!("{from} and {to}")),
        }
    }
}

/// What one transaction loads: a run of one source of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Position of the unit.
    pub unit: usize,
    /// Position of the source in the unit.
    pub source: usize,
    /// The blocks to read.
    pub blocks: Blocks,
    /// Whether the piece is the unit, so that its transaction empties the target too.
    pub whole: bool,
    /// Its name in the ledger.
    pub step: String,
}

/// Where the pieces of a source begin, of at most this size as far as rows are spread evenly over the blocks.
///
/// The size is that of heap and TOAST together, so that a small heap with huge values is split too.
pub fn beginnings(source: &Source, piece_bytes: u64, versions: Versions) -> Vec<u32> {
    // COPY takes a table without columns, but no query without any.
    let divisible = versions.temporary >= FIRST_WITH_RANGE_SCANS && !source.columns.is_empty();
    let wanted = source.bytes.div_ceil(piece_bytes.max(1));
    let pieces = u32::try_from(wanted).unwrap_or(u32::MAX).min(source.blocks);
    if !divisible || pieces <= 1 {
        return vec![0];
    }
    let step = usize::try_from(source.blocks.div_ceil(pieces)).unwrap_or(usize::MAX);
    (0..source.blocks).step_by(step).collect()
}

/// The beginnings as runs.
pub fn runs(beginnings: &[u32]) -> Vec<Blocks> {
    let ends = beginnings.iter().skip(1).copied().map(Some).chain([None]);
    beginnings
        .iter()
        .zip(ends)
        .map(|(first, end)| Blocks { first: *first, end })
        .collect()
}

/// A source's name in the ledger's note of where its pieces begin.
pub fn division_step(source: &Source) -> String {
    format!("pieces of {}", source.table.quoted())
}

/// How a unit is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Division {
    /// By one transaction, which empties it first.
    Whole,
    /// By one transaction per piece; where the pieces of each source begin.
    Pieces {
        /// In the order of the unit's sources.
        beginnings: Vec<Vec<u32>>,
        /// Whether the target was emptied and the beginnings noted already, which happens once.
        noted: bool,
    },
}

/// How the unit is loaded. What the ledger noted comes first: a table that vacuum shortened since, or another size of
/// pieces, must not move the borders between pieces that are loaded.
pub fn division(
    unit: &Unit,
    noted: &HashMap<String, Vec<u32>>,
    piece_bytes: u64,
    versions: Versions,
) -> Division {
    let known: Option<Vec<Vec<u32>>> = unit
        .sources
        .iter()
        .map(|source| noted.get(&division_step(source)).cloned())
        .collect();
    if let Some(beginnings) = known {
        return Division::Pieces {
            beginnings,
            noted: true,
        };
    }
    let beginnings: Vec<Vec<u32>> = unit
        .sources
        .iter()
        .map(|source| beginnings(source, piece_bytes, versions))
        .collect();
    match beginnings.as_slice() {
        [only] if only.len() == 1 && !unit.is_tree() => Division::Whole,
        _ => Division::Pieces {
            beginnings,
            noted: false,
        },
    }
}

/// The pieces of a unit.
pub fn pieces(at: usize, unit: &Unit, division: &Division) -> Vec<Piece> {
    let beginnings = match division {
        Division::Whole => {
            return vec![Piece {
                unit: at,
                source: 0,
                blocks: Blocks::ALL,
                whole: true,
                step: unit.step(),
            }];
        }
        Division::Pieces { beginnings, .. } => beginnings,
    };
    let mut pieces = Vec::new();
    for (source, beginnings) in beginnings.iter().enumerate() {
        let table = unit.sources[source].table.quoted();
        pieces.extend(runs(beginnings).into_iter().map(|blocks| Piece {
            unit: at,
            source,
            blocks,
            whole: false,
            step: format!("rows of {table} from block {}", blocks.first),
        }));
    }
    pieces
}

/// What is loaded already, of all pieces of a unit.
pub fn moved<'a>(pieces: impl Iterator<Item = &'a Moved>) -> Moved {
    pieces.fold(Moved { rows: 0, bytes: 0 }, |sum, part| Moved {
        rows: sum.rows + part.rows,
        bytes: sum.bytes + part.bytes,
    })
}

#[cfg(test)]
mod tests {
    use super::super::unit::{Format, TableName};
    use super::*;

    const V15: Versions = Versions {
        temporary: 15,
        production: 15,
    };

    fn source(blocks: u32, bytes: u64) -> Source {
        Source {
            table: TableName {
                schema: "s".to_owned(),
                name: "t".to_owned(),
            },
            columns: vec!["id".to_owned()],
            format: Format::Binary,
            hash_root: None,
            blocks,
            bytes,
        }
    }

    fn unit(source: Source) -> Unit {
        Unit {
            target: source.table.clone(),
            sources: vec![source],
        }
    }

    #[test]
    fn every_block_is_in_one_run_and_blocks_added_later_in_the_last() {
        let beginnings = beginnings(&source(10, 10 * 8192), 3 * 8192, V15);
        assert_eq!(beginnings, [0, 3, 6, 9]);
        let runs = runs(&beginnings);
        assert_eq!(runs.first().unwrap().first, 0);
        assert!(
            runs.windows(2)
                .all(|pair| pair[0].end == Some(pair[1].first))
        );
        assert_eq!(runs.last().unwrap().end, None);
    }

    #[test]
    fn a_small_heap_with_huge_values_is_split_by_its_blocks() {
        let gigabyte = 1 << 30;
        assert_eq!(
            beginnings(&source(4, gigabyte), gigabyte / 100, V15),
            [0, 1, 2, 3]
        );
        assert_eq!(beginnings(&source(1, gigabyte), gigabyte / 100, V15), [0]);
    }

    #[test]
    fn what_cant_be_split_is_one_piece() {
        let old = Versions {
            temporary: 13,
            production: 13,
        };
        assert_eq!(beginnings(&source(10, 81_920), 8192, old), [0]);
        let without_columns = Source {
            columns: Vec::new(),
            ..source(10, 81_920)
        };
        assert_eq!(beginnings(&without_columns, 8192, V15), [0]);
        assert_eq!(beginnings(&source(0, 81_920), 8192, V15), [0]);
        assert_eq!(beginnings(&source(0, 0), 8192, V15), [0]);
    }

    #[test]
    fn borders_that_were_noted_stay_whatever_the_table_looks_like_now() {
        let shrunk = unit(source(1, 8192));
        let noted = HashMap::from([("pieces of \"s\".\"t\"".to_owned(), vec![0, 50])]);
        let division = division(&shrunk, &noted, 8192, V15);
        assert_eq!(
            division,
            Division::Pieces {
                beginnings: vec![vec![0, 50]],
                noted: true
            }
        );
        let steps: Vec<String> = pieces(0, &shrunk, &division)
            .into_iter()
            .map(|piece| piece.step)
            .collect();
        assert_eq!(
            steps,
            [
                "rows of \"s\".\"t\" from block 0",
                "rows of \"s\".\"t\" from block 50"
            ]
        );
    }
}
