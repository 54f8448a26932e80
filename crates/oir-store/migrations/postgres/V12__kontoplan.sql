-- Kontoplaner: every import is a version. Pair of sqlite/V12__kontoplan.sql.

-- form: `autoriseret`, `sap-par`, `prisme`, or `egne-dimensioner` with its sign and names.
-- tally: accounts new, gone, closed, reopened, renamed, altered and unchanged.
create table kontoplan_version (
  kommune integer not null, version bigint not null check (version > 0), form text not null,
  at bigint not null, subject text not null, navn text not null, source text not null,
  digest bytea not null, accounts bigint not null, tally text not null,
  primary key (kommune, version));

-- An account is written when it comes and when something of it changes. It holds from that
-- version until the one that its row of kontoplan_konto_end names, if there is one.
create table kontoplan_konto (
  kommune integer not null, konto text not null, since_version bigint not null, navn text not null,
  valid_from text not null, valid_to text, aar_from integer, aar_to integer, autoriseret text,
  primary key (kommune, konto, since_version));
create table kontoplan_konto_end (
  kommune integer not null, konto text not null, since_version bigint not null,
  until_version bigint not null check (until_version > since_version),
  primary key (kommune, konto, since_version));

-- Files that somebody looks at before they become a version; gone the day after.
create table kontoplan_upload (
  upload_id uuid primary key not null, kommune integer not null, form text not null,
  at bigint not null, subject text not null, source text not null,
  bytes bytea not null);
create index kontoplan_upload_at on kontoplan_upload (at);

create trigger kontoplan_version_append_only before update or delete on kontoplan_version
  for each row execute function oir_append_only();
create trigger kontoplan_version_no_truncate before truncate on kontoplan_version
  execute function oir_append_only();
create trigger kontoplan_konto_append_only before update or delete on kontoplan_konto
  for each row execute function oir_append_only();
create trigger kontoplan_konto_no_truncate before truncate on kontoplan_konto
  execute function oir_append_only();
create trigger kontoplan_konto_end_append_only before update or delete on kontoplan_konto_end
  for each row execute function oir_append_only();
create trigger kontoplan_konto_end_no_truncate before truncate on kontoplan_konto_end
  execute function oir_append_only();
