-- User-defined types of every kind, nested in each other, and of other schemas.
reset role;
create schema shared;
grant usage on schema shared to public;
create type shared.level as enum ('low', 'high');
create domain shared.positive as int check (value > 0);
set role olga;
create type acme.mood as enum ('sad', 'happy');
alter type acme.mood add value 'ok' before 'happy';
alter type acme.mood rename value 'sad' to 'very sad';
create domain acme.code as text collate "C" default 'x' not null check (value ~ '^[a-z]+$');
create domain acme.codes as acme.code[] check (array_length(value, 1) < 5);
create domain acme.short_code as acme.code constraint short check (length(value) < 4);
create domain acme.late as int;
create type acme.point3 as (x float8, y float8, z numeric(10, 2), label text collate "C", mood acme.mood);
create type acme.line3 as (a acme.point3, points acme.point3[]);
create type acme.mood_span as range (subtype = acme.mood, multirange_type_name = acme.mood_spans);
create function acme.gap(a float8, b float8) returns float8 language sql immutable as 'select a - b';
create type acme.float_span as range (subtype = float8, subtype_diff = acme.gap);
create type acme.text_span as range (subtype = text, collation = "C");
create table acme.typed of acme.point3 (x default 1, constraint has_label check (label is not null));
alter table acme.typed add primary key (x);
insert into acme.typed values (1, 2, 3.5, 'one', 'ok');
create table acme.all_types (
    id int primary key, mood acme.mood default 'ok', moods acme.mood[], code acme.code, codes acme.codes, short acme.short_code,
    late acme.late, p acme.point3, ps acme.point3[], l acme.line3, span acme.mood_span, spans acme.mood_spans, spanned acme.mood_span[],
    fs acme.float_span, ts acme.text_span, level shared.level, levels shared.level[], n shared.positive, row_of acme.typed, rows_of acme.typed[]
);
insert into acme.all_types values
    (1, 'very sad', '{ok,happy,NULL}', 'abc', '{a,b}', 'abc', -1, row(1, 'NaN', 3, 'l', 'ok'), array[row(1, 2, 3, null, null)::acme.point3, null],
     row(row(1, 2, 3, 'x,"y"', 'happy'), array[row(1, 2, 3, 'q', 'ok')::acme.point3]), '[very sad,happy)', '{[very sad,ok), [happy,happy]}', array['[ok,ok]', 'empty']::acme.mood_span[],
     '[1,2)', '(a,b]', 'high', '{low,high}', 5, (select t from acme.typed t), array(select t from acme.typed t)),
    (2, null, null, 'x', null, 'b', null, null, null, null, null, null, null, null, null, null, null, null, null, null);
alter domain acme.late add constraint positive check (value > 0) not valid;
create function acme.moods(acme.mood default 'ok') returns setof acme.mood language sql as $$select unnest(enum_range($1))$$;
create function acme.typed_rows() returns setof acme.typed language sql as $$select * from acme.typed$$;
create function acme.as_table() returns table (m acme.mood, p acme.point3) language sql as $$select 'ok'::acme.mood, null::acme.point3$$;
comment on type acme.mood is 'of a person';
comment on constraint short on domain acme.short_code is 'short';
comment on column acme.point3.x is 'abscissa';
grant usage on type acme.mood to clerk;
revoke usage on type acme.code from public;
create index on acme.all_types using gist (fs);
--- later
alter type acme.mood rename value 'ok' to 'so so';
alter type acme.point3 drop attribute z cascade;
--- holds
select 'values', (select array_agg(mood::text order by id) = '{very sad,NULL}' and max(ps::text) = '{"(1,2,3.00,,)",NULL}' from acme_r.all_types);
select 'enum order', enum_range(null::acme_r.mood)::text = '{"very sad",ok,happy}';
select 'multirange', (select spans::text = '{["very sad",ok),[happy,happy]}' from acme_r.all_types where id = 1);
select 'not valid', (select not convalidated from pg_constraint where conname = 'positive' and contypid = 'acme_r.late'::regtype);
select 'typed', (select reloftype = 'acme_r.point3'::regtype from pg_class where oid = 'acme_r.typed'::regclass);
select 'functions', (select count(*) = 3 from acme_r.moods());
