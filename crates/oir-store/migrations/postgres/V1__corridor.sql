-- The corridor: register, messages, bilag, postings, events, faults, outbox, totals.
-- Pair of sqlite/V1__corridor.sql: same tables, columns, nullability.
-- Time is microseconds UTC, days are ISO text, money is whole øre, ids are 16 bytes.
create table register_version (one integer primary key check (one = 1), version bigint not null);
insert into register_version values (1, 1);

create table myndighed (kommune integer primary key, cvr text not null unique, navn text not null);
create table fagsystem (
  fagsystem uuid primary key, kortnavn text not null, navn text not null,
  konteringsfacet text not null);
create table agreement (
  kommune integer not null, fagsystem uuid not null, valid_from text not null, valid_to text,
  primary key (kommune, fagsystem, valid_from));
create table booking_period (
  kommune integer not null, regnskabsaar integer not null,
  kind text not null check (kind in ('ordinary', 'supplementary')),
  first_day text not null, last_day text not null, is_open integer not null check (is_open in (0, 1)),
  primary key (kommune, regnskabsaar, kind, first_day));
create table sortimentspost (
  fagsystem uuid not null, kommune integer not null, facet text not null, vaerdi text not null,
  valid_from text not null, valid_to text,
  primary key (fagsystem, kommune, facet, vaerdi, valid_from));
create table omsaetning (
  kommune integer not null, fagsystem uuid not null, vaerdi text not null, konto text not null,
  valid_from text not null, valid_to text,
  primary key (kommune, fagsystem, vaerdi, valid_from));
create table receiver (
  kommune integer primary key, url text not null,
  idempotent integer not null check (idempotent in (0, 1)));

-- Our ids grow with time: keys that begin with them put new rows beside one another, whoever
-- they belong to, so that a group of messages touches few pages.
create table afsendelse (
  kommune integer not null, afsendelse_id uuid not null, fagsystem uuid, transaktions_id uuid,
  claimed_id uuid, modtaget bigint not null, dag text not null,
  channel text not null check (channel in ('soap11', 'soap12', 'json')),
  content_digest bytea not null, raw_digest bytea not null, raw bytea not null,
  outcome text not null check (outcome in ('taken', 'unreadable', 'parked')),
  korrelations_id text, antal_bilag integer not null,
  primary key (afsendelse_id, kommune));
create unique index afsendelse_claim on afsendelse (claimed_id, fagsystem, kommune)
  where claimed_id is not null;
create index afsendelse_unreadable on afsendelse (dag) where outcome <> 'taken';

create table bilag (
  kommune integer not null, bilag_id uuid not null, afsendelse_id uuid not null,
  position integer not null, fagsystem uuid not null, bilag_uuid uuid not null, claimed_uuid uuid,
  modtaget bigint not null, dag text not null, digest bytea not null,
  afsender_bilagsnummer text not null, bilagsdato text not null, bogfoeringsdato text not null,
  regnskabsaar integer not null,
  posteringstype text not null check (posteringstype in ('NOR', 'SUP', 'PRI')),
  valuta text not null, tekst text not null, korrigerer uuid, posteringer integer not null,
  debet bigint not null, kredit bigint not null, rejected integer not null,
  state text not null check (state in ('rejected', 'held', 'mapped', 'sending',
    'awaiting_receipt', 'waiting', 'uncertain', 'booked', 'refused', 'parked')),
  attempts integer not null, erp_bilagsnummer text, version bigint not null,
  changed bigint not null,
  primary key (bilag_id, kommune));
create unique index bilag_claim on bilag (claimed_uuid, fagsystem, kommune)
  where claimed_uuid is not null;
create index bilag_of_message on bilag (afsendelse_id, kommune);
create index bilag_held on bilag (kommune, bilag_id) where state = 'held';
-- What a municipality sees, newest first; the day is there to be looked at without the row.
create index bilag_of_kommune on bilag (kommune, bilag_id, dag);
-- What waits for a person. Bilag on their way pass it by: they are found through the outbox.
create index bilag_to_handle on bilag (kommune, bilag_id)
  where state in ('rejected', 'held', 'refused', 'parked');
