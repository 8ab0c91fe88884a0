"""The command line: each command calls one public function and prints what it gave.

Exit codes: 0 done; 1 the input or the output cannot be used, said in one message; 2 wrong usage; 130 interrupted.
"""

from __future__ import annotations

import contextlib
import io
import json
import shlex
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from idgraph.config import Config
    from idgraph.datasets import World
    from idgraph.graph import Graph
    from idgraph.pql import Board
    from idgraph.sources.discover import Discovery
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


_BOARD_ROWS = 20  # of a board that are printed


class Format(StrEnum):
    """How frames are written."""

    parquet = "parquet"
    csv = "csv"


class Runs(StrEnum):
    """What runs the steps."""

    polars = "polars"
    spark = "spark"


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
        _print_json(_discovery_facts(found))
    else:
        _print_discovery(found)
        _print_stanzas(found)
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
        _print_discovery(found)
        if any(item.stanza for item in found.unknown):
            typer.echo(f"\nHow to map what was left out: idgraph discover {shlex.quote(str(folder))}")
    with _progress() as say, _session(engine, master or "local[*]", say) as session:
        graph = resolve(
            *found,
            config=config,
            judgements=judgements,
            previous=earlier,
            models=learnt,
            session=session,
            progress=say,
        )
        say("writing")
        graph.write(out, format.value)
        facts = graph.summary()
        said = [str(contradiction) for contradiction in graph.contradictions()]
    if as_json:
        parts = {"discovery": _discovery_facts(found), "summary": facts, "contradictions": said, "out": str(out)}
        _print_json(parts)
        return
    _print_summary(facts)
    _print_judgements(facts["judgements"], said)
    if previous:
        _print_changes(previous, graph.run["previous"], facts["changes"])
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
    with _progress() as say:
        told = planned(*found, config=found.config, models=learnt, progress=say)
    if as_json:
        _print_json({"discovery": _discovery_facts(found), "plan": told.as_dict()})
        return
    _print_discovery(found)
    typer.echo(f"\n{told}")


@app.command()
def explain(out: Out, left: str, right: str, as_json: AsJson = False) -> None:
    """Say why two records are one person or company, or why not. Records are '<source>:<native id>'."""
    from idgraph.graph import Graph

    found = Graph.open(out).explain(left, right)
    if as_json:
        _print_json(found.as_dict())
        return
    typer.echo(str(found))


@app.command()
def report(
    graph: Out,
    out: Annotated[Path, typer.Option(help="File to write: new, or an earlier page of ours.")] = Path("report.html"),
    previous: Annotated[Path | None, typer.Option(help="Folder of an earlier result, to say what changed.")] = None,
    redact: Annotated[bool, typer.Option("--redact", help="Shorten personal values.")] = False,
) -> None:
    """Write one HTML page: summary, risks, search, what was refused, what changed. It needs no network."""
    from idgraph.graph import Graph

    opened = Graph.open(graph)
    earlier = Graph.open(previous) if previous else None
    with _progress() as say:
        say("looking at the graph")
        opened.report(out, previous=earlier, redact=redact)
    typer.echo(f"Written to {out}.")


@app.command()
def evaluate(
    out: Out,
    truth: Annotated[Path, typer.Argument(help="Table with record_id and entity_id: CSV or Parquet.")],
    level: Annotated[str, typer.Option(help="person, tenant or account.")] = "person",
    as_json: AsJson = False,
) -> None:
    """Compare the entities with a known truth: pairwise and B-cubed precision, recall and F1, by kind."""
    from idgraph.audit.metrics import read_truth
    from idgraph.graph import Graph
    from idgraph.schema import LEVELS

    if level not in LEVELS:
        raise typer.BadParameter(f"{level!r} is no level; it is one of {', '.join(LEVELS)}", param_hint="--level")
    graph, known = Graph.open(out), read_truth(truth)
    found = {"all": graph.evaluate(known, level)}
    found |= {kind: graph.evaluate(known, level, kind) for kind in LEVELS[level]}
    found = {name: score for name, score in found.items() if score.records}
    if as_json:
        _print_json({name: score.as_dict() for name, score in found.items()})
        return
    _print_table(
        ["records of", *(name.replace("bcubed_", "B³ ") for name in next(iter(found.values())).as_dict())],
        [
            [name, *(f"{value:,}" if isinstance(value, int) else f"{value:.4f}" for value in score.as_dict().values())]
            for name, score in found.items()
        ],
    )


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
    from idgraph.pql import Scorecard, board

    with _warned():
        said = Scorecard.from_yaml(card)
        graph = Graph.open(out)
        sources = [source for folder in events for source in _telling(folder)]
        with _progress() as say:
            say("reading events")
            activity = graph.activity(*sources)
            say("asking who qualifies")
            found = board(activity, said, as_of)
    if to:
        found.write(to)
    if as_json:
        _print_json(found.as_dict())
        return
    _print_board(found)
    if to:
        typer.echo(f"\nWritten to {to}.")


