"""Rules and postings from two files joined in DuckDB on one core, the most specific rule first.

Prints a line of JSON: its version, the seconds of each round and the most memory held, bytes.
Writes `posting,rule` for every posting that has one.
"""

import json
import resource
import sys
import time

import duckdb

rules, postings, answers, rounds = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
database = duckdb.connect()
database.execute("set threads = 1")
database.execute(
    f"""create table r as select * from read_csv('{rules}', header = true, all_varchar = true, nullstr = 'NULL');
    create table rules as select a.* replace (
        a.place::integer as place, a.rule::integer as rule,
        a.first::integer as first, a.last::integer as last) from r a;
    drop table r;
    create table p as select * from read_csv('{postings}', header = true, all_varchar = true, nullstr = 'NULL');
    create table postings as select b.* replace (
        b.posting::integer as posting, b.day::integer as day) from p b;
    drop table p"""
)
# Equality on the one facet that every rule names; a condition on another is an interval of
# texts, none is the interval of all. The place of a rule is its rank, the most specific first.
JOIN = """select p.posting, min(r.place) as place from postings p join rules r
    on p.f0 = r.f0 and p.day between r.first and r.last
    and p.f1 between r.f1 and r.t1 and p.f2 between r.f2 and r.t2
    and p.f3 between r.f3 and r.t3 and p.f4 between r.f4 and r.t4
    group by p.posting"""
seconds = []
for _ in range(rounds):
    begun = time.perf_counter()
    database.execute(f"select count(*), sum(place * (posting % 997 + 1)) from ({JOIN})").fetchone()
    seconds.append(time.perf_counter() - begun)
database.execute(
    f"""copy (select distinct w.posting, r.rule from ({JOIN}) w join rules r using (place)
    order by 1) to '{answers}' (header false)"""
)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"version": duckdb.__version__, "seconds": seconds, "peak": peak}))
