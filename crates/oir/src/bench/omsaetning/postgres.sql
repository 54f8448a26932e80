\set ON_ERROR_STOP on
\set QUIET on
\pset tuples_only on
\pset format unaligned
set client_min_messages = warning;
set max_parallel_workers_per_gather = 0;
set work_mem = '512MB';
create temp table rules (place integer, rule integer, f0 text collate "C",
    f1 text collate "C", t1 text collate "C", f2 text collate "C", t2 text collate "C",
    f3 text collate "C", t3 text collate "C", f4 text collate "C", t4 text collate "C",
    first integer, last integer);
create temp table postings (posting integer, f0 text collate "C", f1 text collate "C",
    f2 text collate "C", f3 text collate "C", f4 text collate "C", day integer);
\copy rules from 'RULES' (format csv, header, force_not_null (f1, t1, f2, t2, f3, t3, f4, t4))
\copy postings from 'POSTINGS' (format csv, header, force_not_null (f1, f2, f3, f4))
create index on rules (f0, place);
analyze rules;
analyze postings;
create temp view joined as select p.posting, min(r.place) as place from postings p join rules r
    on p.f0 = r.f0 and p.day between r.first and r.last
    and p.f1 between r.f1 and r.t1 and p.f2 between r.f2 and r.t2
    and p.f3 between r.f3 and r.t3 and p.f4 between r.f4 and r.t4
    group by p.posting;
create temp view walked as select p.posting, x.place from postings p cross join lateral (
    select r.place from rules r
    where p.f0 = r.f0 and p.day between r.first and r.last
    and p.f1 between r.f1 and r.t1 and p.f2 between r.f2 and r.t2
    and p.f3 between r.f3 and r.t3 and p.f4 between r.f4 and r.t4
    order by r.place limit 1) x;
