-- Which version of a table decided, postings that share several accounts, who maps, and what was
-- said beforehand of bilag that an ERP maps by itself.
-- Pair of sqlite/V14__kontering.sql: same tables, columns, nullability.

-- Nothing when nobody has decided, when the ERP maps, and for bilag from before there were versions.
alter table bilag add column omsaetning_version integer;
create trigger bilag_mapped_once before update of omsaetning_version on bilag for each row
  when (old.omsaetning_version is not null
    and new.omsaetning_version is distinct from old.omsaetning_version)
  execute function oir_append_only();

-- Only of postings with several accounts, whose own konto is the empty text: no account is empty,
-- and the ordinary posting costs nothing more.
create table konteringslinje (
  kommune integer not null, bilag_id uuid not null, position integer not null, number integer not null,
  konto text not null check (konto <> ''), beloeb bigint not null check (beloeb >= 0),
  primary key (bilag_id, kommune, position, number));
create trigger konteringslinje_no_update before update on konteringslinje
  for each row execute function oir_append_only();
create trigger konteringslinje_no_delete before delete on konteringslinje
  for each row execute function oir_append_only();
create trigger konteringslinje_no_truncate before truncate on konteringslinje
  execute function oir_append_only();

-- The last decision of a table counts; no decision = the hub maps.
create table kontering_mode (
  kommune integer not null, fagsystem uuid not null, number integer not null,
  mode text not null check (mode in ('apply', 'mirror')), since bigint not null,
  subject text not null, navn text not null,
  primary key (kommune, fagsystem, number));
create trigger kontering_mode_no_update before update on kontering_mode
  for each row execute function oir_append_only();
create trigger kontering_mode_no_delete before delete on kontering_mode
  for each row execute function oir_append_only();
create trigger kontering_mode_no_truncate before truncate on kontering_mode
  execute function oir_append_only();

-- One row for each bilag that an ERP maps. No version = we held no table for its day.
create table mirror_bilag (
  kommune integer not null, bilag_id uuid not null, fagsystem uuid not null, dag text not null,
  omsaetning_version integer, refusal integer not null check (refusal in (0, 1)),
  primary key (bilag_id, kommune));
create index mirror_of_table on mirror_bilag (kommune, dag, fagsystem);
create trigger mirror_bilag_no_update before update on mirror_bilag
  for each row execute function oir_append_only();
create trigger mirror_bilag_no_delete before delete on mirror_bilag
  for each row execute function oir_append_only();
create trigger mirror_bilag_no_truncate before truncate on mirror_bilag
  execute function oir_append_only();
-- Accounts as our copy of the table says, and as the books do; a posting without any has none.
create table mirror_line (
  kommune integer not null, bilag_id uuid not null,
  said_by text not null check (said_by in ('hub', 'books')),
  linjenummer integer not null, number integer not null, konto text not null, beloeb bigint not null,
  primary key (bilag_id, kommune, said_by, linjenummer, number));
create trigger mirror_line_no_update before update on mirror_line
  for each row execute function oir_append_only();
create trigger mirror_line_no_delete before delete on mirror_line
  for each row execute function oir_append_only();
create trigger mirror_line_no_truncate before truncate on mirror_line
  execute function oir_append_only();
-- The books' last word, held against it.
create table mirror_answer (
  kommune integer not null, bilag_id uuid not null, at bigint not null,
  comparison text not null check (comparison in ('agreed', 'refused_as_foreseen',
    'refused_unforeseen', 'booked_unforeseen', 'other_account', 'untold')),
  primary key (bilag_id, kommune));
create trigger mirror_answer_no_update before update on mirror_answer
  for each row execute function oir_append_only();
create trigger mirror_answer_no_delete before delete on mirror_answer
  for each row execute function oir_append_only();
create trigger mirror_answer_no_truncate before truncate on mirror_answer
  execute function oir_append_only();