create index bilag_booked on bilag (kommune, bogfoeringsdato) where state = 'booked';
-- The sender's id is random and scatters: only those that do not claim theirs need it here.
create index bilag_unclaimed on bilag (bilag_uuid) where claimed_uuid is null;
create index bilag_corrects on bilag (kommune, korrigerer) where korrigerer is not null;

create table bilag_repeat (
  kommune integer not null, afsendelse_id uuid not null, position integer not null,
  bilag_id uuid not null, primary key (afsendelse_id, kommune, position));

create table postering (
  kommune integer not null, bilag_id uuid not null, position integer not null,
  linjenummer integer not null, side text not null check (side in ('D', 'K')),
  beloeb bigint not null check (beloeb >= 0), tekst text not null, sortiment text not null,
  konto text, periode_fra text, periode_til text, part_cpr text, part_cvr text, part_rolle text,
  kle text, sagsnummer text, ydelse text, refusionsprocent integer, momskode text, reference text,
  primary key (bilag_id, kommune, position));

create table bilag_event (
  kommune integer not null, bilag_id uuid not null, number integer not null,
  at bigint not null, event text not null, to_state text not null, attempt integer not null,
  detail text, primary key (bilag_id, kommune, number));

create table fault (
  kommune integer not null, afsendelse_id uuid not null, bilag_id uuid not null,
  number integer not null, dag text not null, code text not null, linje integer,
  path text not null, vaerdier text not null,
  primary key (afsendelse_id, kommune, bilag_id, number));
create index fault_of_bilag on fault (bilag_id, kommune);
create index fault_by_code on fault (code);
-- The day is the day of reception, whenever the fault came.
create index fault_of_day on fault (dag);

create table outbox (
  kommune integer not null, bilag_id uuid not null, fagsystem uuid not null, due bigint not null,
  owner text, primary key (bilag_id, kommune));
create index outbox_due on outbox (due);

-- Kept apart by writer ("shard"), so that writers never wait for one another's rows; read by sum.
create table control_total (
  kommune integer not null, dag text not null, fagsystem uuid not null, state text not null,
  shard integer not null, antal bigint not null, debet bigint not null,
  primary key (dag, kommune, fagsystem, state, shard));
-- Hands each process that joins a shard of its own; 32 rows per key are still quickly summed.
create sequence total_shard minvalue 0 maxvalue 31 cycle;

-- The raw bytes are written once and read whole or not at all: a message of ordinary size lies in
-- its row, which saves the three rows and index entries beside it, a larger one uncompressed.
alter table afsendelse alter column raw set storage external;
alter table afsendelse set (toast_tuple_target = 8160);

-- Lets a condition on the number of rows abort a transaction sent in one flight.
create function oir_expect(actual bigint, wanted bigint) returns bigint language plpgsql as $body$
begin
  if actual <> wanted then
    raise exception 'expected % rows, found %', wanted, actual using errcode = 'OI001';
  end if;
  return actual;
end $body$;

-- Evidence is append-only. The one permitted change: a posting that had no account gets one.
create function oir_append_only() returns trigger language plpgsql as $body$
begin
  raise exception 'append-only: %', tg_table_name;
end $body$;
create trigger afsendelse_append_only before update or delete on afsendelse
  for each row execute function oir_append_only();
create trigger bilag_event_append_only before update or delete on bilag_event
  for each row execute function oir_append_only();
create trigger fault_append_only before update or delete on fault
  for each row execute function oir_append_only();
create trigger postering_no_delete before delete on postering
  for each row execute function oir_append_only();
create trigger postering_no_update before update on postering for each row
  when (old.konto is not null or new.konto is null
    or new.beloeb <> old.beloeb or new.side <> old.side or new.tekst <> old.tekst
    or new.sortiment <> old.sortiment or new.linjenummer <> old.linjenummer)
  execute function oir_append_only();
create trigger bilag_no_delete before delete on bilag
  for each row execute function oir_append_only();
create trigger bilag_no_rewrite before update on bilag for each row
  when (new.digest <> old.digest or new.debet <> old.debet or new.kredit <> old.kredit
    or new.tekst <> old.tekst or new.bilag_uuid <> old.bilag_uuid
    or new.bogfoeringsdato <> old.bogfoeringsdato or new.version <= old.version)
  execute function oir_append_only();
