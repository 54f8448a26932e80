-- Guides, and letters to people about what waits for them. Pair of postgres/V5__guides.sql.

-- Every version of every guide. Municipality 0: the whole country; code '': every fault.
create table guide_version (
  kommune integer not null, fagsystem blob not null, code text not null, version integer not null,
  at integer not null, subject text not null, navn text not null, ways text not null,
  note text not null, body text not null,
  withdrawn integer not null check (withdrawn in (0, 1)),
  primary key (fagsystem, kommune, code, version)) strict, without rowid;
create trigger guide_version_no_update before update on guide_version
  begin select raise(abort, 'append-only'); end;
create trigger guide_version_no_delete before delete on guide_version
  begin select raise(abort, 'append-only'); end;

-- Who was seen at sign-in and may get letters; weekdays as digits, Monday 1; none = no letters.
create table recipient (
  subject text primary key, navn text not null, email text, grants text not null,
  seen integer not null, weekdays text not null) strict, without rowid;

-- A day that is done for a person, with a letter or without: it is never done twice.
create table digest (
  subject text not null, dag text not null, at integer not null, letter_id blob,
  primary key (subject, dag)) strict, without rowid;

create table letter (
  letter_id blob primary key, subject text not null, email text not null, navn text not null,
  title text not null, body text not null, written integer not null,
  state text not null check (state in ('waiting', 'sent', 'given_up')),
  due integer not null, attempts integer not null, settled integer, reason text) strict, without rowid;
create index letter_due on letter (due) where state = 'waiting';
create index letter_subject on letter (subject, letter_id);
