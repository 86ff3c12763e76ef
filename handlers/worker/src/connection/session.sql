-- Names are always qualified by us, so that no tenant's object is found by accident.
set search_path = '';
set row_security = off;
set statement_timeout = 0;
set lock_timeout = '5s';
set idle_in_transaction_session_timeout = 0;
set default_transaction_isolation = 'read committed';
set default_transaction_read_only = off;
-- The same text on both servers for every value.
set client_encoding = 'UTF8';
set TimeZone = 'UTC';
set DateStyle = 'ISO, YMD';
set IntervalStyle = 'postgres';
set extra_float_digits = 3;
set bytea_output = 'hex';
set lc_monetary = 'C';
set xmloption = 'content';
set array_nulls = on;
set standard_conforming_strings = on;
set quote_all_identifiers = off;
-- Settings of some versions only: 14 and later, 17 and later.
select pg_catalog.set_config(name, '0', false)
from pg_catalog.pg_settings
where name in ('idle_session_timeout', 'transaction_timeout');
