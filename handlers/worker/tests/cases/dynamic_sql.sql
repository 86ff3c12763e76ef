-- What can't be decided is reported with its place and stays.
create table acme.t (id int);
create function acme.built(name text) returns void language plpgsql as $$
begin
    execute 'insert into acme.' || quote_ident(name) || ' values (1)';
end$$;
create function acme.formatted() returns void language plpgsql as $$begin execute format('delete from %I.%I', 'acme', 't'); end$$;
create function acme.by_constant() returns void language plpgsql as $$declare s constant text := 'acme'; begin execute format('delete from %I.t', s); end$$;
create function acme.whole() returns void language plpgsql as $$begin execute $q$update acme.t set id = 2$q$; end$$;
create function acme.only_text() returns text language sql as $$select 'we at acme, since 1990'::text$$;
--- remarks
FunctionNamesOldSchema acme_r.built(text)
FunctionNamesOldSchema acme_r.by_constant()
FunctionNamesOldSchema acme_r.formatted()
FunctionNamesOldSchema acme_r.whole()
--- mentions
execute 'insert into acme.' || quote_ident(name) || ' values (1)';
AS $$begin execute format('delete from %I.%I', 'acme', 't'); end$$;
AS $$declare s constant text := 'acme'; begin execute format('delete from %I.t', s); end$$;
AS $_$begin execute $q$update acme.t set id = 2$q$; end$_$;
