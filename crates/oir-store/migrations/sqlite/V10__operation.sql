-- Operation: pauses and planned stops, how calls to receivers go, what ends when, sizes, care.
-- Pair of postgres/V10__operation.sql.

-- Receivers left alone because a person said so; no kommune = all of them. A pause is ended, never
-- taken out: why nothing was delivered on a night is asked months later.
create table pause (
  pause_id blob primary key, kommune integer, since integer not null, until_at integer not null,
  reason text not null, navn text not null, ended integer, stop_id blob) strict, without rowid;
create index pause_in_force on pause (until_at) where ended is null;
create trigger pause_no_delete before delete on pause
  begin select raise(abort, 'append-only'); end;
create trigger pause_no_rewrite before update of pause_id, kommune, since,
  until_at, reason, navn, stop_id on pause
  begin select raise(abort, 'append-only'); end;
create trigger pause_ended_once before update on pause
  when old.ended is not null or new.ended is null
  begin select raise(abort, 'append-only'); end;

create table planned_stop (
  stop_id blob primary key, kommune integer, announced integer not null, from_at integer not null,
  until_at integer not null, tekst text not null, pauses integer not null check (pauses in (0, 1)),
  navn text not null, cancelled integer) strict, without rowid;
create index planned_stop_until on planned_stop (until_at);
create trigger planned_stop_no_delete before delete on planned_stop
  begin select raise(abort, 'append-only'); end;
create trigger planned_stop_no_rewrite before update of stop_id, kommune, announced, from_at,
  until_at, tekst, pauses, navn on planned_stop
  begin select raise(abort, 'append-only'); end;
create trigger planned_stop_cancelled_once before update on planned_stop
  when old.cancelled is not null or new.cancelled is null
  begin select raise(abort, 'append-only'); end;

-- How the calls to a receiver go, from all processes together.
create table receiver_health (
  kommune integer primary key, version integer not null, last_good integer, last_failure integer,
  failure_class text check (failure_class in ('not_reached', 'no_answer')), failure_reason text,
  failures integer not null, took_ms text not null, rests_until integer) strict, without rowid;

-- Certificates as they were last seen, by whichever process saw them; kommune 0 = the whole service's.
create table certificate (
  kind text not null check (kind in ('receiver', 'provider', 'file')), name text not null,
  kommune integer not null, expires integer not null, seen integer not null,
  primary key (kind, name, kommune)) strict, without rowid;

-- The database's size on each day, for what it grows by.
create table database_size (dag text primary key, bytes integer not null) strict, without rowid;

-- Copies made, and everything computed again.
create table upkeep (
  kind text not null check (kind in ('backup', 'verify')), at integer not null, place text not null,
  bytes integer, findings integer, primary key (kind, at)) strict, without rowid;
create trigger upkeep_no_update before update on upkeep
  begin select raise(abort, 'append-only'); end;
create trigger upkeep_no_delete before delete on upkeep
  begin select raise(abort, 'append-only'); end;
