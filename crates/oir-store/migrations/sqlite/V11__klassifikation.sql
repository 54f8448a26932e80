-- The classification: what was registered, what it comes to, who follows it.
-- Pair of postgres/V11__klassifikation.sql.

-- Every registration takes the next position, one writer at a time: what was read at a position
-- is true until somebody else has taken the next one.
create table klassifikation_position (
  one integer primary key check (one = 1), position integer not null) strict;
insert into klassifikation_position values (1, 0);

-- What was registered, in order: the change events. kommune 0 = national; no fagsystem = in no sortiment.
create table klassifikation_registrering (
  position integer primary key, objekt blob not null,
  kind text not null check (kind in ('Klassifikation', 'Facet', 'Klasse')), number integer not null,
  tidspunkt integer not null,
  livscyklus text not null check (livscyklus in ('Opstaaet', 'Importeret', 'Passiveret', 'Slettet')),
  bruger text, note text, indhold text not null, fagsystem blob, kommune integer not null,
  unique (objekt, number)) strict;
create index klassifikation_feed on klassifikation_registrering (fagsystem, kommune, position);
create trigger klassifikation_registrering_no_update before update on klassifikation_registrering
  begin select raise(abort, 'append-only'); end;
create trigger klassifikation_registrering_no_delete before delete on klassifikation_registrering
  begin select raise(abort, 'append-only'); end;

-- Where each object stands, and what it points at: made of its last registration.
create table klassifikation_objekt (
  objekt blob primary key, kind text not null, position integer not null, livscyklus text not null,
  facet blob, fagsystem blob, kommune integer not null, noegle text not null,
  titel text not null) strict, without rowid;
create index klassifikation_objekt_facet on klassifikation_objekt (facet, kommune);
create index klassifikation_objekt_noegle on klassifikation_objekt (noegle);
create table klassifikation_edge (
  objekt blob not null, relation text not null, target blob not null,
  primary key (objekt, relation, target)) strict, without rowid;
create index klassifikation_edge_relation on klassifikation_edge (relation);

-- The days on which a value may be sent under a key; the judge's rows (sortimentspost) follow it.
create table sortiment_vaerdi (
  objekt blob not null, facet blob not null, kommune integer not null, noegle text not null,
  titel text not null, valid_from text not null, valid_to text,
  primary key (objekt, valid_from)) strict, without rowid;
create index sortiment_vaerdi_noegle on sortiment_vaerdi (facet, kommune, noegle);

-- Change sets said beforehand. Called off, never taken out.
create table sortiment_announcement (
  announcement blob primary key, fagsystem blob not null, kommune integer not null,
  effective text not null, tekst text not null, navn text not null, announced integer not null,
  first_position integer not null, last_position integer not null) strict, without rowid;
create trigger sortiment_announcement_no_update before update on sortiment_announcement
  begin select raise(abort, 'append-only'); end;
create trigger sortiment_announcement_no_delete before delete on sortiment_announcement
  begin select raise(abort, 'append-only'); end;

-- Who follows a sortiment for an authority, and how far they say that they have come.
create table sortiment_subscription (
  subscription blob primary key, subscriber text not null, navn text not null,
  fagsystem blob not null, kommune integer not null, made integer not null,
  acknowledged integer not null, acknowledged_at integer, ended integer) strict, without rowid;
create index sortiment_subscription_of on sortiment_subscription (fagsystem, kommune);
create trigger sortiment_subscription_no_delete before delete on sortiment_subscription
  begin select raise(abort, 'append-only'); end;
