use super::*;

fn column(kind: Type) -> Column {
    Column {
        name: "c".to_owned(),
        kind,
        identity: Identity::None,
        generated: Generated::No,
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
        calls_functions: false,
        unlogged: false,
        extension: None,
        columns,
    }
}

fn auto(table: &Table) -> Choice {
    choose(MoverChoice::Auto, table, None).unwrap()
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
    assert_eq!(
        auto(&table(faithful.map(column).to_vec())).mover,
        Mover::Dms
    );
    for (kind, fact) in [
        (Type::Numeric(None), "numeric(28,6)"),
        (numeric(39, 0), "string"),
        (numeric(3, -2), "string"),
        (Type::Varchar { bounded: false }, "cut"),
        (Type::Other("text".to_owned()), "LOB"),
        (Type::Other("jsonb".to_owned()), "LOB"),
        (Type::Other("bpchar".to_owned()), "blanks"),
        (Type::Other("int4[]".to_owned()), "array"),
        (Type::Other("int4range".to_owned()), "range"),
        (Type::Other("inet".to_owned()), "isn't migrated"),
        (Type::Other("mood".to_owned()), "isn't among"),
    ] {
        let choice = auto(&table(vec![column(Type::Faithful), column(kind.clone())]));
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
    )
    .unwrap();
    assert_eq!(
        (choice.mover, choice.reason.as_str()),
        (Mover::Copy, "infinity")
    );
}

#[test]
fn a_requested_mover_is_taken_or_refused_with_the_reason() {
    let damaged = table(vec![column(Type::Numeric(None))]);
    assert_eq!(
        choose(MoverChoice::Copy, &damaged, None).unwrap().mover,
        Mover::Copy
    );
    assert!(
        choose(MoverChoice::Dms, &damaged, None)
            .unwrap_err()
            .0
            .contains("numeric(28,6)")
    );
    assert_eq!(
        choose(MoverChoice::Dms, &table(vec![column(Type::Faithful)]), None)
            .unwrap()
            .mover,
        Mover::Dms
    );
}
