"""A plan: what a run would do, in counts, before any two records are compared."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.errors import mask
from idgraph.schema import COUNT, TEXT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from idgraph.engines import Engine
    from idgraph.linkage.exact import Exact
    from idgraph.linkage.likeness import Linked

__all__ = ["Plan", "planned"]

_SHOWN: Final = 10  # values of a level that most records hold; keys of a level that are printed
_WIDE: Final = 110  # letters of a line
# Bytes at the peak of whole runs on Polars: fitted to runs by shared values over 10⁶ and 10⁷ records (the page on
# benchmarks), and to runs with likeness over 3,000 to 106,000 records, which were 20 % off at most above 25,000.
_BASE, _A_RECORD, _A_PAIR = 400_000_000, 550, 150
_TITLES: Final = {
    "records": "Records",
    "identifiers": "Identifiers, and what becomes of them",
    "suppressed": "Values that may not link",
    "hubs": "Of these, held by most records",
    "edges": "Joined by shared values",
    "risks": "Values that would join most records",
    "keys": "Pairs to compare, by what they agree on",
    "rejects": "Rejected",
}


@dataclass(frozen=True, repr=False)
class Plan:
    """What a run would do. Frames are of Polars, whatever the engine; printed, values are masked.

    Attributes:
        records: source, kind, stubs (known only by reference), records.
        identifiers: level, type, state (`used`, `suppressed`, `unused`), identifiers.
        suppressed: level, type, reason, values, identifiers.
        hubs: level, type, value, reason, records: suppressed because of who holds them, the ten of most records.
        edges: level, rule, edges: k records that hold one value are k - 1 edges.
        risks: level, type, value, records: the ten used values that most records hold; one wrong of these does most
            harm.
        keys: level, key, pairs, rows_in_large_blocks: how records that may be alike meet, and how many rows were in
            blocks too large, which are parted by a third field or left out of this key. A pair may meet by several
            keys. Companies that only likeness would join still count as several here.
        rejects: source, grain, reason, count.
        memory: bytes that a run on this machine is expected to take at its peak.
    """

    records: pl.DataFrame
    identifiers: pl.DataFrame
    suppressed: pl.DataFrame
    hubs: pl.DataFrame
    edges: pl.DataFrame
    risks: pl.DataFrame
    keys: pl.DataFrame
    rejects: pl.DataFrame
    memory: int

    @property
    def pairs(self) -> int:
        """How many pairs would be compared at most: those of all keys."""
        return int(self.keys["pairs"].sum())

    def as_dict(self) -> dict[str, Any]:
        """Give the same for machines; values are masked here too."""
        tables = {name: _masked(getattr(self, name)).to_dicts() for name in _TITLES}
        return {**tables, "pairs": self.pairs, "memory": self.memory}

    def __str__(self) -> str:
        """Tables for a terminal."""
        from rich.console import Console

        written = io.StringIO()
        console = Console(file=written, width=_WIDE, markup=False, emoji=False, highlight=False)
        for name, frame in self._shown():
            if frame.height:
                console.print(f"\n{_TITLES[name]}:")
                console.print(_table(frame))
                if frame.height < getattr(self, name).height:
                    console.print(f"… and {getattr(self, name).height - frame.height} more")
        console.print(f"\n{self._in_all()}")
        return "\n".join(line.rstrip() for line in written.getvalue().strip("\n").splitlines())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Tables for a notebook."""
        tables = [f"<h4>{_TITLES[name]}</h4>{frame._repr_html_()}" for name, frame in self._shown() if frame.height]
        return "".join([*tables, f"<p>{self._in_all()}</p>"])

    def _in_all(self) -> str:
        return f"{self.pairs:,} pairs to compare at most; about {self.memory / 1e9:.1f} GB of memory on one machine."

    def _shown(self) -> Iterator[tuple[str, pl.DataFrame]]:
        for name in _TITLES:
            frame = _masked(getattr(self, name))
            yield name, frame.group_by("level", maintain_order=True).head(_SHOWN) if name == "keys" else frame


def _masked(frame: pl.DataFrame) -> pl.DataFrame:
    if "value" not in frame.columns:
        return frame
    return frame.with_columns(value=pl.Series([mask(value) for value in frame["value"]], dtype=pl.String))


def _table(frame: pl.DataFrame) -> Any:  # noqa: ANN401 - rich is slow to import
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, dtype in frame.schema.items():
        table.add_column(name.replace("_", " "), justify="right" if dtype.is_integer() else "left", overflow="fold")
    for row in frame.iter_rows():
        table.add_row(*(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row))
    return table


