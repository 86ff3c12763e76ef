-- Loads one sample tenant with psql, from any directory:
--   psql "$url" -v ON_ERROR_STOP=1 -v schema=customer_a1 -f localstack/samples/load.sql
begin;
create schema :"schema";
set local search_path to :"schema";
\ir tenant.sql
\ir rows.sql
commit;
