-- Operators, classes and families, aggregates, casts.
create type acme.weight as (grams int);
create function acme.cmp(acme.weight, acme.weight) returns int language sql immutable strict as 'select btint4cmp($1.grams, $2.grams)';
create function acme.lt(acme.weight, acme.weight) returns boolean language sql immutable strict as 'select $1.grams < $2.grams';
create function acme.eq(acme.weight, acme.weight) returns boolean language sql immutable strict as 'select $1.grams = $2.grams';
create function acme.gt(acme.weight, acme.weight) returns boolean language sql immutable strict as 'select $1.grams > $2.grams';
create operator acme.<< (leftarg = acme.weight, rightarg = acme.weight, function = acme.lt, commutator = operator(acme.>>), restrict = scalarltsel, join = scalarltjoinsel);
create operator acme.>> (leftarg = acme.weight, rightarg = acme.weight, function = acme.gt, commutator = operator(acme.<<));
create operator acme.=== (leftarg = acme.weight, rightarg = acme.weight, function = acme.eq, commutator = operator(acme.===), hashes, merges, restrict = eqsel, join = eqjoinsel);
create function acme.grams(acme.weight) returns int language sql immutable as 'select $1.grams';
create function acme.weight(int) returns acme.weight language sql immutable as 'select row($1)::acme.weight';
create operator acme.!! (rightarg = acme.weight, function = acme.grams);
create cast (acme.weight as int) with function acme.grams(acme.weight) as assignment;
create cast (int as acme.weight) with function acme.weight(int) as implicit;
create cast (acme.weight as text) with inout;
create function acme.heavier(acme.weight, acme.weight) returns acme.weight language sql immutable as 'select case when $1.grams > $2.grams then $1 else $2 end';
create aggregate acme.heaviest(acme.weight) (sfunc = acme.heavier, stype = acme.weight, sortop = operator(acme.>>), initcond = '(0)', parallel = safe);
create aggregate acme.moving(int) (sfunc = int4pl, stype = int, initcond = '0', msfunc = int4pl, minvfunc = int4mi, mstype = int, minitcond = '0', finalfunc_modify = read_only);
create function acme.first_of(anyarray, anyelement) returns anyarray language sql immutable as 'select coalesce($1, array[$2])';
create aggregate acme.ordered(order by anyelement) (sfunc = acme.first_of, stype = anyarray, initcond = '{}');
create table acme.parcels (id int primary key, w acme.weight, g int);
insert into acme.parcels select i, i, i from generate_series(1, 20) i;
create index parcels_w on acme.parcels (w);
create view acme.by_cast as select id, w::int as grams, g::acme.weight as w from acme.parcels where w operator(acme.>>) 5::acme.weight;
create table acme.cast_default (w acme.weight default 5, n int generated always as ((w)::int) stored);
insert into acme.cast_default default values;
create function acme.by_operator(acme.weight) returns boolean language sql as 'select $1 operator(acme.<<) 7';
create view acme.by_aggregate as select acme.heaviest(w) as w from acme.parcels;
--- later
drop cast (int as acme.weight) cascade;
--- holds
select 'cast of the restored type', (select (w::int) = 3 from acme_r.parcels where id = 3);
select 'view', (select count(*) = 15 from acme_r.by_cast);
select 'aggregate', (select (w).grams = 20 from acme_r.by_aggregate);
select 'generated', (select n = 5 from acme_r.cast_default);
select 'body', acme_r.by_operator(5);
