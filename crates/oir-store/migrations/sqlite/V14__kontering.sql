-- Which version of a table decided, postings that share several accounts, who maps, and what was
-- said beforehand of bilag that an ERP maps by itself.
-- Pair of postgres/V14__kontering.sql: same tables, columns, nullability.

-- Nothing when nobody has decided, when the ERP maps, and for bilag from before there were versions.
alter table bilag add column omsaetning_version integer;
create trigger bilag_mapped_once before update of omsaetning_version on bilag
  when old.omsaetning_version is not null and new.omsaetning_version is not old.omsaetning_version
  begin select raise(abort, 'append-only'); end;

-- Only of postings with several accounts, whose own konto is the empty text: no account is empty,
-- and the ordinary posting costs nothing more.
create table konteringslinje (
  kommune integer not null, bilag_id blob not null, position integer not null, number integer not null,
  konto text not null check (konto <> ''), beloeb integer not null check (beloeb >= 0),
  primary key (bilag_id, kommune, position, number)) strict, without rowid;
create trigger konteringslinje_no_update before update on konteringslinje
  begin select raise(abort, 'append-only'); end;
create trigger konteringslinje_no_delete before delete on konteringslinje
  begin select raise(abort, 'append-only'); end;

-- The last decision of a table counts; no decision = the hub maps.
create table kontering_mode (
  kommune integer not null, fagsystem blob not null, number integer not null,
  mode text not null check (mode in ('apply', 'mirror')), since integer not null,
  subject text not null, navn text not null,
  primary key (kommune, fagsystem, number)) strict, without rowid;
create trigger kontering_mode_no_update before update on kontering_mode
  begin select raise(abort, 'append-only'); end;
create trigger kontering_mode_no_delete before delete on kontering_mode
  begin select raise(abort, 'append-only'); end;

-- One row for each bilag that an ERP maps. No version = we held no table for its day.
create table mirror_bilag (
  kommune integer not null, bilag_id blob not null, fagsystem blob not null, dag text not null,
  omsaetning_version integer, refusal integer not null check (refusal in (0, 1)),
  primary key (bilag_id, kommune)) strict, without rowid;
create index mirror_of_table on mirror_bilag (kommune, dag, fagsystem);
create trigger mirror_bilag_no_update before update on mirror_bilag
  begin select raise(abort, 'append-only'); end;
create trigger mirror_bilag_no_delete before delete on mirror_bilag
  begin select raise(abort, 'append-only'); end;
-- Accounts as our copy of the table says, and as the books do; a posting without any has none.
create table mirror_line (
  kommune integer not null, bilag_id blob not null,
  said_by text not null check (said_by in ('hub', 'books')),
  linjenummer integer not null, number integer not null, konto text not null, beloeb integer not null,
  primary key (bilag_id, kommune, said_by, linjenummer, number)) strict, without rowid;
create trigger mirror_line_no_update before update on mirror_line
  begin select raise(abort, 'append-only'); end;
create trigger mirror_line_no_delete before delete on mirror_line
  begin select raise(abort, 'append-only'); end;
-- The books' last word, held against it.
create table mirror_answer (
  kommune integer not null, bilag_id blob not null, at integer not null,
  comparison text not null check (comparison in ('agreed', 'refused_as_foreseen',
    'refused_unforeseen', 'booked_unforeseen', 'other_account', 'untold')),
  primary key (bilag_id, kommune)) strict, without rowid;
create trigger mirror_answer_no_update before update on mirror_answer
  begin select raise(abort, 'append-only'); end;
create trigger mirror_answer_no_delete before delete on mirror_answer
  begin select raise(abort, 'append-only'); end;
