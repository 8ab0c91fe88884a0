"""Whether the defaults of `dedupe` would have been chosen without any one of the tables that they are measured on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Final

from benches.harness import Candidate, Scale, measure, table
from benches.scoring import scores
from benches.tables import TABLES, Labelled, matched

__all__ = ["bench", "scored"]

_LINKAGE: Final = "idgraph.linkage"
_METHOD: Final = """\
F1 on the labelled tables, each family of them counted once, with one number of idgraph changed at a time. *Without* are
the families that, left out, would have led to this number: it has the best mean F1 over the others. What the family
left out has by the numbers that all others choose is in the last table, each number chosen by itself and all taken
together. One run each; all tables have one and the same engine and no settings.

A number whose neighbour gains less than .001 in the mean was left where it is: so small a gain is of these tables."""


@dataclass(frozen=True)
class _Number:
    """A number that somebody chose.

    Attributes:
        what: in the report.
        module: where it is, in `idgraph.linkage`; None for an argument of `dedupe`.
        name: there.
        values: some to try; the second is the default.
    """

    what: str
    module: str | None
    name: str
    values: tuple[float, float, float]


_NUMBERS: Final = (
    _Number("expected precision of links", None, "precision", (0.97, 0.98, 0.99)),
    _Number("odds of pairs that leave no doubt, bits", "train", "_BEYOND_DOUBT", (7.0, 10.0, 14.0)),
    _Number("what is known of levels beforehand, share of the matches", "train", "_BELIEF", (0.1, 0.25, 0.5)),
    _Number("bits of the least tie of two fields", "train", "_TIED", (0.1, 0.3, 1.0)),
    _Number("bits of a belief in what things are called", "train", "_CALLED_ALIKE", (3.0, 4.0, 5.0)),
    _Number("rarity learnt, share", "rarity", "_HALFWAY", (0.25, 0.5, 0.75)),
    _Number("mean odds at which groups stay apart, bits", "decide", "_AGAINST", (-4.0, -2.0, 0.0)),
)
_Figures = Mapping[str, float]  # F1 by family


def scored(numbers: Mapping[str, float], families: Sequence[str] | None = None) -> dict[str, float]:
    """Match the tables with some numbers changed; give the F1 of each family, the mean of its tables."""
    known = {number.name: number for number in _NUMBERS}
    for name, value in numbers.items():
        if (home := known[name].module) is not None:
            setattr(import_module(f"{_LINKAGE}.{home}"), name, value)
    asked = {name: value for name, value in numbers.items() if known[name].module is None}
    found: dict[str, list[float]] = {}
    for one in TABLES:
        if families is None or _family(one) in families:
            found.setdefault(_family(one), []).append(_f1(one, asked))
    return {family: mean(figures) for family, figures in found.items()}


def bench(scale: Scale) -> str:
    """Measure every number; give the tables in Markdown."""
    del scale  # the tables are as large as they are
    default = _run("defaults", {})
    tried = {number: _tried(number, default) for number in _NUMBERS}
    lines: list[Sequence[object]] = []
    for number, found in tried.items():
        lines.append([f"**{number.what}**: `{number.name}`", *[""] * 4])
        lines += [_line(number, value, found, default) for value in number.values]
    head = ["", "mean F1", "most lost", "most gained", "without"]
    return "\n\n".join([_METHOD, table(head, lines), _left_out(tried, default)])


def _tried(number: _Number, default: _Figures) -> dict[float, _Figures]:
    first, second, third = number.values
    others = {value: _run(f"{number.name} = {value:g}", {number.name: value}) for value in (first, third)}
    return {first: others[first], second: default, third: others[third]}


def _line(number: _Number, value: float, found: Mapping[float, _Figures], default: _Figures) -> list[str]:
    changes = {family: f1 - default[family] for family, f1 in found[value].items()}
    worst, best = (end(changes, key=lambda family: changes[family]) for end in (min, max))
    without = [family for family in default if _chosen(number, found, family) == value]
    shown = f"{value:g}, the default" if value == number.values[1] else f"{value:g}"
    moved = [f"{changes[end]:+.4f} ({end})" if abs(changes[end]) >= 0.00005 else "" for end in (worst, best)]
    return [shown, f"{mean(found[value].values()):.4f}", *moved, ", ".join(without)]


def _chosen(number: _Number, found: Mapping[float, _Figures], left_out: str) -> float:
    """The value that does best on all families but one; of equal ones the default."""

    def worth(value: float) -> tuple[float, bool]:
        others = mean(f1 for family, f1 in found[value].items() if family != left_out)
        return round(others, 4), value == number.values[1]

    return max(number.values, key=worth)


def _left_out(tried: Mapping[_Number, Mapping[float, _Figures]], default: _Figures) -> str:
    """What each family has by the numbers that the others choose."""
    lines: list[Sequence[object]] = []
    for family in default:
        chosen = {number.name: _chosen(number, found, family) for number, found in tried.items()}
        other = {n.name: chosen[n.name] for n in tried if chosen[n.name] != n.values[1]}
        f1 = _run(f"without {family}", other, [family])[family] if other else default[family]
        said = ", ".join(f"`{name}` {value:g}" for name, value in other.items())
        lines.append([family, f"{default[family]:.4f}", f"{f1:.4f}", said or "the defaults"])
    return table(["left out", "F1 by default", "F1 by the others' choice", "which is"], lines)


def _run(name: str, numbers: Mapping[str, float], families: Sequence[str] | None = None) -> dict[str, float]:
    asked = Candidate(name, "benches.defaults:scored", {"numbers": numbers, "families": families})
    found: dict[str, float] = measure([asked], 1)[name].facts
    return found


def _family(one: Labelled) -> str:
    """Tables of one making, which are left out together."""
    return one.model.replace("contacts", "dqbench").replace("febrl3", "febrl").replace("febrl4", "febrl")


def _f1(one: Labelled, asked: Mapping[str, float]) -> float:
    import polars as pl

    with TemporaryDirectory() as folder:
        found = matched(one.files(Path(folder)), one.dropped, **asked)
    return scores(found.entities.rename({"id": "record_id"}), pl.read_parquet(one.truth)).f1
