-- Text search, collations, statistics.
create text search dictionary acme.english_stem (template = snowball, language = english, stopwords = english);
create text search dictionary acme.plain (template = simple, accept = false);
create text search configuration acme.words (copy = english);
alter text search configuration acme.words alter mapping for asciiword with acme.plain, acme.english_stem;
alter text search configuration acme.words drop mapping for email;
create collation acme.german (provider = icu, locale = 'de-DE');
create collation acme.blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
create collation acme.plain_c (locale = 'C');
create table acme.doc (id int primary key, body text collate acme.german, name text collate acme.blind unique, found tsvector generated always as (to_tsvector('acme.words', body)) stored, by_trigger tsvector);
insert into acme.doc (id, body, name) values (1, 'The running dogs a@b.de', 'Dog'), (2, 'Cats', 'CAT');
create index on acme.doc using gin (found);
create index on acme.doc using gin (to_tsvector('acme.words'::regconfig, body));
create index on acme.doc (body collate acme.plain_c);
create view acme.search as select id from acme.doc where found @@ to_tsquery('acme.words', 'dog');
create view acme.by_text as select ts_lexize('acme.english_stem', 'running') as l, body collate acme.plain_c as c from acme.doc;
create function acme.find(q text) returns setof int language sql stable as $$select id from acme.doc where to_tsvector('acme.words', body) @@ plainto_tsquery('acme.words', q)$$;
create function acme.by_type(q text) returns tsquery language plpgsql stable as $$begin return to_tsquery('acme.words'::regconfig, q); end$$;
create domain acme.german_text as text collate acme.german;
create type acme.german_range as range (subtype = text, collation = acme.german);
--- later
alter table acme.doc drop column found cascade;
drop text search configuration acme.words cascade;
--- holds
select 'generated', (select bool_and(found = to_tsvector('acme_r.words', body)) and bool_or(found::text like '%run%') from acme_r.doc);
select 'view', (select count(*) = 1 from acme_r.search);
select 'function', (select count(*) = 1 from acme_r.find('dogs'));
select 'function', acme_r.by_type('dogs')::text = '''dog''';
select 'blind', (select count(*) = 1 from acme_r.doc where name = 'dog');
