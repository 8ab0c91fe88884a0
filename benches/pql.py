"""Product-qualified accounts: a definition of three conditions, by idgraph and by hand-written SQL."""

from __future__ import annotations

from typing import Any, Final

from benches.events import Events
from benches.harness import Candidate, Measured, Scale, Stages, measure, table, warm

__all__ = ["bench", "by_duckdb", "by_idgraph"]

_METHOD: Final = """\
When was each account first ready: three projects within thirty days of its first sign-up; two different people invited;
and two people who each made four reports. Both read the same Parquet files, take the invited person from JSON, and find
the same accounts with the same times, or the run fails. *Step* is the time from the files to the times; all
else is of the whole process.

- **idgraph**: `Definition.reached`.
- **DuckDB**: one query, its k-th times by `min(at, k)`, which is faster there than window functions.

{runs} The larger size is run once."""
_SQL: Final = """
with events as (select "at" as time, * from read_parquet('{path}')),
signup as (select account, min(time) as begun from events where event = 'signed_up' group by account),
projects as (
    select account, min(time, 3)[3] as reached from events join signup using (account)
    where event = 'project_created' and time >= begun and time < begun + interval 30 day group by account
),
invited as (
    select account, json_extract_string(properties, '$.invitee') as invitee, min(time) as time
    from events where event = 'member_invited' group by all
),
invites as (select account, min(time, 2)[2] as reached from invited where invitee is not null group by account),
reporters as (
    select account, person, min(time, 4)[4] as time from events where event = 'report_made' group by account, person
),
reports as (select account, min(time, 2)[2] as reached from reporters where time is not null group by account)
select account, greatest(projects.reached, invites.reached, reports.reached) as reached_at
from projects join invites using (account) join reports using (account)
where projects.reached is not null and invites.reached is not null and reports.reached is not null
"""


def by_idgraph(events: int) -> dict[str, Any]:
    """Ask with the algebra."""
    import polars as pl

    from idgraph.pql import Activity, Definition, count, distinct, first

    projects = (count("project_created") >= 3).within("30d", of=first("signed_up"))
    invites = distinct("member_invited", "invitee") >= 2
    reports = (count("report_made") >= 4).by(users=2)
    ready = Definition(name="ready", version="1", level="account", when=projects & invites & reports)
    stages = Stages()
    stages("step")
    scanned = pl.scan_parquet(Events(events).table)
    activity = Activity.from_frame(scanned, person="person", account="account", properties="properties")
    reached = ready.reached(activity)
    return {**stages.done(), "found": [reached.height, _checksum(reached["reached_at"].dt.epoch("us").to_list())]}


def by_duckdb(events: int) -> dict[str, Any]:
    """Ask with SQL."""
    import duckdb

    stages = Stages()
    stages("step")
    rows = duckdb.sql(_SQL.format(path=Events(events).table)).select("epoch_us(reached_at)").fetchall()
    return {**stages.done(), "found": [len(rows), _checksum([at for (at,) in rows])]}


def _checksum(times: list[int]) -> int:
    return sum(times) % 1_000_000_007


def bench(scale: Scale) -> str:
    """Measure; give the table in Markdown."""
    sizes = [Events(scale.sizes[-1] // 2), Events(scale.sizes[-1] * 5)]
    rows: list[list[str]] = []
    for work in sizes:
        rows += _measured(work, 1 if work is sizes[-1] else scale.runs)
    head = ["", "step, seconds", "×", "step, CPU seconds", "×", "process, seconds", "peak GB"]
    return f"{_METHOD.format(runs=scale.told)}\n\n{table(head, rows)}"


def _measured(work: Events, runs: int) -> list[list[str]]:
    """Measure one size; the rows of the table."""
    facts = work.ensure()
    warm(work.files)
    given = {"events": work.number}
    candidates = [
        Candidate("idgraph", "benches.pql:by_idgraph", given),
        Candidate("DuckDB", "benches.pql:by_duckdb", given),
    ]
    found = measure(candidates, runs)
    answers = {name: tuple(one.facts["found"]) for name, one in found.items()}
    if len(set(answers.values())) > 1:
        raise RuntimeError(f"the candidates do not agree on accounts and times: {answers}")
    ready = found["DuckDB"].facts["found"][0]
    size = "{events:,} events, {people:,} people, {accounts:,} accounts".format(**facts)
    title = f"**{size}, {ready:,} ready**"
    return [[title, *[""] * 6], *(_row(name, one, found["DuckDB"]) for name, one in found.items())]


def _row(name: str, one: Measured, beside: Measured) -> list[str]:
    steps = [(_step(one, figure), _step(beside, figure)) for figure in ("seconds", "cpu")]
    told = [text for mine, other in steps for text in (f"{mine:.2f}", f"{mine / other:.2f}")]
    return [name, *told, f"{one.wall:.1f}", f"{one.peak:.2f}"]


def _step(one: Measured, figure: str) -> float:
    return one.median(lambda run: run.facts[figure]["step"])
