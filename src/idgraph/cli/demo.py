"""The demo: the whole story on a made-up company's exports."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from idgraph.cli.printed import decimals, indented, print_discovery, print_summary, print_table
from idgraph.cli.running import progress, warned

if TYPE_CHECKING:
    from idgraph.datasets import World
    from idgraph.graph import Graph
    from idgraph.pql import Board

__all__ = ["demo"]


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the exports and the graph.")] = Path("idgraph-demo"),
    companies: Annotated[int, typer.Option(help="How many companies the made-up world has.", min=10)] = 500,
    seed: Annotated[int, typer.Option(help="Another seed, another world.")] = 0,
) -> None:
    """Show the whole story on a made-up company's exports: recognised, merged, refused and why, right and wrong."""
    from idgraph.datasets import CARD, saas_world
    from idgraph.engines.output import RUN_FILE, new_folder
    from idgraph.pipeline import resolve
    from idgraph.pql import Scorecard, board
    from idgraph.sources.discover import discover as find

    with warned(), progress() as say, new_folder(out, {"exports", "graph", "pql.yaml", RUN_FILE}) as folder:
        say("making a world of companies")
        world = saas_world(companies, seed).with_usage(seed)
        exports = folder / "exports"
        world.write(exports)
        found = find(exports)
        graph = resolve(*found, progress=say)
        say("writing")
        graph.write(folder / "graph")
        (folder / RUN_FILE).write_text((folder / "graph" / RUN_FILE).read_text())
        (folder / "pql.yaml").write_text(CARD.read_text("utf-8"), "utf-8")
        say("asking who is ready to buy")
        found_ready = board(graph.activity(), Scorecard.from_yaml(folder / "pql.yaml"))
    typer.echo(f"A made-up software company with {companies:,} customers exported its systems:\n")
    print_discovery(found)
    print_summary(graph.summary())
    typer.echo("\nOne profile, and why it is one:")
    pair = graph.example()
    typer.echo(indented(str(graph.explain(*pair))))
    typer.echo("\nAgainst the truth, which the run did not see:")
    found_quality = {
        "people": graph.evaluate(world.people_truth),
        "companies": graph.evaluate(world.company_truth, "account"),
    }
    print_table(
        ["", "pairwise precision", "recall", "F1", "B³ F1"],
        [[name, *decimals(q.precision, q.recall, q.f1, q.bcubed_f1)] for name, q in found_quality.items()],
    )
    _print_ready(found_ready, graph, world)
    typer.echo(f"\nThe exports are in {out / 'exports'}, the graph in {out / 'graph'}. Next:")
    program = "idgraph" if shutil.which("idgraph") else sys.argv[0]
    typer.echo(f"  {shlex.join([program, 'explain', str(out / 'graph'), *pair])}")
    typer.echo(f"  {shlex.join([program, 'pql', str(out / 'graph'), str(out / 'pql.yaml')])}")
    typer.echo(f"  {shlex.join([program, 'merge', str(out / 'exports'), '--out', 'my-graph'])}")


def _print_ready(found: Board, graph: Graph, world: World) -> None:
    """Say how many of the accounts that were made ready to buy are on the board, and explain the first one."""
    import polars as pl

    placed = graph.assignments.filter(pl.col("level").cast(pl.String) == "account")
    companies = placed.join(world.company_truth.rename({"entity_id": "company_id"}), on="record_id")
    made = world.usage_truth.filter(pl.col("ready_at").is_not_null())
    planted = companies.join(made, on="company_id").select("entity_id").unique()
    reached = found.rows.filter(pl.col("pql_at").is_not_null())
    right = reached.join(planted, on="entity_id", how="semi")
    typer.echo(
        f"\nReady to buy, by what they did in the product: {reached.height} accounts; {right.height} of them are"
    )
    typer.echo(f"among the {planted.height} that were made so.")
    ready = right.filter(pl.col("state") == "ready")["entity_id"]
    for entity_id in ready.head(1):
        typer.echo(indented(found.explain(entity_id)))