def planned(
    known: Linked, rejects: nw.LazyFrame, keys: Mapping[str, Sequence[Mapping[str, Any]]], engine: Engine
) -> Plan:
    """Count what is known before anybody is compared.

    Args:
        known: exact evidence.
        rejects: the frame `rejects`.
        keys: by level: see `idgraph.linkage.likeness.keys_of`.
        engine: what runs it.
    """
    held = nw.concat(list(_identifiers(known.exact)))
    barred = held.filter(nw.col("state") == "suppressed")
    used = held.filter(nw.col("state") == "used")
    stub = nw.col("stub").cast(COUNT).sum().alias("stubs")
    records = known.records.select(nw.col("source", "kind").cast(TEXT), "stub")
    of_source = records.group_by("source", "kind").agg(stub, nw.len().cast(COUNT).alias("records"))
    counted = engine.collect(of_source).sort("source", "kind")
    of_keys = [{"level": level, **key} for level, found in keys.items() for key in found]
    schema = {"level": pl.String, "key": pl.String, "pairs": pl.Int64, "rows_in_large_blocks": pl.Int64}
    met = pl.DataFrame(of_keys, schema=schema).sort("level", "pairs", "key", descending=[True, True, False])
    return Plan(
        records=counted,
        identifiers=_tally(held, ["level", "type", "state"], "identifiers", engine),
        suppressed=_suppressed(barred, engine),
        hubs=_most_held(barred.filter(nw.col("reason").is_in(list(_BY_HOLDERS))), engine, "reason"),
        edges=_tally(nw.concat(list(_edges(known.exact))), ["level", "rule"], "edges", engine),
        risks=_most_held(used, engine),
        keys=met,
        rejects=_tally(rejects.select(nw.col("source", "grain", "reason").cast(TEXT)), _REJECTED, "count", engine),
        memory=_BASE + _A_RECORD * int(counted["records"].sum()) + _A_PAIR * int(met["pairs"].sum()),
    )


_BY_HOLDERS: Final = ("over_limit", "several_users", "names_disagree", "ambiguous_domain", "related")
_REJECTED: Final = ["source", "grain", "reason"]


def _identifiers(exact: Mapping[Any, Exact]) -> Iterator[nw.LazyFrame]:
    """All identifiers: level, type, value, record, state, reason. Those of tenants are among those of accounts."""
    for level in ("person", "account"):
        for kind, frame in exact[level].identifiers.items():
            named = [nw.lit(level).alias("level"), nw.lit(kind).alias("type")]
            yield frame.select(*named, "value", "record", nw.col("state", "reason").cast(TEXT))


def _edges(exact: Mapping[Any, Exact]) -> Iterator[nw.LazyFrame]:
    for level, found in exact.items():
        yield found.edges.select(nw.lit(level).alias("level"), nw.col("rule").cast(TEXT))


def _tally(rows: nw.LazyFrame, by: Sequence[str], name: str, engine: Engine) -> pl.DataFrame:
    """Count rows by what they are, on each level the most first."""
    counted = engine.collect(rows.group_by(*by).agg(nw.len().cast(COUNT).alias(name)))
    return _ordered(counted, name, by)


def _ordered(frame: pl.DataFrame, most: str, by: Iterable[str]) -> pl.DataFrame:
    first = [name for name in ("level",) if name in frame.columns]
    rest = [name for name in by if name not in first]
    return frame.sort(*first, most, *rest, descending=[*(True for _ in first), True, *(False for _ in rest)])


def _suppressed(barred: nw.LazyFrame, engine: Engine) -> pl.DataFrame:
    by = ["level", "type", "reason"]
    values = barred.group_by(*by, "value").agg(nw.len().cast(COUNT).alias("n"))
    counted = values.group_by(*by).agg(
        nw.len().cast(COUNT).alias("values"), nw.col("n").sum().cast(COUNT).alias("identifiers")
    )
    return _ordered(engine.collect(counted), "identifiers", by)


def _most_held(held: nw.LazyFrame, engine: Engine, *more: str) -> pl.DataFrame:
    """The values of each level that most records hold, of those that several do."""
    by = ["level", "type", "value", *more]
    counted = held.group_by(*by).agg(nw.len().cast(COUNT).alias("records")).filter(nw.col("records") > 1)
    counted = engine.checkpoint(counted)
    tops = [counted.filter(nw.col("level") == level) for level in ("person", "account")]
    order = ["records", "type", "value"]
    found = [engine.collect(top.sort(order, descending=[True, False, False]).head(_SHOWN)) for top in tops]
    return pl.concat(found)
