-- Looks at personal numbers, samples of them, and where a person's postings are.
-- Pair of postgres/V8__looks.sql.

-- A look is known by its line of the log; each carries the digest of the one before it.
create table look (
  number integer primary key, at integer not null, subject text not null, navn text not null,
  kommune integer not null, kind text not null check (kind in ('unmasked', 'looked_up')),
  bilag_id blob, reason text not null, explanation text not null, found integer,
  previous blob not null, digest blob not null) strict;
create index look_of_person on look (subject, at);
create index look_of_kommune on look (kommune, at);
create trigger look_no_update before update on look
  begin select raise(abort, 'append-only'); end;
create trigger look_no_delete before delete on look
  begin select raise(abort, 'append-only'); end;

-- A sample and what it drew; both can be drawn again from seed, period and the looks.
create table look_sample (
  number integer primary key, at integer not null, navn text not null, kommune integer not null,
  period_from integer not null, period_until integer not null, size integer not null,
  seed text not null, population integer not null) strict;
create index look_sample_of_kommune on look_sample (kommune, number);
create trigger look_sample_no_update before update on look_sample
  begin select raise(abort, 'append-only'); end;
create trigger look_sample_no_delete before delete on look_sample
  begin select raise(abort, 'append-only'); end;
create table sampled_look (
  sample integer not null, look integer not null, primary key (sample, look)) strict, without rowid;
create trigger sampled_look_no_update before update on sampled_look
  begin select raise(abort, 'append-only'); end;
create trigger sampled_look_no_delete before delete on sampled_look
  begin select raise(abort, 'append-only'); end;

-- The auditor's own record: it changes nothing of what it is about.
create table look_review (
  number integer primary key, sample integer not null, look integer not null,
  at integer not null, navn text not null,
  verdict text not null check (verdict in ('i_orden', 'undersoeges', 'ikke_i_orden')),
  note text not null) strict;
create index look_review_of_sample on look_review (sample, look);
create trigger look_review_no_update before update on look_review
  begin select raise(abort, 'append-only'); end;
create trigger look_review_no_delete before delete on look_review
  begin select raise(abort, 'append-only'); end;

-- A person's postings. By the number alone every new row would land in a page of its own; by the
-- hours of reception first (the front of our ids: 2^24 ms, some 4 hours 40 minutes), what is
-- written together lies together, and a search steps from one stretch to the next.
create index postering_of_person on postering (substr(bilag_id, 1, 3), kommune, part_cpr)
  where part_cpr is not null;
create index deed_of_person on deed (subject, number);
create index deed_of_kommune on deed (kommune, number);
create index deed_of_kind on deed (what, number);
