-- Kontoplaner: every import is a version. Pair of postgres/V12__kontoplan.sql.

-- form: `autoriseret`, `sap-par`, `prisme`, or `egne-dimensioner` with its sign and names.
-- tally: accounts new, gone, closed, reopened, renamed, altered and unchanged.
create table kontoplan_version (
  kommune integer not null, version integer not null check (version > 0), form text not null,
  at integer not null, subject text not null, navn text not null, source text not null,
  digest blob not null, accounts integer not null, tally text not null,
  primary key (kommune, version)) strict, without rowid;

-- An account is written when it comes and when something of it changes. It holds from that
-- version until the one that its row of kontoplan_konto_end names, if there is one.
create table kontoplan_konto (
  kommune integer not null, konto text not null, since_version integer not null, navn text not null,
  valid_from text not null, valid_to text, aar_from integer, aar_to integer, autoriseret text,
  primary key (kommune, konto, since_version)) strict, without rowid;
create table kontoplan_konto_end (
  kommune integer not null, konto text not null, since_version integer not null,
  until_version integer not null check (until_version > since_version),
  primary key (kommune, konto, since_version)) strict, without rowid;

-- Files that somebody looks at before they become a version; gone the day after.
create table kontoplan_upload (
  upload_id blob primary key not null, kommune integer not null, form text not null,
  at integer not null, subject text not null, source text not null,
  bytes blob not null) strict;
create index kontoplan_upload_at on kontoplan_upload (at);

create trigger kontoplan_version_no_update before update on kontoplan_version
  begin select raise(abort, 'append-only'); end;
create trigger kontoplan_version_no_delete before delete on kontoplan_version
  begin select raise(abort, 'append-only'); end;
create trigger kontoplan_konto_no_update before update on kontoplan_konto
  begin select raise(abort, 'append-only'); end;
create trigger kontoplan_konto_no_delete before delete on kontoplan_konto
  begin select raise(abort, 'append-only'); end;
create trigger kontoplan_konto_end_no_update before update on kontoplan_konto_end
  begin select raise(abort, 'append-only'); end;
create trigger kontoplan_konto_end_no_delete before delete on kontoplan_konto_end
  begin select raise(abort, 'append-only'); end;
