-- Looks at personal numbers, samples of them, and where a person's postings are.
-- Pair of sqlite/V8__looks.sql.

-- A look is known by its line of the log; each carries the digest of the one before it.
create table look (
  number bigint primary key, at bigint not null, subject text not null, navn text not null,
  kommune integer not null, kind text not null check (kind in ('unmasked', 'looked_up')),
  bilag_id uuid, reason text not null, explanation text not null, found bigint,
  previous bytea not null, digest bytea not null);
create index look_of_person on look (subject, at);
create index look_of_kommune on look (kommune, at);
create trigger look_append_only before update or delete on look
  for each row execute function oir_append_only();
create trigger look_no_truncate before truncate on look
  execute function oir_append_only();

-- A sample and what it drew; both can be drawn again from seed, period and the looks.
create table look_sample (
  number bigint primary key, at bigint not null, navn text not null, kommune integer not null,
  period_from bigint not null, period_until bigint not null, size bigint not null,
  seed text not null, population bigint not null);
create index look_sample_of_kommune on look_sample (kommune, number);
create trigger look_sample_append_only before update or delete on look_sample
  for each row execute function oir_append_only();
create trigger look_sample_no_truncate before truncate on look_sample
  execute function oir_append_only();
create table sampled_look (
  sample bigint not null, look bigint not null, primary key (sample, look));
create trigger sampled_look_append_only before update or delete on sampled_look
  for each row execute function oir_append_only();
create trigger sampled_look_no_truncate before truncate on sampled_look
  execute function oir_append_only();

-- The auditor's own record: it changes nothing of what it is about.
create table look_review (
  number bigint primary key, sample bigint not null, look bigint not null,
  at bigint not null, navn text not null,
  verdict text not null check (verdict in ('i_orden', 'undersoeges', 'ikke_i_orden')),
  note text not null);
create index look_review_of_sample on look_review (sample, look);
create trigger look_review_append_only before update or delete on look_review
  for each row execute function oir_append_only();
create trigger look_review_no_truncate before truncate on look_review
  execute function oir_append_only();

-- A person's postings. By the number alone every new row would land in a page of its own; by the
-- hours of reception first (the front of our ids: 2^24 ms, some 4 hours 40 minutes), what is
-- written together lies together, and a search steps from one stretch to the next.
create index postering_of_person on postering (substr(uuid_send(bilag_id), 1, 3), kommune, part_cpr)
  where part_cpr is not null;
create index deed_of_person on deed (subject, number);
create index deed_of_kommune on deed (kommune, number);
create index deed_of_kind on deed (what, number);
