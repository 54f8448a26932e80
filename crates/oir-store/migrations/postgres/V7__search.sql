-- What makes searching quick, filled from a cursor after reception, and what people search for.
-- Pair of sqlite/V7__search.sql: same tables, columns, nullability.

-- All bilag up to here, by id, stand in the tables below; younger ones are looked through.
create table search_cursor (one integer primary key check (one = 1), indexed_to uuid not null);
insert into search_cursor values (1, '00000000-0000-0000-0000-000000000000');
-- Words, accounts, cases, sortiment values and amounts; of one term the newest lie together.
create table search_term (
  term text collate "C" not null, bilag_id uuid not null, kommune integer not null,
  primary key (term, bilag_id, kommune));
-- Each word once: what is typed may stand in the middle of one.
create table search_word (word text collate "C" not null, primary key (word));
-- Between which ids the bilag lie that were received (r) or are to be booked (b) on a day.
create table search_day (
  kind text not null check (kind in ('r', 'b')), dag text not null,
  first_id uuid not null, last_id uuid not null, primary key (kind, dag));
-- Entered before they had their accounts, which come later.
create table search_late (
  bilag_id uuid not null, kommune integer not null, primary key (bilag_id, kommune));

create index bilag_erp on bilag (erp_bilagsnummer) where erp_bilagsnummer is not null;
-- The newest bilag with a fault, without looking at the others.
drop index fault_by_code;
create index fault_by_code on fault (code, bilag_id, kommune);

-- A person's own: no evidence, and forgotten when they say so.
create table saved_view (
  view_id uuid primary key, subject text not null, navn text not null, query text not null,
  made bigint not null);
create unique index saved_view_navn on saved_view (subject, navn);
