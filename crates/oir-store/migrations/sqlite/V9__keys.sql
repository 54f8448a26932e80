-- Keys of machines: given once, never changed; shortened, ended and seen in use.
-- Pair of postgres/V9__keys.sql.

create table machine_key (
  key_id blob primary key, digest blob not null, fagsystem blob, rights text not null,
  navn text not null, valid_from integer not null, valid_until integer not null,
  replaces blob, made integer not null, made_by text not null, ended integer, ended_by text,
  ended_reason text, last_used integer) strict, without rowid;
create table machine_key_kommune (
  key_id blob not null, kommune integer not null, fagsystem blob,
  primary key (key_id, kommune)) strict, without rowid;
-- One more at each change: processes ask for this number, and read the keys when it moved.
create table machine_key_version (one integer primary key, version integer not null) strict;
insert into machine_key_version (one, version) values (1, 0);
create table machine_token (
  token_digest blob primary key, key_id blob not null, rights text not null,
  expires integer not null) strict, without rowid;
create index machine_token_expires on machine_token (expires);

create trigger machine_key_no_rewrite before update of key_id, digest, fagsystem, rights, navn,
  valid_from, replaces, made, made_by on machine_key
  begin select raise(abort, 'append-only'); end;
create trigger machine_key_no_longer before update on machine_key
  when new.valid_until > old.valid_until or old.ended is not null and (new.ended is null
    or new.ended <> old.ended or new.ended_by <> old.ended_by or new.ended_reason <> old.ended_reason)
  begin select raise(abort, 'append-only'); end;
create trigger machine_key_no_delete before delete on machine_key
  begin select raise(abort, 'append-only'); end;
create trigger machine_key_kommune_no_update before update on machine_key_kommune
  begin select raise(abort, 'append-only'); end;
create trigger machine_key_kommune_no_delete before delete on machine_key_kommune
  begin select raise(abort, 'append-only'); end;
