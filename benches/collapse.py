"""The collapse step alone: the same edges to connected components, by idgraph and by others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from benches.harness import Candidate, Measured, Scale, Stages, measure, table, warm
from benches.workload import Workload

__all__ = ["bench", "by_idgraph", "by_networkx", "by_splink"]

_IDGRAPH: Final = "idgraph (SciPy)"
_METHOD: Final = """\
The edges of the exact path: each record that shares a value is joined to the first that holds it. All candidates find
the same components, or the run fails. *Step* is the time from edges in memory, in the form that the candidate takes, to
components in the form that it gives; the other figures are of the whole process, reading the edges included.

- **idgraph**: `smallest_member`, what the Polars engine uses: NumPy integers in and out.
- **networkx**: a `Graph` filled from pairs of Python integers, then `connected_components`; run once.
- **Splink**: `cluster_pairwise_predictions_at_threshold` on DuckDB, tables in, a table out: of integers, and of record
  ids as they are. It also gives the records that no edge joins.

{runs}"""


def by_idgraph(records: int) -> dict[str, Any]:
    """Find components with the embedded engine's own function."""
    import numpy as np
    import polars as pl

    from idgraph.engines.components import smallest_member

    edges = pl.read_parquet(Workload(records).edges)
    left, right = edges["left"].to_numpy(), edges["right"].to_numpy()
    stages = Stages()
    stages("step")
    nodes, component = smallest_member(left, right)
    return {**stages.done(), "found": [len(nodes), len(np.unique(component))]}


def by_networkx(records: int) -> dict[str, Any]:
    """Find components with networkx."""
    import networkx as nx
    import polars as pl

    edges = pl.read_parquet(Workload(records).edges)
    pairs = list(zip(edges["left"].to_list(), edges["right"].to_list(), strict=True))
    stages = Stages()
    stages("step")
    components = list(nx.connected_components(nx.Graph(pairs)))
    return {**stages.done(), "found": [sum(map(len, components)), len(components)]}


def by_splink(records: int, *, strings: bool) -> dict[str, Any]:
    """Find components with Splink's clustering, over integers or over record ids."""
    import duckdb
    from splink import DuckDBAPI
    from splink.clustering import cluster_pairwise_predictions_at_threshold

    work, database = Workload(records), duckdb.connect()
    id_of = "record_id" if strings else "code"
    database.execute(f"create table coded as select row_number() over () - 1 as code, record_id from '{work.truth}'")
    database.execute(f"create table nodes as select {id_of} as id from coded")
    database.execute(
        f"create table edges as select one.{id_of} as one, other.{id_of} as other from '{work.edges}' as edges "
        "join coded as one on one.code = edges.left join coded as other on other.code = edges.right"
    )
    database.execute("drop table coded")
    stages = Stages()
    stages("step")
    nodes, edges = database.table("nodes"), database.table("edges")
    clusters = cluster_pairwise_predictions_at_threshold(nodes, edges, DuckDBAPI(database), "id", "one", "other")
    done = stages.done()
    sizes = f"select count(*) as size from {clusters.physical_name} group by cluster_id having size > 1"
    return {**done, "found": database.sql(f"select sum(size)::bigint, count(*) from ({sizes})").fetchall()[0]}


def bench(scale: Scale) -> str:
    """Measure all sizes; give the tables in Markdown."""
    rows = []
    for records in scale.sizes:
        work = Workload(records)
        facts = work.ensure()
        warm([work.edges, work.truth])
        found = measure(_candidates(records), scale.runs)
        answers = {name: one.facts["found"] for name, one in found.items()}
        if len({tuple(answer) for answer in answers.values()}) > 1:
            raise RuntimeError(f"the candidates do not agree on records joined and components: {answers}")
        joined, components = answers[_IDGRAPH]
        rows.append([f"**{facts['edges']:,} edges, {joined:,} records in {components:,} components**", *[""] * 5])
        rows += _rows(found)
    head = ["", "step, seconds", "×", "process, seconds", "CPU seconds", "peak GB"]
    return f"{_METHOD.format(runs=scale.told)}\n\n{table(head, rows)}"


def _candidates(records: int) -> list[Candidate]:
    given = {"records": records}
    return [
        Candidate(_IDGRAPH, "benches.collapse:by_idgraph", given),
        Candidate("Splink, integers", "benches.collapse:by_splink", {**given, "strings": False}),
        Candidate("Splink, record ids", "benches.collapse:by_splink", {**given, "strings": True}),
        Candidate("networkx", "benches.collapse:by_networkx", given, runs=1),
    ]


def _rows(found: Mapping[str, Measured]) -> list[list[str]]:
    steps = {name: one.median(lambda run: run.facts["seconds"]["step"]) for name, one in found.items()}
    return [
        [
            name,
            f"{steps[name]:.2f}",
            f"{steps[name] / steps[_IDGRAPH]:.0f}",
            f"{one.wall:.1f}",
            f"{one.cpu:.1f}",
            f"{one.peak:.2f}",
        ]
        for name, one in found.items()
    ]
