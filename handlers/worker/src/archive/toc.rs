//! Reads the header and the table of contents of a custom-format archive (`pg_backup_archiver.c`, `ReadHead` and
//! `ReadToc`; `pg_backup_custom.c`). The text that `pg_restore -f` makes of it has lost the entries' borders.

use thiserror::Error;

use super::{Archive, Entry, Section};

/// Versions of the format that this module knows: 1.14 (PostgreSQL 12 to 15), 1.15 (16), 1.16 (17 and 18).
const KNOWN_MINORS: std::ops::RangeInclusive<u8> = 14..=16;
/// `archCustom` in `pg_backup.h`.
const CUSTOM_FORMAT: u8 = 1;
/// From 1.15 on the header holds a compression algorithm's byte, before it a compression level.
const MINOR_WITH_ALGORITHM: u8 = 15;
/// From 1.16 on an entry holds the relkind.
const MINOR_WITH_RELKIND: u8 = 16;

/// Why an archive can't be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unreadable {
    /// It doesn't begin as an archive does.
    #[error("it is no pg_dump archive")]
    NoArchive,
    /// It is an archive of a version that this program doesn't know.
    #[error("its format {major}.{minor} is none of 1.14 to 1.16")]
    UnknownVersion {
        /// Major number of the format.
        major: u8,
        /// Minor number of the format.
        minor: u8,
    },
    /// It is not in the custom format.
    #[error("its format is number {0}, not the custom format")]
    NotCustom(u8),
    /// It ends too early.
    #[error("it ends at byte {0}, before its table of contents does")]
    CutOff(usize),
    /// A field has a value that pg_dump doesn't write.
    #[error("{what} before byte {at} has a value that pg_dump doesn't write")]
    Damaged {
        /// The field.
        what: &'static str,
        /// Where reading stopped.
        at: usize,
    },
}

