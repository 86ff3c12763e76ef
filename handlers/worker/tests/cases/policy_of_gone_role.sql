-- A policy for a role that has gone since is left out, and told, with its comment.
reset role;
create role gone_reader;
set role olga;
create table acme.t (id int);
insert into acme.t values (1);
create policy for_gone on acme.t to gone_reader using (true);
comment on policy for_gone on acme.t is 'gone';
create policy for_clerk on acme.t to clerk using (id > 0);
alter table acme.t enable row level security;
--- later
drop owned by gone_reader;
drop role gone_reader;
--- remarks
CommentLeftOut COMMENT "acme_r".POLICY for_gone ON t
NotAsItWas comment on policy for_gone on acme_r.t
NotAsItWas policy for_gone on acme_r.t
PolicyLeftOut POLICY "acme_r".t for_gone
--- ddl
- COMMENT ON POLICY for_gone ON acme.t IS 'gone';
- CREATE POLICY for_gone ON acme.t TO gone_reader USING (true);