@app.command()
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

    with _warned(), _progress() as say, new_folder(out, {"exports", "graph", "pql.yaml", RUN_FILE}) as folder:
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
    _print_discovery(found)
    _print_summary(graph.summary())
    typer.echo("\nOne profile, and why it is one:")
    pair = graph.example()
    typer.echo(_indented(str(graph.explain(*pair))))
    typer.echo("\nAgainst the truth, which the run did not see:")
    found_quality = {
        "people": graph.evaluate(world.people_truth),
        "companies": graph.evaluate(world.company_truth, "account"),
    }
    _print_table(
        ["", "pairwise precision", "recall", "F1", "B³ F1"],
        [[name, *_decimals(q.precision, q.recall, q.f1, q.bcubed_f1)] for name, q in found_quality.items()],
    )
    _print_ready(found_ready, graph, world)
    typer.echo(f"\nThe exports are in {out / 'exports'}, the graph in {out / 'graph'}. Next:")
    program = "idgraph" if shutil.which("idgraph") else sys.argv[0]
    typer.echo(f"  {shlex.join([program, 'explain', str(out / 'graph'), *pair])}")
    typer.echo(f"  {shlex.join([program, 'pql', str(out / 'graph'), str(out / 'pql.yaml')])}")
    typer.echo(f"  {shlex.join([program, 'merge', str(out / 'exports'), '--out', 'my-graph'])}")


