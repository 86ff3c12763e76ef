-- Row level security, forced and not, with settings of the application that have the schema's name.
create table acme.secret (id int primary key, tenant text, owner name default current_user);
insert into acme.secret values (1, 'a', 'olga'), (2, 'b', 'clerk'), (3, 'c', 'nobody');
create function acme.tenant() returns text language sql stable as $$select current_setting('acme.tenant', true)$$;
create policy by_setting on acme.secret using (tenant = current_setting('acme.tenant', true));
create policy by_function on acme.secret as restrictive for all to public using (tenant = acme.tenant()) with check (tenant <> 'acme.secret');
create table acme.other (id int);
create policy for_clerk on acme.secret for update to clerk, auditor using (exists (select from acme.other o where o.id = secret.id)) with check (true);
create policy for_insert on acme.secret for insert to clerk with check (owner = current_user);
alter table acme.secret enable row level security, force row level security;
create policy unused on acme.other using (false);
create table acme.enabled_only (id int);
insert into acme.enabled_only values (1);
alter table acme.enabled_only enable row level security;
create table acme.forced_only (id int);
insert into acme.forced_only values (1);
alter table acme.forced_only force row level security;
create materialized view acme.of_secrets as select count(*) as n from acme.enabled_only;
grant select, update on acme.secret to clerk;
comment on policy by_setting on acme.secret is 'by setting';
--- holds
select 'every row', (select count(*) = 3 from acme_r.secret);
select 'flags', (select array_agg(relname || relrowsecurity || relforcerowsecurity order by relname) = '{enabled_onlytruefalse,forced_onlyfalsetrue,secrettruetrue}' from pg_class where relnamespace = 'acme_r'::regnamespace and relname in ('secret', 'enabled_only', 'forced_only') or oid = 'acme_r.other'::regclass and false);
set acme.tenant = 'a';
grant usage on schema acme_r to clerk;
set role clerk;
select 'the setting is the application''s', (select count(*) = 1 from acme_r.secret);
reset role;
--- remarks
TextNamesOldSchema acme_r.secret by_function
--- mentions
AS $$select current_setting('acme.tenant', true)$$;
CREATE POLICY by_function ON acme_r.secret AS RESTRICTIVE USING ((tenant = acme_r.tenant())) WITH CHECK ((tenant <> 'acme.secret'::text));
CREATE POLICY by_setting ON acme_r.secret USING ((tenant = current_setting('acme.tenant'::text, true)));
