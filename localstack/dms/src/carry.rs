//! What DMS makes of a column's values on their way, as SQL: faithful where it is, damaging where it is documented to be.
//!
//! DMS user guide, "Using a PostgreSQL database as a source": limitations, source data types, homogeneous migration.

use crate::catalog::{Column, Table, quoted};
use crate::settings::Lobs;

/// How the endpoints and settings bear on values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rules {
    pub(crate) lobs: Lobs,
    /// `TrimSpaceInChar` of the source.
    pub(crate) trim_char: bool,
    /// `MapBooleanAsBoolean` of both endpoints.
    pub(crate) boolean: bool,
    /// `MapUnboundedNumericAsString` of both endpoints.
    pub(crate) numeric_as_string: bool,
    /// `unboundedVarcharMaxSize` of the source, in bytes.
    pub(crate) varchar_bytes: u64,
}

/// A table that can't be carried.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unfit {
    #[error("The column {0} is an array and the table has no primary key")]
    ArrayWithoutKey(String),
    #[error(
        "The primary key column {0} is a LOB: it is NULL when the row is first written in full LOB mode"
    )]
    LobKey(String),
}

/// A column's expression in the SELECT on the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Carried {
    /// The value.
    pub(crate) expression: String,
    /// Whether the value is cut, as a condition; only with a limit.
    pub(crate) is_cut: Option<String>,
}

impl Carried {
    fn plain(expression: impl Into<String>) -> Self {
        Self {
            expression: expression.into(),
            is_cut: None,
        }
    }

    /// A type that doesn't migrate arrives as NULL.
    fn lost() -> Self {
        Self::plain("null::text")
    }
}

/// The expression that stands for a column.
///
/// # Errors
/// The column keeps its whole table from being loaded.
pub(crate) fn carry(table: &Table, column: &Column, rules: &Rules) -> Result<Carried, Unfit> {
    let name = quoted(&column.name);
    if !["b", "d"].contains(&column.type_kind.as_str()) {
        return Ok(Carried::lost());
    }
    if column.type_category == "A" && column.type_name.starts_with('_') {
        if !table.has_primary_key {
            return Err(Unfit::ArrayWithoutKey(column.name.clone()));
        }
        return lob(table, column, rules, &format!("{name}::text"));
    }
    let carried = match column.type_name.as_str() {
        "inet" | "macaddr" | "macaddr8" | "tsvector" | "tsquery" => Carried::lost(),
        "point" | "line" | "lseg" | "box" | "path" | "polygon" | "circle" => Carried::lost(),
        "text" | "json" | "jsonb" | "xml" | "hstore" | "citext" => {
            return lob(table, column, rules, &format!("{name}::text"));
        }
        "bytea" => return lob(table, column, rules, &name),
        "numeric" => Carried::plain(numeric(&name, column.type_modifier, rules)),
        "bool" if !rules.boolean => Carried::plain(format!("{name}::text")),
        "bpchar" if rules.trim_char => Carried::plain(format!("rtrim({name}::text)")),
        "varchar" | "bpchar" if column.type_modifier == -1 => {
            cut_text(&format!("{name}::text"), rules.varchar_bytes)
        }
        "date" => Carried::plain(format!(
            "case when isfinite({name}) is false then current_date else {name} end"
        )),
        "timestamp" | "timestamptz" => Carried::plain(timestamp(&name)),
        "time" => Carried::plain(format!("date_trunc('second', {name})::time")),
        "timetz" => Carried::plain(format!("date_trunc('second', {name}::time)::time")),
        _ => Carried::plain(name),
    };
    Ok(carried)
}

/// Without precision it becomes NUMERIC(28,6); from 39 digits on a text. Not a number becomes 0.
fn numeric(name: &str, modifier: i32, rules: &Rules) -> String {
    let precision = (modifier != -1).then(|| ((modifier - 4) >> 16) & 0xffff);
    match precision {
        None if rules.numeric_as_string => format!("{name}::text"),
        Some(39..) => format!("{name}::text"),
        None => format!(
            "case when {name}::text in ('NaN', 'Infinity', '-Infinity') then 0 else round({name}, 6) end"
        ),
        Some(_) => format!("case when {name}::text = 'NaN' then 0 else {name} end"),
    }
}

/// Infinities become the ends of DMS's own time.
fn timestamp(name: &str) -> String {
    format!(
        "case when {name} = 'infinity' then '9999-12-31 23:59:59' when {name} = '-infinity' then '4713-01-01 00:00:00 BC' else {name} end"
    )
}

