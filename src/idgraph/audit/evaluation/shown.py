"""Shown: an evaluation as tables that people read, in a terminal or a notebook; record ids are masked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl

from idgraph.audit.metrics import Quality
from idgraph.audit.report.tables import Cell, Table
from idgraph.errors import mask_id
from idgraph.pql.spoken import many

__all__ = ["html", "said", "shown"]

_MOST: Final = 20  # causes of errors
_NAMES: Final = {"kind": "records of", **{f"bcubed_{name}": f"B³ {name}" for name in ("precision", "recall", "f1")}}
_HTML: Final = """\
<p>{{ said }}.</p>
{% for one in tables %}
<table>
<caption>{{ one.caption }}</caption>
<thead><tr>{% for name in one.head %}<th scope="col">{{ name }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in one.rows %}
<tr>
{% for cell in row %}
<td{% if cell.number %} style="text-align: right"{% endif %}>{{ cell.text }}</td>
{% endfor %}
</tr>
{% endfor %}
</tbody>
</table>
{% if one.left_out %}<p>… and {{ one.left_out }} more.</p>{% endif %}
{% endfor %}
"""


def said(score: Quality, of_graph: int, of_truth: int) -> str:
    """Say in a line how right entities are, and how many records the graph and the truth each have alone."""
    unknown, absent = of_graph - score.records, of_truth - score.records
    parts = [many(score.records, "record"), f"precision {score.precision:.4f}", f"recall {score.recall:.4f}"]
    parts += [f"the truth does not know {unknown:,} more of the graph"] if unknown else []
    parts += [f"the graph has not {absent:,} more of the truth"] if absent else []
    return ", ".join(parts)


def shown(
    score: Quality,
    kinds: pl.DataFrame,
    rules: pl.DataFrame,
    errors: pl.DataFrame,
    looked_at: Mapping[str, tuple[int, int]],
) -> list[Table]:
    """Make tables of what an `Evaluation` holds: scores, rules, errors; empty ones are left out."""
    scores = [pl.DataFrame([{"kind": "all", **score.as_dict()}]), *([kinds] if kinds.height else [])]
    told = errors.head(_MOST)
    tables = [
        _table("How right", pl.concat(scores).rename(_NAMES)),
        _table("By rule", rules),
        _table(f"Errors by cause{_drawn(looked_at)}", _errors(told), errors.height - told.height),
    ]
    return [one for one in tables if one.rows]


def html(line: str, tables: Sequence[Table]) -> str:
    """The same for a notebook; everything is escaped."""
    from jinja2 import Environment

    template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(_HTML)
    return template.render(said=line, tables=tables)


def _table(caption: str, frame: pl.DataFrame, left_out: int = 0) -> Table:
    head = [name.replace("_", " ") for name in frame.columns]
    return Table(caption, head, [[_cell(value) for value in row] for row in frame.iter_rows()], left_out)


def _cell(value: str | float | None) -> Cell:
    match value:
        case int():
            return Cell(f"{value:,}", number=True)
        case float():
            return Cell(f"{value:.4f}", number=True)
        case _:
            return Cell(value or "")


def _errors(errors: pl.DataFrame) -> pl.DataFrame:
    """Errors with shares in per cent, and the first example of each."""
    first = [" and ".join(mask_id(record_id) for record_id in examples[0].values()) for examples in errors["examples"]]
    shares = [f"{share:.1%}" for share in errors["share"]]
    told = errors.drop("examples").with_columns(share=pl.Series(shares, dtype=pl.String))
    return told.with_columns(example=pl.Series(first, dtype=pl.String))


def _drawn(looked_at: Mapping[str, tuple[int, int]]) -> str:
    """Say where not all errors were looked at."""
    parts = [f"{seen:,} of {every:,} {error} pairs" for error, (seen, every) in looked_at.items() if seen < every]
    return f", of {' and '.join(parts)} that were drawn at random" if parts else ""
