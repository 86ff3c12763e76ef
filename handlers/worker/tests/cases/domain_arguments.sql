-- Arguments and results whose type holds a domain with a name in its check.
create table acme.t (id int primary key, word text);
insert into acme.t values (1, 'then');
create domain acme.d as text check (value <> '' and to_regclass('acme.t'::text) is not null);
create domain acme.outer_d as acme.d;
create type acme.holder as (d acme.d);
create type acme.span as range (subtype = acme.d);
create function acme.by_domain(x acme.d default 'a') returns text language sql as $$select word from acme.t$$;
create function acme.by_outer(x acme.outer_d default 'a'::acme.d) returns text language sql as $$select word from acme.t$$;
create function acme.by_holder(x acme.holder default row('a')::acme.holder) returns text language sql as $$select word from acme.t$$;
create function acme.by_array(x acme.d[] default array['a']::acme.d[]) returns text language sql as $$select word from acme.t$$;
create function acme.returning() returns acme.holder language sql as $$select row(word)::acme.holder from acme.t$$;
create function acme.returning_set(out a acme.d, out b acme.holder) returns setof record language plpgsql as $$begin return query select word::acme.d, row(word)::acme.holder from acme.t; end$$;
create function acme.no_default(x acme.holder, y acme.d[]) returns text language sql as $$select word from acme.t$$;
create procedure acme.changes(inout x acme.holder default row('a')::acme.holder) language plpgsql as $$begin select row(word)::acme.holder into x from acme.t; end$$;
--- later
update acme.t set word = 'now';
--- holds
select 'by domain', acme_r.by_domain() = 'then' and acme_r.by_outer() = 'then';
select 'without a default', acme_r.no_default(null, null) = 'then';
select 'returning', acme_r.returning()::text = '(then)' and (select a = 'then' from acme_r.returning_set());
--- remarks
FunctionNamesOldSchema acme_r.by_array(acme_r.d[])
FunctionNamesOldSchema acme_r.by_holder(acme_r.holder)
FunctionNamesOldSchema acme_r.changes(acme_r.holder)
NotMended acme_r.by_array(acme_r.d[])
NotMended acme_r.by_holder(acme_r.holder)
NotMended acme_r.changes(acme_r.holder)
--- mentions
AS $$begin select row(word)::acme.holder into x from acme.t; end$$;
AS $$select word from acme.t$$;
AS $$select word from acme.t$$;
