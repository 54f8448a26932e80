-- Keys of machines: given once, never changed; shortened, ended and seen in use.
-- Pair of sqlite/V9__keys.sql.

create table machine_key (
  key_id uuid primary key, digest bytea not null, fagsystem uuid, rights text not null,
  navn text not null, valid_from bigint not null, valid_until bigint not null,
  replaces uuid, made bigint not null, made_by text not null, ended bigint, ended_by text,
  ended_reason text, last_used bigint);
create table machine_key_kommune (
  key_id uuid not null, kommune integer not null, fagsystem uuid,
  primary key (key_id, kommune));
-- One more at each change: processes ask for this number, and read the keys when it moved.
create table machine_key_version (one integer primary key, version bigint not null);
insert into machine_key_version (one, version) values (1, 0);
create table machine_token (
  token_digest bytea primary key, key_id uuid not null, rights text not null,
  expires bigint not null);
create index machine_token_expires on machine_token (expires);

create trigger machine_key_no_rewrite before update of key_id, digest, fagsystem, rights, navn,
  valid_from, replaces, made, made_by on machine_key
  for each row execute function oir_append_only();
create trigger machine_key_no_longer before update on machine_key for each row
  when (new.valid_until > old.valid_until or old.ended is not null and (new.ended is null
    or new.ended <> old.ended or new.ended_by <> old.ended_by or new.ended_reason <> old.ended_reason))
  execute function oir_append_only();
create trigger machine_key_no_delete before delete on machine_key
  for each row execute function oir_append_only();
create trigger machine_key_kommune_append_only before update or delete on machine_key_kommune
  for each row execute function oir_append_only();
create trigger machine_key_no_truncate before truncate on machine_key
  execute function oir_append_only();
create trigger machine_key_kommune_no_truncate before truncate on machine_key_kommune
  execute function oir_append_only();
