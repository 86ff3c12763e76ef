-- Everything that a row's text form depends on, so that two sides compare equal.
-- row_security off: an unreadable row is an error, never silently left out.
set local timezone to 'UTC';
set local datestyle to 'ISO, YMD';
set local intervalstyle to 'postgres';
set local extra_float_digits to 1;
set local bytea_output to 'hex';
set local lc_monetary to 'C';
set local xmloption to 'content';
set local row_security to off;
set local statement_timeout to 0;
