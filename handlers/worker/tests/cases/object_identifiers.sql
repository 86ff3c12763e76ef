-- Values that are OIDs: in binary they would point to live.
create table acme.t (id int primary key);
create function acme.f(int) returns int language sql as 'select 1';
create type acme.holder as (r regclass, p regprocedure);
create domain acme.table_name as regclass;
create text search configuration acme.words (copy = simple);
create collation acme.co (provider = icu, locale = 'de');
create table acme.named (id int primary key, c regclass, t regtype, p regproc, pr regprocedure, o regoperator, n regnamespace, ro regrole, cfg regconfig, col regcollation, cs regclass[], h acme.holder, hs acme.holder[], d acme.table_name, ds acme.table_name[]);
insert into acme.named values (1, 'acme.t', 'acme.holder', 'acme.f', 'acme.f(int)', '+(int,int)', 'acme', 'olga', 'acme.words', 'acme.co', '{acme.t,acme.named,pg_class}', row('acme.t', 'acme.f(int)'), array[row('acme.t', null)::acme.holder], 'acme.t', '{acme.t}');
insert into acme.named (id, c, t) values (2, 0, 'int');
--- holds
select 'all of them', (select c = 'acme_r.t'::regclass and t = 'acme_r.holder'::regtype and p = 'acme_r.f'::regproc and pr = 'acme_r.f(int)'::regprocedure and n = 'acme_r'::regnamespace and ro = 'olga'::regrole and cfg = 'acme_r.words'::regconfig and col = 'acme_r.co'::regcollation and cs[2] = 'acme_r.named'::regclass and (h).r = 'acme_r.t'::regclass and (hs[1]).r = 'acme_r.t'::regclass and d = 'acme_r.t'::regclass and ds[1] = 'acme_r.t'::regclass from acme_r.named where id = 1);