fn lob(table: &Table, column: &Column, rules: &Rules, value: &str) -> Result<Carried, Unfit> {
    match rules.lobs {
        Lobs::Off => Ok(Carried::lost()),
        Lobs::Full if column.in_primary_key => Err(Unfit::LobKey(column.name.clone())),
        Lobs::Full if !table.has_primary_key => Ok(Carried::lost()),
        Lobs::Full => Ok(Carried::plain(value)),
        Lobs::Limited(bytes) if column.type_name == "bytea" => Ok(Carried {
            expression: format!("substring({value} from 1 for {bytes})"),
            is_cut: Some(format!("octet_length({value}) > {bytes}")),
        }),
        Lobs::Limited(bytes) => Ok(cut_text(value, bytes)),
    }
}

/// A text cut to so many bytes, never in the middle of a character. With characters of mixed widths it may get shorter still.
fn cut_text(value: &str, bytes: u64) -> Carried {
    let too_long = format!("octet_length({value}) > {bytes}");
    let kept = format!("({bytes} * char_length({value})::bigint / octet_length({value}))::int");
    Carried {
        expression: format!("case when {too_long} then left({value}, {kept}) else {value} end"),
        is_cut: Some(too_long),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules = Rules {
        lobs: Lobs::Limited(1024),
        trim_char: true,
        boolean: false,
        numeric_as_string: false,
        varchar_bytes: 8000,
    };

    fn column(type_name: &str, modifier: i32) -> Column {
        Column {
            name: "c".into(),
            type_name: type_name.into(),
            type_kind: "b".into(),
            type_category: if type_name.starts_with('_') { "A" } else { "X" }.into(),
            type_modifier: modifier,
            in_primary_key: false,
        }
    }

    fn table(has_primary_key: bool) -> Table {
        Table {
            schema: "s".into(),
            name: "t".into(),
            has_primary_key,
            columns: vec![],
        }
    }

    fn expression(type_name: &str, modifier: i32, rules: &Rules) -> String {
        carry(&table(true), &column(type_name, modifier), rules)
            .unwrap()
            .expression
    }

    #[test]
    fn integers_and_texts_of_bounded_length_go_as_they_are() {
        assert_eq!(expression("int8", -1, &RULES), "\"c\"");
        assert_eq!(expression("varchar", 24, &RULES), "\"c\"");
    }

    #[test]
    fn an_unbounded_numeric_loses_digits_unless_both_ends_take_it_as_text() {
        assert!(expression("numeric", -1, &RULES).contains("round(\"c\", 6)"));
        let as_text = Rules {
            numeric_as_string: true,
            ..RULES
        };
        assert_eq!(expression("numeric", -1, &as_text), "\"c\"::text");
    }

    #[test]
    fn a_bounded_numeric_loses_only_not_a_number() {
        let modifier = ((10 << 16) | 2) + 4;
        assert_eq!(
            expression("numeric", modifier, &RULES),
            "case when \"c\"::text = 'NaN' then 0 else \"c\" end"
        );
        let wide = ((40 << 16) | 2) + 4;
        assert_eq!(expression("numeric", wide, &RULES), "\"c\"::text");
    }

    #[test]
    fn types_that_do_not_migrate_arrive_as_null() {
        for lost in ["inet", "macaddr", "tsvector", "box", "point"] {
            assert_eq!(expression(lost, -1, &RULES), "null::text", "{lost}");
        }
        for kind in ["e", "c", "r", "m"] {
            let column = Column {
                type_kind: kind.into(),
                ..column("mood", -1)
            };
            assert_eq!(
                carry(&table(true), &column, &RULES).unwrap(),
                Carried::lost(),
                "{kind}"
            );
        }
    }

    #[test]
    fn large_objects_are_cut_in_limited_mode_and_whole_in_full_mode_with_a_key() {
        assert!(
            carry(&table(true), &column("jsonb", -1), &RULES)
                .unwrap()
                .is_cut
                .unwrap()
                .contains("> 1024")
        );
        let full = Rules {
            lobs: Lobs::Full,
            ..RULES
        };
        assert_eq!(
            carry(&table(true), &column("text", -1), &full).unwrap(),
            Carried::plain("\"c\"::text")
        );
        assert_eq!(
            carry(&table(false), &column("text", -1), &full).unwrap(),
            Carried::lost()
        );
        let key = Column {
            in_primary_key: true,
            ..column("text", -1)
        };
        assert_eq!(
            carry(&table(true), &key, &full),
            Err(Unfit::LobKey("c".into()))
        );
    }

    #[test]
    fn an_array_without_primary_key_suspends_its_table() {
        assert_eq!(
            carry(&table(false), &column("_int4", -1), &RULES),
            Err(Unfit::ArrayWithoutKey("c".into()))
        );
        assert!(carry(&table(true), &column("_int4", -1), &RULES).is_ok());
    }

    #[test]
    fn names_are_quoted() {
        let column = Column {
            name: "a\"b".into(),
            ..column("int4", -1)
        };
        assert_eq!(
            carry(&table(true), &column, &RULES).unwrap().expression,
            "\"a\"\"b\""
        );
    }
}
