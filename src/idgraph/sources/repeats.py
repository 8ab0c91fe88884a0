"""Columns that a header names several times: what a mapping says of their name is said of each of them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.engines.files import pick, repeated
from idgraph.schema import COUNT, TEXT, cast
from idgraph.sources.mapping import ABSENT, located
from idgraph.sources.table import KindBy, ValueIf

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from idgraph.engines import Engine, Table
    from idgraph.sources.table import Columns, Role, Source

__all__ = ["with_repeats"]

_SEVERAL: Final[tuple[Role, ...]] = ("identifier", "belongs_to", "same_as", "merged", "owned_by")
_SCHEMA: Final = {"file": COUNT, "row": COUNT, "grain": TEXT, "column": TEXT, "value": TEXT, "reason": TEXT}


def with_repeats(source: Source, table: Table, engine: Engine) -> tuple[Source, Table]:
    """Let a mapping read all columns of a name that a header gives several times.

    Of identifiers and references each such column is one more. Whatever has one value takes the first that there is,
    and another that differs is refused. A column that the mapping itself names (`email_duplicated_0`) is left to it.

    Args:
        source: the source.
        table: its data.
        engine: what runs it.

    Returns:
        The source, with the further columns; and the table, which finds a value in all of them, and rejects others.
    """
    copies = _copies(source, table)
    if not copies:
        return source, table
    several = {pick(table.columns, cell.address) for cell in source.cells(*_SEVERAL) if not cell.where}
    alone = {name: further for name, further in copies.items() if name not in several}

    def find(address: str) -> pl.Expr:
        found, name = table.find(address), pick(table.columns, address)
        return _first_said([name, *alone[name]]).alias(address) if name in alone else found

    def more(mapping: Mapping[str, Columns]) -> dict[str, Columns]:
        return {name: _with_copies(columns, copies, table) for name, columns in mapping.items()}

    source = replace(
        source,
        identifiers=more(source.identifiers),
        belongs_to=more(source.belongs_to),
        same_as=more(source.same_as),
        merged=more(source.merged),
        owned_by=more(source.owned_by),
    )
    if not alone:
        return source, table
    refused = _refused(alone, source, table, engine)
    rejects = refused if table.rejects is None else nw.concat([cast(table.rejects, "rejects"), refused])
    return source, replace(table, find=find, rejects=rejects)


def _copies(source: Source, table: Table) -> dict[str, list[str]]:
    """The further columns of each mapped column's name, but those that are mapped themselves."""
    texts = [name for name, dtype in table.columns.items() if dtype == pl.String]
    named = {pick(table.columns, address) for address in _addresses(source)}
    free = {name: [one for one in further if one not in named] for name, further in repeated(texts).items()}
    return {name: further for name, further in free.items() if further and name in named}


def _addresses(source: Source) -> Iterator[str]:
    """All columns that a mapping names."""
    kind = source.kind.column if isinstance(source.kind, KindBy) else None
    event = source.event if isinstance(source.event, str) else None
    plain = (source.id, source.time, source.version, source.deleted, source.session, source.count, kind, event)
    yield from (address for address in plain if address)
    for cell in source.cells():
        yield from (cell.address, *cell.where)
    yield from _listed(source.event_id or [])
    yield from source.primary
    for moment in source.moments.values():
        yield from (moment.column, *moment.where)
    if isinstance(source.properties, dict):
        yield from source.properties.values()
    elif source.properties:
        yield source.properties


def _listed(columns: str | list[str]) -> list[str]:
    return [columns] if isinstance(columns, str) else columns


def _with_copies(columns: Columns, copies: Mapping[str, Sequence[str]], table: Table) -> Columns:
    """The columns of one meaning, each followed by the others of its name; a `ValueIf` is of one value."""
    if isinstance(columns, ValueIf):
        return columns
    found: list[str] = []
    for address in _listed(columns):
        found += [address, *copies.get(pick(table.columns, address) or "", ())]
    return found if len(found) > 1 else columns


def _first_said(names: Sequence[str]) -> pl.Expr:
    """The first value of several columns that is one."""
    cells = [pl.col(name).str.strip_chars() for name in names]
    return pl.coalesce(pl.when(~cell.is_in(ABSENT)).then(cell) for cell in cells)


def _refused(copies: Mapping[str, Sequence[str]], source: Source, table: Table, engine: Engine) -> nw.LazyFrame:
    """Values that another column of the same name has before them: as `rejects`."""
    columns = [column for name, further in copies.items() for column in (name, *further)]
    rows = table.frame.select(*columns, "__file", "__row")
    found = engine.map_batches(rows, partial(_differing, copies=dict(copies)), _SCHEMA)
    placed = located(found, table).with_columns(nw.lit(source.name).alias("source"))
    return engine.checkpoint(cast(placed, "rejects"))


def _differing(rows: pl.DataFrame, copies: Mapping[str, Sequence[str]]) -> pl.DataFrame:
    """The values of columns that are not the first said under their name: a row of `_SCHEMA` for each."""
    dtypes = pl.Schema(nw.Schema(_SCHEMA).to_polars())
    parts = [pl.DataFrame(schema=dtypes)]
    for name, further in copies.items():
        used = _first_said([name, *further])
        for column in further:
            differs = rows.select(used.alias("used"), _first_said([column]).alias("value"), file="__file", row="__row")
            told = differs.filter(pl.col("value") != pl.col("used")).with_columns(
                grain=pl.lit("value"), column=pl.lit(column), reason=pl.lit("repeated_column")
            )
            parts.append(told.select(*dtypes).cast(dtypes))
    return pl.concat(parts)
