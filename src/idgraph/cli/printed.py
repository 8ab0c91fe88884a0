"""What commands print: tables and lines for people, JSON for machines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from idgraph.errors import mask_id

if TYPE_CHECKING:
    import polars as pl

    from idgraph.audit.evaluation import Evaluation
    from idgraph.pql import Board
    from idgraph.sources.discover import Discovery

__all__ = [
    "decimals",
    "discovery_facts",
    "evaluation_facts",
    "indented",
    "lead_facts",
    "print_board",
    "print_changes",
    "print_discovery",
    "print_json",
    "print_judgements",
    "print_leads",
    "print_refused",
    "print_stanzas",
    "print_summary",
    "print_table",
]

_BOARD_ROWS: Final = 20


def print_json(facts: Any) -> None:  # noqa: ANN401 - any JSON
    """Print one JSON document."""
    typer.echo(json.dumps(facts, indent=2, default=str, ensure_ascii=False))


def print_table(head: list[str], rows: list[list[str]]) -> None:
    """Print a table: columns of numbers to the right, all else to the left."""
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


def discovery_facts(found: Discovery) -> dict[str, Any]:
    """Give what `discover` found as plain values, for JSON."""
    return {
        "recognised": [
            {
                "file": found.within(item.path),
                "source": item.source,
                "by": list(item.by),
                "repeated": list(item.repeated),
            }
            for item in found.recognised
        ],
        "unknown": [
            {"file": found.within(item.path), "why": item.why, "stanza": item.stanza} for item in found.unknown
        ],
    }


def evaluation_facts(found: Evaluation) -> dict[str, Any]:
    """Give an evaluation as plain values, for JSON; record ids are masked."""
    errors = found.errors.to_dicts()
    for error in errors:
        error["examples"] = [{end: mask_id(record_id) for end, record_id in two.items()} for two in error["examples"]]
    kinds = {row.pop("kind"): row for row in found.kinds.to_dicts()}
    truth = {"records_of_truth": found.records_of_truth, "records_of_graph": found.records_of_graph}
    looked_at = {error: {"looked_at": seen, "pairs": every} for error, (seen, every) in found.looked_at.items()}
    return {
        "all": {**found.as_dict(), **truth},
        "kinds": kinds,
        "rules": found.rules.to_dicts(),
        "errors": {"of": looked_at, "causes": errors},
    }


def print_discovery(found: Discovery) -> None:
    """Print what each file was taken for, and which were left out and why."""
    if found.recognised:
        print_table(
            ["file", "taken for", "by its columns"],
            [[found.within(item.path), item.source, ", ".join(item.by)] for item in found.recognised],
        )
    if remarks := found.remarks():
        typer.echo("\n" + "\n".join(remarks))
    if found.unknown:
        typer.echo("\nLeft out:")
    for item in found.unknown:
        typer.echo(f"  {found.within(item.path)}: {item.why}")


def print_stanzas(found: Discovery) -> None:
    """Print the lines of `idgraph.toml` that would map what was left out."""
    for item in found.unknown:
        if item.stanza:
            typer.echo(f"\nTo map {found.within(item.path)}, complete these lines in idgraph.toml:\n")
            typer.echo(indented(item.stanza))


def print_summary(facts: dict[str, Any]) -> None:
    """Print what came in, what it became and what was refused; see `Graph.summary`."""
    records = sum(row["count"] for row in facts["records"])
    stubs = f", {facts['stubs']:,} of them known only by reference" if facts["stubs"] else ""
    typer.echo(f"\n{_counted(records, 'record').strip()}{stubs}, became")
    for noun in ("profile", "tenant", "account"):
        several = f"{facts['joined'][f'{noun}s']:,} of them from several records"
        typer.echo(f"  {_counted(facts[f'{noun}s'], noun)}, {several}")
    if facts["events"]:
        events = sum(row["count"] for row in facts["events"])
        typer.echo(f"  {_counted(events, 'event')}, told by {', '.join(row['source'] for row in facts['events'])}")
    if facts["review"]:
        waits = "waits" if facts["review"] == 1 else "wait"
        typer.echo(f"  {_counted(facts['review'], 'pair')} {waits} for a person to decide (of links in state review)")
    if facts["circles"]:
        are = "is" if facts["circles"] == 1 else "are"
        told = "in a circle of owners, or owned by one: nobody is at the top"
        typer.echo(f"  {_counted(facts['circles'], 'account')} {are} {told} (idgraph report lists them)")
    print_refused("Values that may not link", facts["suppressed"], ["type", "reason"])
    print_refused("Domains used although they are on a list", facts["overridden"], ["type", "reason"])
    print_refused("Identifiers cut from entities that would hold too much", facts["cut"], ["type", "reason"])
    print_refused("Rejected", facts["rejects"], ["source", "grain", "reason"])


def _counted(number: int, noun: str) -> str:
    """Say how many, the numbers of several lines below each other."""
    from idgraph.pql.spoken import many

    written, _, named = many(number, noun).partition(" ")
    return f"{written:>9} {named}"


def print_judgements(counts: dict[str, int], contradictions: list[str]) -> None:
    """Print how many judgements were used, and which contradict others."""
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


def print_changes(previous: Path, facts: dict[str, Any], changes: list[dict[str, Any]]) -> None:
    """Print what became of the ids of an earlier result."""
    typer.echo(f"\nIds are those of {previous} wherever records stayed together.")
    if facts["differs"]:
        differ = ", ".join(facts["differs"])
        typer.echo(f"It was made otherwise: {differ} differ, so that some changes come from there.")
    print_refused("What changed", changes, ["level", "change"])


def print_board(found: Board) -> None:
    """Print the first rows of a board, with their reasons."""
    told = found.as_dict(_BOARD_ROWS)
    states = ", ".join(f"{count:,} {state}" for state, count in told["states"].items())
    typer.echo(f"As of {found.now:%Y-%m-%d %H:%M}: {states}\n")
    print_table(
        [found.level, "state", "since", "score", "people", "champion", "why"],
        [
            [
                row["name"] or row["entity_id"],
                row["state"],
                f"{row['reached_at']:%Y-%m-%d}" if row["reached_at"] else "",
                *decimals(row["score"]),
                str(row["people"]),
                row["champion"] or "",
                "\n".join(row["reasons"] or row["missing"]),
            ]
            for row in told["board"]
        ],
    )
    if len(told["board"]) < found.rows.height:
        typer.echo(f"\nThe first {len(told['board'])} of {found.rows.height:,}; --out board.csv has all.")


def lead_facts(found: pl.DataFrame) -> list[dict[str, Any]]:
    """Count how many leads go where, and why some go nowhere; see `Graph.lead_to_account`."""
    by = ["kind", "state", "via", "reason"]
    leads: dict[tuple[Any, ...], set[str]] = {}
    for record_id, *key in found.select("record_id", *by).iter_rows():
        leads.setdefault(tuple(key), set()).add(record_id)
    rows = [{**dict(zip(by, key, strict=True)), "records": len(records)} for key, records in leads.items()]
    return sorted(
        rows, key=lambda row: (row["kind"], row["state"], -row["records"], str(row["via"]), str(row["reason"]))
    )


def print_leads(facts: list[dict[str, Any]]) -> None:
    """Print what `lead_facts` counted."""
    rows = [
        [*(str(row[name] or "") for name in ("kind", "state", "via", "reason")), f"{row['records']:,}"] for row in facts
    ]
    print_table(["kind", "state", "via", "reason", "records"], rows)


def print_refused(title: str, rows: list[dict[str, Any]], columns: list[str]) -> None:
    """Print how many there are of each kind; nothing where there is none."""
    if rows:
        typer.echo(f"\n{title}:")
        print_table([*columns, "count"], [[*(str(row[c]) for c in columns), f"{row['count']:,}"] for row in rows])


def decimals(*values: float) -> list[str]:
    """Write shares as text."""
    return [f"{value:.3f}" for value in values]


def indented(text: str) -> str:
    """Move a text to the right."""
    return "\n".join(f"  {line}" for line in text.splitlines())
