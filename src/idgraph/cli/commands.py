"""The command line: each command calls one public function and prints what it gave.

Exit codes: 0 done; 1 the input or the output cannot be used, said in one message; 2 wrong usage; 130 interrupted.
"""

from __future__ import annotations

import io
import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from idgraph.cli.demo import demo
from idgraph.cli.printed import (
    discovery_facts,
    evaluation_facts,
    lead_facts,
    print_board,
    print_changes,
    print_discovery,
    print_json,
    print_judgements,
    print_leads,
    print_stanzas,
    print_summary,
    print_table,
)
from idgraph.cli.running import Runs, progress, session, warned

if TYPE_CHECKING:
    from collections.abc import Callable

    from idgraph.config import Config
    from idgraph.graph import Graph
    from idgraph.pql import Board
    from idgraph.sources.table import Source

__all__ = ["app", "main"]

app = typer.Typer(
    name="idgraph",
    help="Link exports of people and companies into profiles and accounts, with a reason for every link.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class Format(StrEnum):
    """How frames are written."""

    parquet = "parquet"
    csv = "csv"


Folder = Annotated[
    Path, typer.Argument(help="Folder of exports: CSV, TSV, JSON, JSON Lines or Parquet, packed or not.")
]
Out = Annotated[Path, typer.Argument(help="Folder that `idgraph merge` wrote.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document, for machines.")]


@app.callback(invoke_without_command=True)
def _top(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    if version:
        from importlib.metadata import version as installed

        typer.echo(installed("idgraph-b2b"))
        raise typer.Exit


@app.command()
def discover(folder: Folder, as_json: AsJson = False) -> None:
    """Say what each file of a folder would be taken for, and how to map the others. Nothing is linked."""
    from idgraph.sources.discover import survey

    found = survey(folder)
    if as_json:
        print_json(discovery_facts(found))
    else:
        print_discovery(found)
        print_stanzas(found)
    found.refuse_nothing()


@app.command()
def merge(  # noqa: PLR0913, PLR0917 - one argument an option
    folder: Folder,
    out: Annotated[Path, typer.Option(help="Folder to write: new, empty, or an earlier one of ours.")],
    format: Annotated[Format, typer.Option(help="Parquet keeps dtypes; CSV opens in a spreadsheet.")] = Format.parquet,
    region: Annotated[str | None, typer.Option(help="Country that national phone numbers are of, e.g. US.")] = None,
    timezone: Annotated[str | None, typer.Option(help="Zone that times without one are in, e.g. Europe/Rome.")] = None,
    without: Annotated[list[str] | None, typer.Option(help="Rule to leave out, e.g. phone or visitor-lead.")] = None,
    exact_only: Annotated[
        bool, typer.Option("--exact-only", help="Link by shared values alone, not by likeness: --without similar.")
    ] = False,
    judgements: Annotated[
        Path | None, typer.Option(help="Table of what was judged to be the same or different: CSV or Parquet.")
    ] = None,
    previous: Annotated[
        Path | None, typer.Option(help="Folder of an earlier result, whose ids and judgements stay.")
    ] = None,
    models: Annotated[
        Path | None, typer.Option(help="models.json of an earlier result: weigh likeness by it, learn nothing anew.")
    ] = None,
    engine: Annotated[Runs, typer.Option(help="What runs it: this machine, or Spark.")] = Runs.polars,
    master: Annotated[
        str | None, typer.Option(help="Where Spark runs: local[2], a cluster, sc://host; default local[*].")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Discover, resolve and write: one run from exports to profiles and accounts."""
    from idgraph.graph import Graph
    from idgraph.linkage.models import Models
    from idgraph.pipeline import resolve
    from idgraph.sources.discover import discover as find

    if master and engine is not Runs.spark:
        raise typer.BadParameter("it says where Spark runs; add --engine spark", param_hint="--master")
    Graph.refuse_folder(out)
    found = find(folder)
    off = [*(without or found.config.without), *(["similar"] if exact_only else ())]
    config = _settings(found.config, region, timezone, off)
    earlier = Graph.open(previous) if previous else None
    learnt = Models.load(models) if models else None
    if not as_json:
        print_discovery(found)
        if any(item.stanza for item in found.unknown):
            typer.echo(f"\nHow to map what was left out: idgraph discover {shlex.quote(str(folder))}")
    with progress() as say, session(engine, master or "local[*]", say) as spark:
        graph = resolve(
            *found,
            config=config,
            judgements=judgements,
            previous=earlier,
            models=learnt,
            session=spark,
            progress=say,
        )
        say("writing")
        graph.write(out, format.value)
        facts = graph.summary()
        said = [str(contradiction) for contradiction in graph.contradictions()]
    if as_json:
        parts = {"discovery": discovery_facts(found), "summary": facts, "contradictions": said, "out": str(out)}
        print_json(parts)
        return
    print_summary(facts)
    print_judgements(facts["judgements"], said)
    if previous:
        print_changes(previous, graph.run["previous"], facts["changes"])
    typer.echo(f"\nWritten to {out}.")


@app.command()
def plan(
    folder: Folder,
    models: Annotated[Path | None, typer.Option(help="models.json of an earlier result, as for merge.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say what merge would do: counts by rule, values held by many, pairs to compare. Nothing is written."""
    from idgraph.linkage.models import Models
    from idgraph.pipeline import plan as planned
    from idgraph.sources.discover import discover as find

    found = find(folder)
    learnt = Models.load(models) if models else None
    with progress() as say:
        told = planned(*found, config=found.config, models=learnt, progress=say)
    if as_json:
        print_json({"discovery": discovery_facts(found), "plan": told.as_dict()})
        return
    print_discovery(found)
    typer.echo(f"\n{told}")


@app.command()
def explain(out: Out, left: str, right: str, as_json: AsJson = False) -> None:
    """Say why two records are one person or company, or why not. Records are '<source>:<native id>'."""
    from idgraph.graph import Graph

    found = Graph.open(out).explain(left, right)
    if as_json:
        print_json(found.as_dict())
        return
    typer.echo(str(found))


@app.command()
def report(
    graph: Out,
    out: Annotated[Path, typer.Option(help="File to write: new, or an earlier page of ours.")] = Path("report.html"),
    previous: Annotated[Path | None, typer.Option(help="Folder of an earlier result, to say what changed.")] = None,
    pql: Annotated[
        Path | None, typer.Option(help="Definition or scorecard, YAML: show who qualifies, as idgraph pql does.")
    ] = None,
    events: Annotated[
        list[Path] | None, typer.Option(help="Folder of events for --pql that the graph does not hold yet.")
    ] = None,
    truth: Annotated[
        Path | None, typer.Option(help="Table with record_id and entity_id of people: show how right the graph is.")
    ] = None,
    redact: Annotated[bool, typer.Option("--redact", help="Shorten personal values.")] = False,
) -> None:
    """Write one HTML page: summary, risks, search, what was refused, what changed. It needs no network."""
    from idgraph.audit.metrics import read_truth
    from idgraph.graph import Graph

    if events and pql is None:
        raise typer.BadParameter("they are for a board; add --pql", param_hint="--events")
    opened = Graph.open(graph)
    earlier = Graph.open(previous) if previous else None
    with warned(), progress() as say:
        board = _board(opened, events or [], pql, None, say) if pql else None
        say("looking at the graph")
        found = opened.evaluate(read_truth(truth)) if truth else None
        opened.report(out, previous=earlier, board=board, evaluation=found, redact=redact)
    typer.echo(f"Written to {out}.")


@app.command()
def evaluate(
    out: Out,
    truth: Annotated[Path, typer.Argument(help="Table with record_id and entity_id: CSV or Parquet.")],
    level: Annotated[str, typer.Option(help="person, tenant or account.")] = "person",
    as_json: AsJson = False,
) -> None:
    """Compare the entities with a known truth: pairwise and B-cubed precision, recall and F1; errors by cause."""
    from idgraph.audit.metrics import read_truth
    from idgraph.graph import Graph
    from idgraph.schema import LEVELS

    if level not in LEVELS:
        raise typer.BadParameter(f"{level!r} is no level; it is one of {', '.join(LEVELS)}", param_hint="--level")
    with progress() as say:
        say("comparing with the truth")
        found = Graph.open(out).evaluate(read_truth(truth), level)
        facts, tables = evaluation_facts(found), found.tables
    if as_json:
        print_json(facts)
        return
    typer.echo(f"{found}.")
    for table in tables:
        typer.echo(f"\n{table.caption}{f', the first {len(table.rows)}' if table.left_out else ''}:")
        print_table(list(table.head), [[cell.text for cell in row] for row in table.rows])


@app.command()
def leads(
    out: Out,
    to: Annotated[
        Path | None, typer.Option("--out", help="Write the whole table: leads.csv, or leads.parquet.")
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option(help="Kind of people; may be given several times. Default: lead and contact.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say to which account each lead goes, or why to none: lead-to-account matching."""
    from idgraph.engines.output import replace_table
    from idgraph.graph import Graph

    found = Graph.open(out).lead_to_account(*(kind or ()))
    if to:
        replace_table(found.lazy(), to)
    facts = lead_facts(found)
    if as_json:
        print_json(facts)
        return
    print_leads(facts)
    if to:
        typer.echo(f"\nWritten to {to}.")


@app.command()
def pql(
    out: Out,
    events: Annotated[
        list[Path],
        typer.Argument(
            default_factory=list, show_default=False, help="Folders of events that the graph does not hold yet."
        ),
    ],
    card: Annotated[Path, typer.Argument(help="Definition or scorecard: YAML.")],
    to: Annotated[
        Path | None, typer.Option("--out", help="Write the whole board: board.csv, or board.parquet.")
    ] = None,
    as_of: Annotated[str | None, typer.Option(help="Stand at an earlier time, e.g. 2026-11-21.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say which accounts are ready to buy, since when, and why: best first, with their scores."""
    from idgraph.graph import Graph

    with warned(), progress() as say:
        found = _board(Graph.open(out), events, card, as_of, say)
    if to:
        found.write(to)
    if as_json:
        print_json(found.as_dict())
        return
    print_board(found)
    if to:
        typer.echo(f"\nWritten to {to}.")


app.command()(demo)


def _board(graph: Graph, events: list[Path], card: Path, as_of: str | None, say: Callable[[str], None]) -> Board:
    """Ask who qualifies, by the events that the graph holds and those of some folders."""
    from idgraph.pql import Scorecard, board

    asked = Scorecard.from_yaml(card)
    sources = [source for folder in events for source in _telling(folder)]
    say("reading events")
    activity = graph.activity(*sources)
    say("asking who qualifies")
    return board(activity, asked, as_of)


def _telling(folder: Path) -> list[Source]:
    """The sources of a folder that tell what happened; tables of people and companies tell nothing."""
    from idgraph.errors import ConfigError
    from idgraph.sources.discover import discover as find

    telling = [source for source in find(folder) if source.event or source.kind is None]
    if not telling:
        msg = f"no file of {folder} tells what happened; how to say what one tells: idgraph discover {folder}"
        raise ConfigError(msg)
    return telling


def _settings(stored: Config, region: str | None, timezone: str | None, off: list[str]) -> Config:
    """The settings of the folder's `idgraph.toml`, and over them what the command says."""
    said = {"region": region, "timezone": timezone, "without": tuple(off)}
    return type(stored).model_validate({**dict(stored), **{key: value for key, value in said.items() if value}})


def main() -> NoReturn:
    """Run the command line; an error that the user can mend is one message, not a traceback."""
    from idgraph.errors import IdgraphError

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal may not have every sign
    try:
        app(prog_name="idgraph")
    except IdgraphError as error:
        typer.echo(f"idgraph: {error}", err=True)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    raise SystemExit(0)