/// Reads an archive's entries.
pub fn parse(bytes: &[u8]) -> Result<Archive, Unreadable> {
    let mut reader = Reader {
        bytes,
        at: 0,
        int_size: 0,
        offset_size: 0,
    };
    if reader.take(5).ok() != Some(b"PGDMP") {
        return Err(Unreadable::NoArchive);
    }
    let (major, minor, _revision) = (reader.byte()?, reader.byte()?, reader.byte()?);
    if major != 1 || !KNOWN_MINORS.contains(&minor) {
        return Err(Unreadable::UnknownVersion { major, minor });
    }
    reader.int_size = reader.byte()?.into();
    reader.offset_size = reader.byte()?.into();
    let format = reader.byte()?;
    if format != CUSTOM_FORMAT {
        return Err(Unreadable::NotCustom(format));
    }
    if minor >= MINOR_WITH_ALGORITHM {
        reader.byte()?;
    } else {
        reader.int("the compression level")?;
    }
    for _part_of_creation_time in 0..7 {
        reader.int("the creation time")?;
    }
    let _database = reader.text("the database's name")?;
    let server_version = reader.text("the server's version")?.unwrap_or_default();
    let dump_version = reader.text("pg_dump's version")?.unwrap_or_default();
    let count = reader.int("the number of entries")?;
    let entries = (0..count)
        .map(|_| reader.entry(minor))
        .collect::<Result<_, _>>()?;
    Ok(Archive {
        server_version,
        dump_version,
        entries,
    })
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    int_size: usize,
    offset_size: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Unreadable> {
        let end = self
            .at
            .checked_add(length)
            .filter(|end| *end <= self.bytes.len());
        let Some(end) = end else {
            return Err(Unreadable::CutOff(self.bytes.len()));
        };
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Unreadable> {
        Ok(self.take(1)?[0])
    }

    fn damaged(&self, what: &'static str) -> Unreadable {
        Unreadable::Damaged { what, at: self.at }
    }

    /// A sign byte, then the magnitude, lowest byte first.
    fn int(&mut self, what: &'static str) -> Result<i64, Unreadable> {
        let negative = self.byte()? != 0;
        let magnitude = self.take(self.int_size)?;
        if magnitude.iter().skip(7).any(|byte| *byte != 0) {
            return Err(self.damaged(what));
        }
        let value = magnitude
            .iter()
            .take(7)
            .rev()
            .fold(0_i64, |value, byte| (value << 8) | i64::from(*byte));
        Ok(if negative { -value } else { value })
    }

    /// A length, then the bytes; a negative length stands for no text.
    fn text(&mut self, what: &'static str) -> Result<Option<String>, Unreadable> {
        let Ok(length) = usize::try_from(self.int(what)?) else {
            return Ok(None);
        };
        let text = std::str::from_utf8(self.take(length)?);
        text.map(|text| Some(text.to_owned()))
            .map_err(|_| self.damaged(what))
    }

    fn number<N: std::str::FromStr>(&mut self, what: &'static str) -> Result<N, Unreadable> {
        let text = self.text(what)?.unwrap_or_default();
        text.parse().map_err(|_| self.damaged(what))
    }

    fn entry(&mut self, minor: u8) -> Result<Entry, Unreadable> {
        let dump_id =
            i32::try_from(self.int("an entry's id")?).map_err(|_| self.damaged("an entry's id"))?;
        let _had_dumper = self.int("an entry's data flag")?;
        let catalog_oid = self.number("an entry's catalog")?;
        let oid = self.number("an entry's OID")?;
        let tag = self.text("an entry's tag")?.unwrap_or_default();
        let desc = self.text("an entry's kind")?.unwrap_or_default();
        let section = self.section()?;
        let sql = self.text("an entry's definition")?.unwrap_or_default();
        let drop_sql = self.text("an entry's drop statement")?.unwrap_or_default();
        let copy_statement = self.present("an entry's copy statement")?;
        let namespace = self.present("an entry's schema")?;
        let tablespace = self.present("an entry's tablespace")?;
        let table_access_method = self.present("an entry's access method")?;
        if minor >= MINOR_WITH_RELKIND {
            self.int("an entry's relkind")?;
        }
        let owner = self.text("an entry's owner")?.unwrap_or_default();
        let _with_oids = self.text("an entry's OID flag")?;
        let depends_on = self.dependencies()?;
        let _offset_flag = self.byte()?;
        self.take(self.offset_size)?;
        Ok(Entry {
            dump_id,
            catalog_oid,
            oid,
            desc,
            section,
            namespace,
            tag,
            owner,
            sql,
            drop_sql,
            tablespace,
            table_access_method,
            copy_statement,
            depends_on,
        })
    }

    fn present(&mut self, what: &'static str) -> Result<Option<String>, Unreadable> {
        Ok(self.text(what)?.filter(|text| !text.is_empty()))
    }

    /// `teSection` in `pg_backup.h`.
    fn section(&mut self) -> Result<Section, Unreadable> {
        match self.int("an entry's section")? {
            1 => Ok(Section::None),
            2 => Ok(Section::PreData),
            3 => Ok(Section::Data),
            4 => Ok(Section::PostData),
            _ => Err(self.damaged("an entry's section")),
        }
    }

    /// Ids as texts, ended by no text.
    fn dependencies(&mut self) -> Result<Vec<i32>, Unreadable> {
        let mut ids = Vec::new();
        while let Some(text) = self.text("an entry's dependency")? {
            ids.push(
                text.parse()
                    .map_err(|_| self.damaged("an entry's dependency"))?,
            );
        }
        Ok(ids)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int(value: i32) -> Vec<u8> {
        let mut bytes = vec![u8::from(value < 0)];
        bytes.extend(value.unsigned_abs().to_le_bytes());
        bytes
    }

    fn text(value: &str) -> Vec<u8> {
        let mut bytes = int(i32::try_from(value.len()).unwrap());
        bytes.extend(value.as_bytes());
        bytes
    }

    fn header(minor: u8) -> Vec<u8> {
        let mut bytes = b"PGDMP".to_vec();
        bytes.extend([1, minor, 0, 4, 8, 1]);
        bytes.extend(if minor >= 15 { vec![0] } else { int(-1) });
        for part in [0, 30, 14, 28, 0, 124, 0] {
            bytes.extend(int(part));
        }
        bytes.extend(["app", "15.4", "17.2"].iter().flat_map(|part| text(part)));
        bytes
    }

    fn one_table(minor: u8) -> Vec<u8> {
        let mut bytes = header(minor);
        bytes.extend(int(1));
        bytes.extend(
            [
                int(7),
                int(0),
                text("1259"),
                text("16385"),
                text("t"),
                text("TABLE"),
                int(2),
            ]
            .concat(),
        );
        bytes.extend(
            [
                text("CREATE TABLE a.t ();\n"),
                text("DROP TABLE a.t;\n"),
                int(-1),
                text("a"),
            ]
            .concat(),
        );
        bytes.extend([text(""), text("heap")].concat());
        if minor >= 16 {
            bytes.extend(int('r' as i32));
        }
        bytes.extend([text("olga"), text("false"), text("3"), text("5"), int(-1)].concat());
        bytes.extend([3; 9]);
        bytes
    }

    #[test]
    fn an_entry_reads_the_same_in_every_known_version() {
        for minor in KNOWN_MINORS {
            let archive = parse(&one_table(minor)).unwrap();
            let entry = &archive.entries[0];
            assert_eq!(
                (
                    archive.server_version.as_str(),
                    archive.dump_version.as_str()
                ),
                ("15.4", "17.2")
            );
            assert_eq!(
                (entry.dump_id, entry.oid, entry.desc.as_str()),
                (7, 16385, "TABLE")
            );
            assert_eq!(
                (entry.section, entry.namespace.as_deref()),
                (Section::PreData, Some("a"))
            );
            assert_eq!(
                (entry.owner.as_str(), &entry.depends_on),
                ("olga", &vec![3, 5])
            );
            assert_eq!(entry.tablespace, None);
        }
    }

    #[test]
    fn an_unknown_version_is_refused_by_number() {
        for minor in [13, 17] {
            assert_eq!(
                parse(&header(minor)),
                Err(Unreadable::UnknownVersion { major: 1, minor })
            );
        }
    }

    #[test]
    fn an_archive_that_is_cut_off_anywhere_is_refused() {
        let whole = one_table(14);
        for length in 0..whole.len() {
            assert!(parse(&whole[..length]).is_err(), "cut off at {length}");
        }
        assert_eq!(parse(b"-- plain SQL"), Err(Unreadable::NoArchive));
    }
}
