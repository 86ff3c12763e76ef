//! What DMS makes of a column's values on their way, as SQL: faithful where it is, damaging where it is documented to be.
//!
//! DMS user guide, "Using a PostgreSQL database as a source": limitations, source data types, homogeneous migration. What
//! isn't documented is taken for the worst.

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
    // AWS database blog, "Handle IDENTITY columns in AWS DMS".
    #[error("The column {0} is GENERATED ALWAYS AS IDENTITY")]
    Identity(String),
    #[error("The table has a unique index on an expression, which is not supported")]
    UniqueExpression,
    // Qlik Replicate, on which DMS is built: "Deferred constraints are not supported".
    #[error("The table has a deferrable constraint, which is not supported")]
    DeferrableConstraint,
}

/// A column's expression in the SELECT on the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Carried {
    /// The value.
    pub(crate) expression: String,
    /// What may be cut off the value.
    pub(crate) cut: Option<Cut>,
}

/// A limit at which values are cut, as the condition that one is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cut {
    /// `LobMaxSize`.
    Lob(String),
    /// `unboundedVarcharMaxSize`.
    Text(String),
}

/// Beyond the Basic Multilingual Plane.
const FOUR_BYTES: &str = "e'[\\\\U00010000-\\\\U0010FFFF]'";

impl Carried {
    fn plain(expression: impl Into<String>) -> Self {
        Self {
            expression: expression.into(),
            cut: None,
        }
    }

    /// A type that doesn't migrate arrives as NULL.
    fn lost() -> Self {
        Self::plain("null::text")
    }

    /// The first `kept` characters.
    fn cut(value: &str, is_cut: String, kept: &str, cut: fn(String) -> Cut) -> Self {
        Self {
            expression: format!("case when {is_cut} then left({value}, {kept}) else {value} end"),
            cut: Some(cut(is_cut)),
        }
    }
}

/// Whether the table can be carried at all.
///
/// # Errors
/// It has what DMS doesn't support.
pub(crate) fn check(table: &Table) -> Result<(), Unfit> {
    if table.has_unique_expression {
        return Err(Unfit::UniqueExpression);
    }
    if table.has_deferrable_constraint {
        return Err(Unfit::DeferrableConstraint);
    }
    Ok(())
}

/// The expression that stands for a column.
///
/// # Errors
/// The column keeps its whole table from being loaded.
pub(crate) fn carry(table: &Table, column: &Column, rules: &Rules) -> Result<Carried, Unfit> {
    let name = quoted(&column.name);
    if column.is_always_identity {
        return Err(Unfit::Identity(column.name.clone()));
    }
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
        "int2" | "int4" | "int8" | "uuid" | "cidr" | "bit" | "varbit" => Carried::plain(name),
        "text" | "json" | "jsonb" | "xml" | "hstore" | "citext" => {
            return lob(table, column, rules, &format!("{name}::text"));
        }
        "bytea" => return lob(table, column, rules, &name),
        "numeric" => Carried::plain(numeric(&name, column.type_modifier, rules)),
        "float4" | "float8" => Carried::plain(format!(
            "case when {name} in ('NaN', 'Infinity', '-Infinity') then 0 else {name} end"
        )),
        // A text of digits and a point, which the target reads by its lc_monetary.
        "money" => Carried::plain(format!("{name}::numeric(38,4)")),
        "bool" if rules.boolean => Carried::plain(name),
        "bool" => Carried::plain(format!("{name}::text")),
        "varchar" | "bpchar" if column.type_modifier == -1 => {
            cut_bytes(&without_four_bytes(&name), rules.varchar_bytes, Cut::Text)
        }
        "bpchar" if rules.trim_char => {
            Carried::plain(format!("rtrim({})", without_four_bytes(&name)))
        }
        "varchar" | "bpchar" => Carried::plain(without_four_bytes(&name)),
        "date" => Carried::plain(format!(
            "case when isfinite({name}) is false then current_date else {name} end"
        )),
        "timestamp" | "timestamptz" => Carried::plain(timestamp(&name)),
        "time" => Carried::plain(format!("date_trunc('second', {name})::time")),
        "timetz" => Carried::plain(format!("date_trunc('second', {name}::time)::time")),
        // STRING(128): "1 YEAR, 2 MONTHS, 3 DAYS, 4 HOURS, 5 MINUTES, 6 SECONDS".
        "interval" => Carried::plain(format!("date_trunc('second', {name})")),
        // inet, macaddr, tsvector, tsquery, shapes, oid: "doesn't migrate"; others aren't listed.
        _ => Carried::lost(),
    };
    Ok(carried)
}