@contextlib.contextmanager
def _warned() -> Iterator[None]:
    """Say warnings as messages, once the block is over."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        yield
    for text in dict.fromkeys(str(warning.message) for warning in caught):
        typer.echo(f"idgraph: {text}", err=True)


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


@contextlib.contextmanager
def _session(engine: Runs, master: str, say: Callable[[str], None]) -> Iterator[Any]:
    """Give a Spark session where Spark is to run it, else None."""
    if engine is not Runs.spark:
        yield None
        return
    from idgraph.engines.spark import spark_session

    say("starting Spark")
    with spark_session(master) as session:
        yield session


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Show what is being done while a person is watching; say nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status("starting") as status:
        yield status.update


def _print_json(facts: Any) -> None:  # noqa: ANN401 - any JSON
    typer.echo(json.dumps(facts, indent=2, default=str, ensure_ascii=False))


def _print_table(head: list[str], rows: list[list[str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for place, name in enumerate(head):
        numbers = bool(rows) and all(row[place].replace(",", "").replace(".", "").isdigit() for row in rows)
        table.add_column(name, justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    console = Console(markup=False, emoji=False, highlight=False)  # names of files and columns are no markup
    if not console.is_terminal:
        console.width = 120
    console.print(table)


def _discovery_facts(found: Discovery) -> dict[str, Any]:
    return {
        "recognised": [
            {"file": found.within(item.path), "source": item.source, "by": list(item.by)} for item in found.recognised
        ],
        "unknown": [
            {"file": found.within(item.path), "why": item.why, "stanza": item.stanza} for item in found.unknown
        ],
    }


def _print_discovery(found: Discovery) -> None:
    if found.recognised:
        _print_table(
            ["file", "taken for", "by its columns"],
            [[found.within(item.path), item.source, ", ".join(item.by)] for item in found.recognised],
        )
    if found.unknown:
        typer.echo("\nLeft out:")
    for item in found.unknown:
        typer.echo(f"  {found.within(item.path)}: {item.why}")


def _print_stanzas(found: Discovery) -> None:
    for item in found.unknown:
        if item.stanza:
            typer.echo(f"\nTo map {found.within(item.path)}, complete these lines in idgraph.toml:\n")
            typer.echo(_indented(item.stanza))


def _print_summary(facts: dict[str, Any]) -> None:
    records = sum(row["count"] for row in facts["records"])
    stubs = f", {facts['stubs']:,} of them known only by reference" if facts["stubs"] else ""
    typer.echo(f"\n{records:,} records{stubs}, became")
    for name in ("profiles", "tenants", "accounts"):
        typer.echo(f"  {facts[name]:>9,} {name}, {facts['joined'][name]:,} of them from several records")
    if facts["events"]:
        events = sum(row["count"] for row in facts["events"])
        typer.echo(f"  {events:>9,} events, told by {', '.join(row['source'] for row in facts['events'])}")
    if facts["review"]:
        typer.echo(f"  {facts['review']:>9,} pairs wait for a person to decide (links, state review)")
    _print_refused("Values that may not link", facts["suppressed"], ["type", "reason"])
    _print_refused("Identifiers cut from entities that would hold too much", facts["cut"], ["type", "reason"])
    _print_refused("Rejected", facts["rejects"], ["source", "grain", "reason"])


def _print_judgements(counts: dict[str, int], contradictions: list[str]) -> None:
    words = {
        "used": "said to be the same",
        "rejected": "said to be different",
        "review": "unsure",
        "cut": "left out, because they contradict others",
        "waiting": "on records that are not there; they wait for them",
    }
    if counts:
        typer.echo("\nJudgements:")
        for state, number in counts.items():
            typer.echo(f"  {number:>9,} {words[state]}")
    for contradiction in contradictions:
        typer.echo(f"  {contradiction}")


def _print_changes(previous: Path, facts: dict[str, Any], changes: list[dict[str, Any]]) -> None:
    typer.echo(f"\nIds are those of {previous} wherever records stayed together.")
    if facts["differs"]:
        differ = ", ".join(facts["differs"])
        typer.echo(f"It was made otherwise: {differ} differ, so that some changes come from there.")
    _print_refused("What changed", changes, ["level", "change"])


def _print_board(found: Board) -> None:
    told = found.as_dict(_BOARD_ROWS)
    states = ", ".join(f"{count:,} {state}" for state, count in told["states"].items())
    typer.echo(f"As of {found.now:%Y-%m-%d %H:%M}: {states}\n")
    _print_table(
        [found.level, "state", "since", "score", "people", "champion", "why"],
        [
            [
                row["name"] or row["entity_id"],
                row["state"],
                f"{row['reached_at']:%Y-%m-%d}" if row["reached_at"] else "",
                *_decimals(row["score"]),
                str(row["people"]),
                row["champion"] or "",
                "\n".join(row["reasons"] or row["missing"]),
            ]
            for row in told["board"]
        ],
    )
    if len(told["board"]) < found.rows.height:
        typer.echo(f"\nThe first {len(told['board'])} of {found.rows.height:,}; --out board.csv has all.")


def _print_refused(title: str, rows: list[dict[str, Any]], columns: list[str]) -> None:
    if rows:
        typer.echo(f"\n{title}:")
        _print_table([*columns, "count"], [[*(str(row[c]) for c in columns), f"{row['count']:,}"] for row in rows])


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
        typer.echo(_indented(found.explain(entity_id)))


def _decimals(*values: float) -> list[str]:
    return [f"{value:.3f}" for value in values]


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def main() -> NoReturn:
    """Run the command line; an error that the user can mend is one message, not a traceback."""
    from idgraph.errors import IdgraphError

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal may not have every sign
    try:
        app()
    except IdgraphError as error:
        typer.echo(f"idgraph: {error}", err=True)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    raise SystemExit(0)
