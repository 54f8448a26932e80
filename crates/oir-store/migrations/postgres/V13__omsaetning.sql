-- Omsætningstabeller: versions and their rules. Pair of sqlite/V13__omsaetning.sql.
-- Version 0 of a table is what came with the register: the rows of `omsaetning`.

create table omsaetning_version (
  kommune integer not null, fagsystem uuid not null, number bigint not null check (number > 0),
  stage text not null check (stage in ('draft', 'approved', 'discarded')),
  based_on bigint not null, edition bigint not null, purpose text not null, in_force_from text,
  rules bigint not null, begun bigint not null, saved bigint not null,
  approver text, approved bigint,
  check (stage <> 'approved' or (in_force_from is not null and approver is not null
    and approved is not null)),
  primary key (kommune, fagsystem, number));
-- A table has one draft at a time.
create unique index omsaetning_draft on omsaetning_version (kommune, fagsystem) where stage = 'draft';

-- Everybody who saved a draft, in the order of their first save: none of them approves it.
create table omsaetning_writer (
  kommune integer not null, fagsystem uuid not null, number bigint not null,
  subject text not null, position bigint not null,
  primary key (kommune, fagsystem, number, subject));

-- Conditions: one a line, facet, word (is, in, begins, between) and values with tabs between.
-- Targets: one a line, hundredths of a percent, word (konto, template) and account.
-- In both, and in comments, a backslash comes before t, n, r, 0 and itself.
create table omsaetning_rule (
  kommune integer not null, fagsystem uuid not null, number bigint not null,
  rule bigint not null, position bigint not null, conditions text not null,
  side text check (side in ('D', 'K')), aar_from integer, aar_to integer,
  posteringstype text check (posteringstype in ('NOR', 'SUP', 'PRI')),
  valid_from text not null, valid_to text, targets text not null, comment text not null,
  primary key (kommune, fagsystem, number, rule));

-- What each simulation of a draft found; it counts for the edition it ran.
create table omsaetning_simulation (
  kommune integer not null, fagsystem uuid not null, number bigint not null,
  edition bigint not null, at bigint not null, from_day text not null, to_day text not null,
  postings bigint not null, moved bigint not null, booked_moved bigint not null,
  unmapped bigint not null,
  primary key (kommune, fagsystem, number, edition, at));

-- Whether others may copy a table; the last word counts.
create table omsaetning_sharing (
  kommune integer not null, fagsystem uuid not null, at bigint not null,
  shared integer not null check (shared in (0, 1)),
  primary key (kommune, fagsystem, at));

create trigger omsaetning_version_no_delete before delete on omsaetning_version
  for each row execute function oir_append_only();
create trigger omsaetning_version_drafts_change before update on omsaetning_version for each row
  when (old.stage <> 'draft' or new.edition < old.edition) execute function oir_append_only();
create trigger omsaetning_version_no_rename
  before update of kommune, fagsystem, number, based_on, begun on omsaetning_version
  for each row execute function oir_append_only();
create trigger omsaetning_version_no_truncate before truncate on omsaetning_version
  execute function oir_append_only();
create trigger omsaetning_writer_append_only before update or delete on omsaetning_writer
  for each row execute function oir_append_only();
create trigger omsaetning_writer_no_truncate before truncate on omsaetning_writer
  execute function oir_append_only();

-- Asked once a statement and not once a row: a save may touch 20,000 of them.
create function oir_drafts_only() returns trigger language plpgsql as $body$
begin
  if exists (select 1 from touched t join omsaetning_version v
      using (kommune, fagsystem, number) where v.stage <> 'draft') then
    raise exception 'append-only: %', tg_table_name;
  end if;
  return null;
end $body$;
create trigger omsaetning_rule_insert after insert on omsaetning_rule
  referencing new table as touched for each statement execute function oir_drafts_only();
create trigger omsaetning_rule_update after update on omsaetning_rule
  referencing old table as touched for each statement execute function oir_drafts_only();
create trigger omsaetning_rule_delete after delete on omsaetning_rule
  referencing old table as touched for each statement execute function oir_drafts_only();
create trigger omsaetning_rule_no_rename
  before update of kommune, fagsystem, number, rule on omsaetning_rule
  for each row execute function oir_append_only();
create trigger omsaetning_rule_no_truncate before truncate on omsaetning_rule
  execute function oir_append_only();
create trigger omsaetning_simulation_append_only before update or delete on omsaetning_simulation
  for each row execute function oir_append_only();
create trigger omsaetning_simulation_no_truncate before truncate on omsaetning_simulation
  execute function oir_append_only();
create trigger omsaetning_sharing_append_only before update or delete on omsaetning_sharing
  for each row execute function oir_append_only();
create trigger omsaetning_sharing_no_truncate before truncate on omsaetning_sharing
  execute function oir_append_only();
