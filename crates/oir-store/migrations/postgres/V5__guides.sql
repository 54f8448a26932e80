-- Guides, and letters to people about what waits for them. Pair of sqlite/V5__guides.sql.

-- Every version of every guide. Municipality 0: the whole country; code '': every fault.
create table guide_version (
  kommune integer not null, fagsystem uuid not null, code text not null, version bigint not null,
  at bigint not null, subject text not null, navn text not null, ways text not null,
  note text not null, body text not null,
  withdrawn integer not null check (withdrawn in (0, 1)),
  primary key (fagsystem, kommune, code, version));
create trigger guide_version_append_only before update or delete on guide_version
  for each row execute function oir_append_only();
create trigger guide_version_no_truncate before truncate on guide_version
  execute function oir_append_only();

-- Who was seen at sign-in and may get letters; weekdays as digits, Monday 1; none = no letters.
create table recipient (
  subject text primary key, navn text not null, email text, grants text not null,
  seen bigint not null, weekdays text not null);

-- A day that is done for a person, with a letter or without: it is never done twice.
create table digest (
  subject text not null, dag text not null, at bigint not null, letter_id uuid,
  primary key (subject, dag));

create table letter (
  letter_id uuid primary key, subject text not null, email text not null, navn text not null,
  title text not null, body text not null, written bigint not null,
  state text not null check (state in ('waiting', 'sent', 'given_up')),
  due bigint not null, attempts bigint not null, settled bigint, reason text);
create index letter_due on letter (due) where state = 'waiting';
create index letter_subject on letter (subject, letter_id);
