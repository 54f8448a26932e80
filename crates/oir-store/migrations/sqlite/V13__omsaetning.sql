-- Omsætningstabeller: versions and their rules. Pair of postgres/V13__omsaetning.sql.
-- Version 0 of a table is what came with the register: the rows of `omsaetning`.

create table omsaetning_version (
  kommune integer not null, fagsystem blob not null, number integer not null check (number > 0),
  stage text not null check (stage in ('draft', 'approved', 'discarded')),
  based_on integer not null, edition integer not null, purpose text not null, in_force_from text,
  rules integer not null, begun integer not null, saved integer not null,
  approver text, approved integer,
  check (stage <> 'approved' or (in_force_from is not null and approver is not null
    and approved is not null)),
  primary key (kommune, fagsystem, number)) strict, without rowid;
-- A table has one draft at a time.
create unique index omsaetning_draft on omsaetning_version (kommune, fagsystem) where stage = 'draft';

-- Everybody who saved a draft, in the order of their first save: none of them approves it.
create table omsaetning_writer (
  kommune integer not null, fagsystem blob not null, number integer not null,
  subject text not null, position integer not null,
  primary key (kommune, fagsystem, number, subject)) strict, without rowid;

-- Conditions: one a line, facet, word (is, in, begins, between) and values with tabs between.
-- Targets: one a line, hundredths of a percent, word (konto, template) and account.
-- In both, and in comments, a backslash comes before t, n, r, 0 and itself.
create table omsaetning_rule (
  kommune integer not null, fagsystem blob not null, number integer not null,
  rule integer not null, position integer not null, conditions text not null,
  side text check (side in ('D', 'K')), aar_from integer, aar_to integer,
  posteringstype text check (posteringstype in ('NOR', 'SUP', 'PRI')),
  valid_from text not null, valid_to text, targets text not null, comment text not null,
  primary key (kommune, fagsystem, number, rule)) strict, without rowid;

-- What each simulation of a draft found; it counts for the edition it ran.
create table omsaetning_simulation (
  kommune integer not null, fagsystem blob not null, number integer not null,
  edition integer not null, at integer not null, from_day text not null, to_day text not null,
  postings integer not null, moved integer not null, booked_moved integer not null,
  unmapped integer not null,
  primary key (kommune, fagsystem, number, edition, at)) strict, without rowid;

-- Whether others may copy a table; the last word counts.
create table omsaetning_sharing (
  kommune integer not null, fagsystem blob not null, at integer not null,
  shared integer not null check (shared in (0, 1)),
  primary key (kommune, fagsystem, at)) strict, without rowid;

create trigger omsaetning_version_no_delete before delete on omsaetning_version
  begin select raise(abort, 'append-only'); end;
create trigger omsaetning_version_drafts_change before update on omsaetning_version
  when old.stage <> 'draft' or new.edition < old.edition
  begin select raise(abort, 'append-only'); end;
create trigger omsaetning_version_no_rename
  before update of kommune, fagsystem, number, based_on, begun on omsaetning_version
  begin select raise(abort, 'append-only'); end;
create trigger omsaetning_writer_no_update before update on omsaetning_writer
  begin select raise(abort, 'append-only'); end;
create trigger omsaetning_writer_no_delete before delete on omsaetning_writer
  begin select raise(abort, 'append-only'); end;
create trigger omsaetning_rule_insert before insert on omsaetning_rule
  when (select v.stage from omsaetning_version v where v.kommune = new.kommune
    and v.fagsystem = new.fagsystem and v.number = new.number) <> 'draft'
  begin select raise(abort, 'append-only'); end;
create trigger omsaetning_rule_update before update on omsaetning_rule
  when (select v.stage from omsaetning_version v where v.kommune = old.kommune
    and v.fagsystem = old.fagsystem and v.number = old.number) <> 'draft'
  begin select raise(abort, 'append-only'); end;
create trigger omsaetning_rule_delete before delete on omsaetning_rule
  when (select v.stage from omsaetning_version v where v.kommune = old.kommune
    and v.fagsystem = old.fagsystem and v.number = old.number) <> 'draft'
  begin select raise(abort, 'append-only'); end;
create trigger omsaetning_rule_no_rename
  before update of kommune, fagsystem, number, rule on omsaetning_rule
  begin select raise(abort, 'append-only'); end;
create trigger omsaetning_simulation_no_update before update on omsaetning_simulation
  begin select raise(abort, 'append-only'); end;
create trigger omsaetning_simulation_no_delete before delete on omsaetning_simulation
  begin select raise(abort, 'append-only'); end;
create trigger omsaetning_sharing_no_update before update on omsaetning_sharing
  begin select raise(abort, 'append-only'); end;
create trigger omsaetning_sharing_no_delete before delete on omsaetning_sharing
  begin select raise(abort, 'append-only'); end;
