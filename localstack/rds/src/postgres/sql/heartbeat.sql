-- One row that is written again and again: each commit is an instant that recovery can reach.
create table heartbeat (one boolean primary key default true check (one), at timestamptz not null);
insert into heartbeat (at) values (clock_timestamp());
