-- Who is signed in, who is on the way to it, and what people did.

create table sign_in (
  state_digest blob primary key, browser_digest blob not null, nonce text not null,
  verifier text not null, target text not null, expires integer not null) strict, without rowid;

create table session (
  session_id blob primary key, token_digest blob not null unique, subject text not null,
  navn text not null, grants text not null, begun integer not null, seen integer not null,
  ends integer not null, ended integer) strict, without rowid;
create index session_seen on session (seen) where ended is null;

-- Each line carries the digest of the one before it: none can be changed or taken out unseen.
create table deed (
  number integer primary key, at integer not null, subject text not null, navn text not null,
  what text not null, kommune integer, object text not null,
  previous blob not null, digest blob not null) strict;
create trigger deed_no_update before update on deed
  begin select raise(abort, 'append-only'); end;
create trigger deed_no_delete before delete on deed
  begin select raise(abort, 'append-only'); end;
