-- Who is signed in, who is on the way to it, and what people did.

create table sign_in (
  state_digest bytea primary key, browser_digest bytea not null, nonce text not null,
  verifier text not null, target text not null, expires bigint not null);

create table session (
  session_id uuid primary key, token_digest bytea not null unique, subject text not null,
  navn text not null, grants text not null, begun bigint not null, seen bigint not null,
  ends bigint not null, ended bigint);
create index session_seen on session (seen) where ended is null;

-- Each line carries the digest of the one before it: none can be changed or taken out unseen.
create table deed (
  number bigint primary key, at bigint not null, subject text not null, navn text not null,
  what text not null, kommune integer, object text not null,
  previous bytea not null, digest bytea not null);
create trigger deed_append_only before update or delete on deed
  for each row execute function oir_append_only();
