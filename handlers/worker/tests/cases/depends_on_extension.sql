-- ALTER … DEPENDS ON EXTENSION.
reset role;
create extension pg_trgm schema public;
set role olga;
create table acme.t (w text);
create index by_trigram on acme.t using gin (w public.gin_trgm_ops);
alter index acme.by_trigram depends on extension pg_trgm;
create function acme.near(text) returns boolean language sql as $$select public.similarity($1, 'x') > 0$$;
alter function acme.near(text) depends on extension pg_trgm;
create materialized view acme.m as select w from acme.t;
alter materialized view acme.m depends on extension pg_trgm;
create trigger tr before update on acme.t for each row execute function suppress_redundant_updates_trigger();
alter trigger tr on acme.t depends on extension pg_trgm;
