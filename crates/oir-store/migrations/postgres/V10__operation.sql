-- Operation: pauses and planned stops, how calls to receivers go, what ends when, sizes, care.
-- Pair of sqlite/V10__operation.sql.

-- Receivers left alone because a person said so; no kommune = all of them. A pause is ended, never
-- taken out: why nothing was delivered on a night is asked months later.
create table pause (
  pause_id uuid primary key, kommune integer, since bigint not null, until_at bigint not null,
  reason text not null, navn text not null, ended bigint, stop_id uuid);
create index pause_in_force on pause (until_at) where ended is null;
create trigger pause_no_delete before delete on pause
  for each row execute function oir_append_only();
create trigger pause_no_rewrite before update of pause_id, kommune, since, until_at, reason, navn, stop_id
  on pause for each row execute function oir_append_only();
create trigger pause_ended_once before update on pause for each row
  when (old.ended is not null or new.ended is null) execute function oir_append_only();
create trigger pause_no_truncate before truncate on pause execute function oir_append_only();

create table planned_stop (
  stop_id uuid primary key, kommune integer, announced bigint not null, from_at bigint not null,
  until_at bigint not null, tekst text not null, pauses integer not null check (pauses in (0, 1)),
  navn text not null, cancelled bigint);
create index planned_stop_until on planned_stop (until_at);
create trigger planned_stop_no_delete before delete on planned_stop
  for each row execute function oir_append_only();
create trigger planned_stop_no_rewrite before update of stop_id, kommune, announced, from_at, until_at, tekst,
  pauses, navn on planned_stop for each row execute function oir_append_only();
create trigger planned_stop_cancelled_once before update on planned_stop for each row
  when (old.cancelled is not null or new.cancelled is null) execute function oir_append_only();
create trigger planned_stop_no_truncate before truncate on planned_stop
  execute function oir_append_only();

-- How the calls to a receiver go, from all processes together.
create table receiver_health (
  kommune integer primary key, version bigint not null, last_good bigint, last_failure bigint,
  failure_class text check (failure_class in ('not_reached', 'no_answer')), failure_reason text,
  failures integer not null, took_ms text not null, rests_until bigint);

-- Certificates as they were last seen, by whichever process saw them; kommune 0 = the whole service's.
create table certificate (
  kind text not null check (kind in ('receiver', 'provider', 'file')), name text not null,
  kommune integer not null, expires bigint not null, seen bigint not null,
  primary key (kind, name, kommune));

-- The database's size on each day, for what it grows by.
create table database_size (dag text primary key, bytes bigint not null);

-- Copies made, and everything computed again.
create table upkeep (
  kind text not null check (kind in ('backup', 'verify')), at bigint not null, place text not null,
  bytes bigint, findings bigint, primary key (kind, at));
create trigger upkeep_append_only before update or delete on upkeep
  for each row execute function oir_append_only();
create trigger upkeep_no_truncate before truncate on upkeep execute function oir_append_only();
