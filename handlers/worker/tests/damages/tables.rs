//! Tables: rows, columns, constraints, indexes, triggers, rules, settings.

use super::Damage;

pub const DAMAGES: &[Damage] = &[
    Damage {
        made: "create table acme.row_other (id int, n int); insert into acme.row_other values (1, 1)",
        damage: "update acme_r.row_other set n = 2",
        told: &["table \"acme_r\".\"row_other\" has other content in as many rows"],
    },
    Damage {
        made: "create table acme.row_gone (n int); insert into acme.row_gone values (1), (1)",
        damage: "delete from acme_r.row_gone where ctid = '(0,1)'",
        told: &["table \"acme_r\".\"row_gone\" has 1 rows instead of 2"],
    },
    Damage {
        made: "create table acme.row_twice (n int); insert into acme.row_twice values (1), (2), (2)",
        damage: "update acme_r.row_twice set n = 1 where ctid = '(0,3)'",
        told: &["table \"acme_r\".\"row_twice\" has other content in as many rows"],
    },
    Damage {
        made: "create table acme.table_gone (n int)",
        damage: "drop table acme_r.table_gone",
        told: &[
            "table acme_r.table_gone is missing",
            "column acme_r.table_gone.n is missing",
        ],
    },
    Damage {
        made: "",
        damage: "create table acme_r.table_new (n int)",
        told: &[
            "table acme_r.table_new is in production only",
            "column acme_r.table_new.n is in production only",
        ],
    },
    Damage {
        made: "create table acme.options (n int) with (fillfactor = 70)",
        damage: "alter table acme_r.options reset (fillfactor)",
        told: &["table acme_r.options is defined otherwise"],
    },
    Damage {
        made: "create table acme.toast_options (t text) with (toast.autovacuum_enabled = off)",
        damage: "alter table acme_r.toast_options set (toast.autovacuum_enabled = on)",
        told: &["table acme_r.toast_options is defined otherwise"],
    },
    Damage {
        made: "create table acme.logged (n int)",
        damage: "alter table acme_r.logged set unlogged",
        told: &["table acme_r.logged is defined otherwise"],
    },
    Damage {
        made: "create table acme.replicated (n int); alter table acme.replicated replica identity full",
        damage: "alter table acme_r.replicated replica identity default",
        told: &["table acme_r.replicated is defined otherwise"],
    },
    Damage {
        made: "create table acme.identified (n int not null); create unique index by_n on acme.identified (n);
            alter table acme.identified replica identity using index by_n",
        damage: "alter table acme_r.identified replica identity nothing",
        told: &[
            "table acme_r.identified is defined otherwise",
            "index acme_r.by_n is defined otherwise",
        ],
    },
    Damage {
        made: "create table acme.clustered (n int); create index clustering on acme.clustered (n);
            alter table acme.clustered cluster on clustering",
        damage: "alter table acme_r.clustered set without cluster",
        told: &["index acme_r.clustering is defined otherwise"],
    },
    Damage {
        made: "create type acme.of_type as (n int); create table acme.typed of acme.of_type",
        damage: "alter table acme_r.typed not of",
        told: &["table acme_r.typed is defined otherwise"],
    },
    Damage {
        made: "create table acme.parent (n int); create table acme.child () inherits (acme.parent)",
        damage: "alter table acme_r.child no inherit acme_r.parent",
        told: &[
            "inheritance acme_r.child is missing",
            "column acme_r.child.n is defined otherwise",
        ],
    },
    Damage {
        made: "create table acme.tree (n int) partition by range (n);
            create table acme.leaf partition of acme.tree for values from (0) to (9)",
        damage: "alter table acme_r.tree detach partition acme_r.leaf;
            alter table acme_r.tree attach partition acme_r.leaf for values from (0) to (8)",
        told: &["table acme_r.leaf is defined otherwise"],
    },
    Damage {
        made: "create table acme.column_gone (n int, o int)",
        damage: "alter table acme_r.column_gone drop o",
        told: &["column acme_r.column_gone.o is missing"],
    },
    Damage {
        made: "create table acme.column_new (n int)",
        damage: "alter table acme_r.column_new add o int",
        told: &["column acme_r.column_new.o is in production only"],
    },
    Damage {
        made: "create table acme.order_of_columns (n int, o int)",
        damage: "alter table acme_r.order_of_columns drop n; alter table acme_r.order_of_columns add n int",
        told: &[
            "column acme_r.order_of_columns.n is defined otherwise",
            "column acme_r.order_of_columns.o is defined otherwise",
        ],
    },
    Damage {
        made: "create table acme.column_type (w varchar(5), c text collate \"C\")",
        damage: "alter table acme_r.column_type alter w type varchar(6), alter c type text collate \"POSIX\"",
        told: &[
            "column acme_r.column_type.c is defined otherwise",
            "column acme_r.column_type.w is defined otherwise",
        ],
    },
    Damage {
        made: "create table acme.column_default (n int default 1, o int default 1)",
        damage: "alter table acme_r.column_default alter n set default 2, alter o drop default",
        told: &[
            "column acme_r.column_default.n is defined otherwise",
            "column acme_r.column_default.o is defined otherwise",
        ],
    },
    Damage {
        made: "create table acme.column_not_null (n int not null)",
        damage: "alter table acme_r.column_not_null alter n drop not null",
        told: &["column acme_r.column_not_null.n is defined otherwise"],
    },
    Damage {
        made: "create table acme.column_generated (n int, o int generated always as (n * 2) stored)",
        damage: "alter table acme_r.column_generated alter o drop expression",
        told: &["column acme_r.column_generated.o is defined otherwise"],
    },
    Damage {
        made: "create table acme.column_identity (n int generated always as identity)",
        damage: "alter table acme_r.column_identity alter n set generated by default",
        told: &["column acme_r.column_identity.n is defined otherwise"],
    },
    Damage {
        made: "create table acme.column_storage (w text); alter table acme.column_storage alter w set storage external",
        damage: "alter table acme_r.column_storage alter w set storage main",
        told: &["column acme_r.column_storage.w is defined otherwise"],
    },
    Damage {
        made: "create table acme.column_compression (w text compression pglz)",
        damage: "alter table acme_r.column_compression alter w set compression default",
        told: &["column acme_r.column_compression.w is defined otherwise"],
    },
    Damage {
        made: "create table acme.column_statistics (n int); alter table acme.column_statistics alter n set statistics 500",
        damage: "alter table acme_r.column_statistics alter n set statistics -1",
        told: &["column acme_r.column_statistics.n is defined otherwise"],
    },
    Damage {
        made: "create table acme.column_options (n int); alter table acme.column_options alter n set (n_distinct = 5)",
        damage: "alter table acme_r.column_options alter n reset (n_distinct)",
        told: &["column acme_r.column_options.n is defined otherwise"],
    },
    Damage {
        made: "create table acme.check_gone (n int constraint checks check (n > 0))",
        damage: "alter table acme_r.check_gone drop constraint checks",
        told: &["constraint checks on acme_r.check_gone is missing"],
    },
    Damage {
        made: "create table acme.check_not_valid (n int constraint checks check (n > 0))",
        damage: "alter table acme_r.check_not_valid drop constraint checks;
            alter table acme_r.check_not_valid add constraint checks check (n > 0) not valid",
        told: &["constraint checks on acme_r.check_not_valid is defined otherwise"],
    },
    Damage {
        made: "create table acme.check_valid (n int); alter table acme.check_valid add constraint checks check (n > 0) not valid",
        damage: "alter table acme_r.check_valid validate constraint checks",
        told: &["constraint checks on acme_r.check_valid is defined otherwise"],
    },
    Damage {
        made: "create table acme.referenced (n int primary key); create table acme.refers (n int constraint refers references acme.referenced)",
        damage: "alter table acme_r.refers drop constraint refers;
            alter table acme_r.refers add constraint refers foreign key (n) references acme_r.referenced not valid",
        told: &["constraint refers on acme_r.refers is defined otherwise"],
    },
    Damage {
        made: "create table acme.deferred (n int constraint defers references acme.referenced deferrable)",
        damage: "alter table acme_r.deferred alter constraint defers not deferrable",
        told: &["constraint defers on acme_r.deferred is defined otherwise"],
    },
    Damage {
        made: "create table acme.excluded (n int4range, constraint excludes exclude using gist (n with &&))",
        damage: "alter table acme_r.excluded drop constraint excludes",
        told: &[
            "constraint excludes on acme_r.excluded is missing",
            "index acme_r.excludes is missing",
        ],
    },
    Damage {
        made: "create table acme.unique_n (n int constraint only_one unique)",
        damage: "alter table acme_r.unique_n drop constraint only_one; create unique index only_one on acme_r.unique_n (n)",
        told: &["constraint only_one on acme_r.unique_n is missing"],
    },
    Damage {
        made: "create table acme.indexed (n int, w text); create index index_gone on acme.indexed (n);
            create index index_options on acme.indexed (n) with (fillfactor = 50);
            create index index_statistics on acme.indexed ((n + 1));
            alter index acme.index_statistics alter column 1 set statistics 7;
            create index index_invalid on acme.indexed (w)",
        damage: "drop index acme_r.index_gone; create index index_new on acme_r.indexed (n);
            alter index acme_r.index_options set (fillfactor = 60);
            alter index acme_r.index_statistics alter column 1 set statistics -1;
            reset role; update pg_index set indisvalid = false where indexrelid = 'acme_r.index_invalid'::regclass",
        told: &[
            "index acme_r.index_gone is missing",
            "index acme_r.index_invalid is missing",
            "index acme_r.index_new is in production only",
            "index acme_r.index_options is defined otherwise",
            "index acme_r.index_statistics is defined otherwise",
            "invalid index acme_r.index_invalid is in production only",
        ],
    },
    Damage {
        made: "create table acme.triggered (n int);
            create function acme.one() returns trigger language plpgsql as 'begin return new; end';
            create trigger trigger_off before insert on acme.triggered for each row execute function acme.one();
            create trigger trigger_always before insert on acme.triggered for each row execute function acme.one();
            alter table acme.triggered enable always trigger trigger_always;
            create trigger trigger_gone before insert on acme.triggered for each row execute function acme.one();
            create trigger trigger_otherwise before insert on acme.triggered for each row execute function acme.one()",
        damage: "alter table acme_r.triggered disable trigger trigger_off, enable trigger trigger_always;
            drop trigger trigger_gone on acme_r.triggered;
            create or replace trigger trigger_otherwise before insert on acme_r.triggered for each row when (new.n > 0) execute function acme_r.one();
            create trigger trigger_new before insert on acme_r.triggered for each row execute function acme_r.one()",
        told: &[
            "trigger trigger_always on acme_r.triggered is defined otherwise",
            "trigger trigger_gone on acme_r.triggered is missing",
            "trigger trigger_new on acme_r.triggered is in production only",
            "trigger trigger_off on acme_r.triggered is defined otherwise",
            "trigger trigger_otherwise on acme_r.triggered is defined otherwise",
        ],
    },
    Damage {
        made: "create table acme.ruled (n int); create rule rule_off as on insert to acme.ruled do also nothing;
            create rule rule_gone as on delete to acme.ruled do also nothing",
        damage: "alter table acme_r.ruled disable rule rule_off; drop rule rule_gone on acme_r.ruled",
        told: &[
            "rule rule_gone on acme_r.ruled is missing",
            "rule rule_off on acme_r.ruled is defined otherwise",
        ],
    },
    Damage {
        made: "create foreign table acme.remote (n int options (column_name 'a')) server elsewhere options (table_name 'b')",
        damage: "alter foreign table acme_r.remote options (set table_name 'c'), alter n options (set column_name 'd')",
        told: &[
            "column acme_r.remote.n is defined otherwise",
            "foreign table acme_r.remote is defined otherwise",
        ],
    },
];
