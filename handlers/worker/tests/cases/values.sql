-- Values at the edges of their types.
create table acme.v (
    id int primary key, i2 int2, i8 int8, n numeric, n2 numeric(20, 5), f4 float4, f8 float8, d date, ts timestamp, tz timestamptz, tm time, tt timetz, iv interval,
    b bytea, j json, jb jsonb, x xml, bt bit(5), vb varbit, tv tsvector, tq tsquery, ip inet, ci cidr, ma macaddr, ma8 macaddr8, mo money,
    c char(5), vc varchar(10), t text, u uuid, a int[], a2 text[][], bo boolean, pt point, pg polygon, ci2 circle, o oid, q "char", nm name, ls pg_lsn, r int4range, mr int8multirange, jp jsonpath, xid8 xid8
);
insert into acme.v (id, i2, i8, n, n2, f4, f8, d, ts, tz, tm, tt, iv) values
    (1, -32768, 9223372036854775807, 'NaN', 12345.6, 'NaN', 'Infinity', 'infinity', '-infinity', 'infinity', '24:00', '23:59:59.999999+15:59', '-178000000 years'),
    (2, 32767, -9223372036854775808, 'Infinity', -0.00001, '-0', '1e-307', '4713-01-01 BC', '4713-01-01 00:00:00 BC', '0001-01-01 00:00:00+00 BC', '00:00', '00:00-15', '1 mon -3 days 00:00:00.000001'),
    (3, 0, 0, '-Infinity', 0.10, 1.17549e-38, 0.1, '5874897-12-31', '294276-12-31 23:59:59.999999', '2024-02-29 12:00:00.123456+05:30', '12:00', '12:00+00', '0'),
    (4, null, null, 1.500000000000000000000000000000000000000000000000000000000000000000001, 1, 3.4e38, 1.7976931348623157e308, null, null, null, null, null, null);
insert into acme.v (id, b, j, jb, x, bt, vb, tv, tq, ip, ci, ma, ma8, mo) values
    (11, '\x00ff', ' {"a": 1,  "a": 2 }', '{"b": 1.00, "a": null, "c": "\u00e9\\n"}', '<a b="c">&amp;</a>', '10101', '', '''a'':1A ''b c'':2,3B', '''a'' & !(''b'' <-> ''c'':*)', '10.0.0.1/8', '10.0.0.0/8', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', '-92233720368547758.08'),
    (12, '', '[]', '1e400', 'text only', '00000', '1', '', '', '::1', '::/0', '00:00:00:00:00:00', '00:00:00:00:00:00:00:00', '0.01');
insert into acme.v (id, c, vc, t, u, a, a2, bo, pt, pg, ci2, o, q, nm, ls, r, mr, jp, xid8) values
    (21, 'ab', 'ab   ', e'tab\tnl\ncr\r\\N \\. \\\\', '00000000-0000-0000-0000-000000000000', '[-2:0]={1,NULL,3}', '{{a,"b,c"},{"","NULL"}}', true, '(1e-320,Infinity)', '((0,0),(1,1),(1,0))', '<(0,0),1>', 4294967295, 'x', 'name', 'FFFFFFFF/FFFFFFFF', 'empty', '{[1,3), [5,)}', '$.a ? (@ > 1)', '18446744073709551615'),
    (22, '', '', '', null, '{}', '{}', false, null, null, null, 0, '', '', '0/0', '(,)', '{}', 'strict $', '0'),
    (23, '     ', '     ', '\N', null, '{NULL}', '{NULL,"NULL"}', null, null, null, null, null, E'\001', 'é', null, null, null, null, null),
    (24, 'éé', 'é', repeat('long é ', 200000), null, null, null, null, null, null, null, null, null, null, null, null, null, null, null);
create table acme.empty_row (a int, b text);
insert into acme.empty_row values (null, null), (null, null), (null, ''), (null, null);
create table acme.none ();
insert into acme.none default values;
insert into acme.none default values;
create table acme.only_dropped (a int, b int);
insert into acme.only_dropped values (1, 2);
alter table acme.only_dropped drop column a;
alter table acme.only_dropped add column c text default 'filled', add column d int generated always as (b * 2) stored;
alter table acme.only_dropped drop column b cascade;
--- holds
select 'every value', (select md5(string_agg(v::text, ';' order by id)) from acme.v v) = (select md5(string_agg(v::text, ';' order by id)) from acme_r.v v);
select 'padding', (select octet_length(c) = 5 and c = 'ab' from acme_r.v where id = 21);
select 'lower bound', (select array_lower(a, 1) = -2 from acme_r.v where id = 21);
select 'negative zero', (select f4::text = '-0' from acme_r.v where id = 2);
select 'json as it was', (select j::text = ' {"a": 1,  "a": 2 }' from acme_r.v where id = 11);
select 'rows without columns', (select count(*) = 2 from acme_r.none);
select 'rows of nulls', (select count(*) = 4 and count(b) = 1 from acme_r.empty_row);
select 'filled', (select c = 'filled' from acme_r.only_dropped);