/// Texts of characters of four bytes aren't supported ("Reference for AWS DMS").
fn without_four_bytes(name: &str) -> String {
    let text = format!("{name}::text collate \"C\"");
    format!(
        "case when octet_length({name}) > char_length({name}) + 2 then regexp_replace({text}, {FOUR_BYTES}, '?', 'g') \
         else {text} end"
    )
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
            cut: Some(Cut::Lob(format!("octet_length({value}) > {bytes}"))),
        }),
        Lobs::Limited(bytes) if column.type_name == "xml" => Ok(cut_bytes(value, bytes, Cut::Lob)),
        Lobs::Limited(bytes) => Ok(cut_characters(value, bytes)),
    }
}

/// An NCLOB has two bytes a character, and four if any of the value's has four ("Working with LOB source data types").
fn cut_characters(value: &str, bytes: u64) -> Carried {
    let kept = format!(
        "(case when {value} collate \"C\" ~ {FOUR_BYTES} then {} else {} end)",
        bytes / 4,
        bytes / 2
    );
    Carried::cut(
        value,
        format!("char_length({value}) > {kept}"),
        &kept,
        Cut::Lob,
    )
}

/// A text cut to so many bytes, never in the middle of a character. With characters of mixed widths it may get shorter still.
fn cut_bytes(value: &str, bytes: u64, cut: fn(String) -> Cut) -> Carried {
    let kept = format!("({bytes} * char_length({value})::bigint / octet_length({value}))::int");
    Carried::cut(
        value,
        format!("octet_length({value}) > {bytes}"),
        &kept,
        cut,
    )
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
            is_always_identity: false,
        }
    }

    fn table(has_primary_key: bool) -> Table {
        Table {
            schema: "s".into(),
            name: "t".into(),
            target: "t".into(),
            has_primary_key,
            has_deferrable_constraint: false,
            has_unique_expression: false,
            columns: vec![],
        }
    }

    fn expression(type_name: &str, modifier: i32, rules: &Rules) -> String {
        carry(&table(true), &column(type_name, modifier), rules)
            .unwrap()
            .expression
    }

    #[test]
    fn integers_go_as_they_are_and_money_as_a_number() {
        assert_eq!(expression("int8", -1, &RULES), "\"c\"");
        assert_eq!(expression("money", -1, &RULES), "\"c\"::numeric(38,4)");
    }

    #[test]
    fn a_table_with_what_is_not_supported_is_unfit() {
        let with_expression = Table {
            has_unique_expression: true,
            ..table(true)
        };
        let deferrable = Table {
            has_deferrable_constraint: true,
            ..table(true)
        };
        let identity = Column {
            is_always_identity: true,
            ..column("int4", -1)
        };
        assert_eq!(check(&table(true)), Ok(()));
        assert_eq!(check(&with_expression), Err(Unfit::UniqueExpression));
        assert_eq!(check(&deferrable), Err(Unfit::DeferrableConstraint));
        assert_eq!(
            carry(&table(true), &identity, &RULES),
            Err(Unfit::Identity("c".into()))
        );
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
        for lost in [
            "inet", "macaddr", "tsvector", "box", "point", "oid", "char", "xid",
        ] {
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
        let limited = |type_name| carry(&table(true), &column(type_name, -1), &RULES).unwrap();
        let is_lob = |carried: &Carried| matches!(carried.cut, Some(Cut::Lob(_)));
        assert!(is_lob(&limited("jsonb")) && limited("jsonb").expression.contains("else 512"));
        assert!(is_lob(&limited("bytea")) && limited("bytea").expression.contains("for 1024"));
        assert!(matches!(limited("varchar").cut, Some(Cut::Text(_))));
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
