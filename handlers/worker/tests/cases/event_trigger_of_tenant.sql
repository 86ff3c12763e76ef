-- An event trigger that runs the tenant's function, and that RDS's master can't disable in the copy: every statement of ours
-- there would run that function with the master's rights. Refused, and nothing is left behind.
reset role;
create function acme.on_ddl() returns event_trigger language plpgsql as $$begin null; end$$;
alter function acme.on_ddl() owner to olga;
create event trigger watches on ddl_command_start when tag in ('CREATE CONVERSION') execute function acme.on_ddl();
--- fails
extract: event trigger "watches" runs a function of role "olga", which would act with the master's rights on the temporary database
