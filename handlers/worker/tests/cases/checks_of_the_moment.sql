-- Checks that hold for those only who wrote the rows, or held then.
create table acme.by_time (at timestamptz, constraint soon check (at < now() + interval '1 day' and at > clock_timestamp() - interval '1 second'));
insert into acme.by_time values (now());
create table acme.by_user (who text constraint mine check (who = current_user));
insert into acme.by_user values ('olga');
create table acme.by_setting (tenant text constraint of_tenant check (tenant = current_setting('acme.tenant', true)));
set acme.tenant = 'a';
insert into acme.by_setting values ('a');
reset acme.tenant;
create table acme.still_holds (at date constraint past check (at <= current_date));
insert into acme.still_holds values ('2020-01-01');
create domain acme.today as date constraint past check (value <= current_date);
create table acme.of_domain (at acme.today);
insert into acme.of_domain values ('2020-01-01');
--- holds
select 'rows', (select count(*) = 1 from acme_r.by_time) and (select count(*) = 1 from acme_r.by_user) and (select count(*) = 1 from acme_r.by_setting);
select 'valid', (select convalidated from pg_constraint where conname = 'past' and conrelid = 'acme_r.still_holds'::regclass);
--- remarks
CheckNotValid "mine" on "acme_r"."by_user"
CheckNotValid "soon" on "acme_r"."by_time"
--- ddl
+ ADD CONSTRAINT mine CHECK ((who = CURRENT_USER)) NOT VALID;
+ ADD CONSTRAINT soon CHECK (((at < (now() + '1 day'::interval)) AND (at > (clock_timestamp() - '00:00:01'::interval)))) NOT VALID;
+ ALTER TABLE acme.by_time
+ ALTER TABLE acme.by_user
+ at timestamp with time zone
+ who text
- CONSTRAINT mine CHECK ((who = CURRENT_USER))
- CONSTRAINT soon CHECK (((at < (now() + '1 day'::interval)) AND (at > (clock_timestamp() - '00:00:01'::interval))))
- at timestamp with time zone,
- who text,
--- mentions
CONSTRAINT of_tenant CHECK ((tenant = current_setting('acme.tenant'::text, true)))
