-- The classification: what was registered, what it comes to, who follows it.
-- Pair of sqlite/V11__klassifikation.sql.

-- Every registration takes the next position, one writer at a time: what was read at a position
-- is true until somebody else has taken the next one.
create table klassifikation_position (
  one integer primary key check (one = 1), position bigint not null);
insert into klassifikation_position values (1, 0);

-- What was registered, in order: the change events. kommune 0 = national; no fagsystem = in no sortiment.
create table klassifikation_registrering (
  position bigint primary key, objekt uuid not null,
  kind text not null check (kind in ('Klassifikation', 'Facet', 'Klasse')), number integer not null,
  tidspunkt bigint not null,
  livscyklus text not null check (livscyklus in ('Opstaaet', 'Importeret', 'Passiveret', 'Slettet')),
  bruger text, note text, indhold text not null, fagsystem uuid, kommune integer not null,
  unique (objekt, number));
create index klassifikation_feed on klassifikation_registrering (fagsystem, kommune, position);
create trigger klassifikation_registrering_append_only before update or delete on klassifikation_registrering
  for each row execute function oir_append_only();
create trigger klassifikation_registrering_no_truncate before truncate on klassifikation_registrering
  execute function oir_append_only();

-- Where each object stands, and what it points at: made of its last registration.
create table klassifikation_objekt (
  objekt uuid primary key, kind text not null, position bigint not null, livscyklus text not null,
  facet uuid, fagsystem uuid, kommune integer not null, noegle text not null,
  titel text not null);
create index klassifikation_objekt_facet on klassifikation_objekt (facet, kommune);
create index klassifikation_objekt_noegle on klassifikation_objekt (noegle);
create table klassifikation_edge (
  objekt uuid not null, relation text not null, target uuid not null,
  primary key (objekt, relation, target));
create index klassifikation_edge_relation on klassifikation_edge (relation);

-- The days on which a value may be sent under a key; the judge's rows (sortimentspost) follow it.
create table sortiment_vaerdi (
  objekt uuid not null, facet uuid not null, kommune integer not null, noegle text not null,
  titel text not null, valid_from text not null, valid_to text,
  primary key (objekt, valid_from));
create index sortiment_vaerdi_noegle on sortiment_vaerdi (facet, kommune, noegle);

-- Change sets said beforehand. Called off, never taken out.
create table sortiment_announcement (
  announcement uuid primary key, fagsystem uuid not null, kommune integer not null,
  effective text not null, tekst text not null, navn text not null, announced bigint not null,
  first_position bigint not null, last_position bigint not null);
create trigger sortiment_announcement_append_only before update or delete on sortiment_announcement
  for each row execute function oir_append_only();
create trigger sortiment_announcement_no_truncate before truncate on sortiment_announcement
  execute function oir_append_only();

-- Who follows a sortiment for an authority, and how far they say that they have come.
create table sortiment_subscription (
  subscription uuid primary key, subscriber text not null, navn text not null,
  fagsystem uuid not null, kommune integer not null, made bigint not null,
  acknowledged bigint not null, acknowledged_at bigint, ended bigint);
create index sortiment_subscription_of on sortiment_subscription (fagsystem, kommune);
create trigger sortiment_subscription_no_delete before delete on sortiment_subscription
  for each row execute function oir_append_only();
create trigger sortiment_subscription_no_truncate before truncate on sortiment_subscription
  execute function oir_append_only();
