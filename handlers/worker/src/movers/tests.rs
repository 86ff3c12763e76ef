use super::*;

fn column(kind: Type) -> Column {
    Column {
        name: "c".to_owned(),
        kind,
        identity: Identity::None,
        generated: Generated::No,
    }
}

fn key() -> Column {
    Column {
        name: "id".to_owned(),
        ..column(Type::Faithful)
    }
}

fn table(columns: Vec<Column>) -> Table {
    Table {
        oid: 1,
        schema: "acme_r".to_owned(),
        name: "t".to_owned(),
        bytes: 8192,
        rows: 0,
        is_partition: false,
        inherits: false,
        row_security: false,
        has_primary_key: true,
        has_namesake: false,
        has_deferrable_constraint: false,
        has_unique_expression: false,
        calls_functions: false,
        unlogged: false,
        extension: None,
        columns,
    }
}

fn auto(table: &Table) -> Choice {
    choose(MoverChoice::Auto, table, None)
}

fn numeric(precision: i32, scale: i32) -> Type {
    Type::Numeric(Some(Numeric { precision, scale }))
}

#[test]
fn dms_carries_a_table_of_faithful_columns_only() {
    let faithful = [
        Type::Faithful,
        Type::Float,
        Type::DateLike,
        Type::Varchar { bounded: true },
        numeric(38, 2),
    ];
    let faithful = faithful.into_iter().zip('a'..).map(|(kind, name)| Column {
        name: name.to_string(),
        ..column(kind)
    });
    assert_eq!(auto(&table(faithful.collect())).mover, Mover::Dms);
    for (kind, fact) in [
        (Type::Numeric(None), "numeric(28,6)"),
        (numeric(39, 0), "string"),
        (numeric(3, -2), "string"),
        (Type::Varchar { bounded: false }, "cut"),
        (Type::Other("text".to_owned()), "LOB"),
        (Type::Other("jsonb".to_owned()), "LOB"),
        (Type::Other("money".to_owned()), "lc_monetary"),
        (Type::Other("bpchar".to_owned()), "blanks"),
        (Type::Other("int4[]".to_owned()), "array"),
        (Type::Other("int4range".to_owned()), "range"),
        (Type::Other("inet".to_owned()), "isn't migrated"),
        (Type::Other("mood".to_owned()), "isn't among"),
    ] {
        let choice = auto(&table(vec![key(), column(kind.clone())]));
        assert_eq!(choice.mover, Mover::Copy, "{kind:?}");
        assert!(
            choice.reason.contains(fact) && choice.reason.contains("\"c\""),
            "{}",
            choice.reason
        );
    }
}

#[test]
fn a_tables_shape_sends_it_to_copy_with_the_reason() {
    let named = |name: &str| Column {
        name: name.to_owned(),
        ..column(Type::Faithful)
    };
    let plain = || table(vec![column(Type::Faithful)]);
    let generated = Column {
        generated: Generated::Stored,
        ..column(Type::Faithful)
    };
    let identity = Column {
        identity: Identity::Always,
        ..column(Type::Faithful)
    };
    for (odd, fact) in [
        (
            Table {
                has_primary_key: false,
                ..plain()
            },
            "primary key",
        ),
        (
            Table {
                is_partition: true,
                ..plain()
            },
            "partition",
        ),
        (
            Table {
                inherits: true,
                ..plain()
            },
            "inherit",
        ),
        (
            Table {
                has_namesake: true,
                ..plain()
            },
            "by case",
        ),
        (
            Table {
                has_deferrable_constraint: true,
                ..plain()
            },
            "deferrable",
        ),
        (
            Table {
                has_unique_expression: true,
                ..plain()
            },
            "coalesce",
        ),
        (
            table(["id", "size", "SIZE"].map(named).to_vec()),
            "\"size\" and \"SIZE\"",
        ),
        (
            Table {
                row_security: true,
                ..plain()
            },
            "row level security",
        ),
        (
            Table {
                name: "50%".to_owned(),
                ..plain()
            },
            "50%",
        ),
        (table(vec![generated]), "generated"),
        (table(vec![identity]), "IDENTITY"),
    ] {
        let choice = auto(&odd);
        assert_eq!(choice.mover, Mover::Copy);
        assert!(choice.reason.contains(fact), "{}", choice.reason);
    }
    let by_default = Column {
        identity: Identity::ByDefault,
        ..column(Type::Faithful)
    };
    assert_eq!(auto(&table(vec![by_default])).mover, Mover::Dms);
}

#[test]
fn values_that_dms_changes_send_a_table_to_copy() {
    let choice = choose(
        MoverChoice::Auto,
        &table(vec![column(Type::DateLike)]),
        Some("infinity"),
    );
    assert_eq!(
        (choice.mover, choice.reason.as_str()),
        (Mover::Copy, "infinity")
    );
}

#[test]
fn a_requested_mover_is_taken_but_dms_gets_nothing_that_it_damages() {
    let damaged = table(vec![column(Type::Numeric(None))]);
    let faithful = table(vec![column(Type::Faithful)]);
    assert_eq!(
        choose(MoverChoice::Copy, &faithful, None).mover,
        Mover::Copy
    );
    assert_eq!(choose(MoverChoice::Dms, &faithful, None).mover, Mover::Dms);
    let by_catalog = choose(MoverChoice::Dms, &damaged, None);
    assert_eq!(by_catalog.mover, Mover::Copy);
    assert!(by_catalog.reason.contains("numeric(28,6)"));
    let by_values = choose(MoverChoice::Dms, &faithful, Some("NaN"));
    assert_eq!(
        (by_values.mover, by_values.reason.as_str()),
        (Mover::Copy, "NaN")
    );
}
