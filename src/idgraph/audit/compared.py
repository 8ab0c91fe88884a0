"""Compared: the values that likeness compares of two people or companies, looked up again when somebody asks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import narwhals.stable.v2 as nw
import numpy as np
import polars as pl

from idgraph.engines import engine_for
from idgraph.errors import mask
from idgraph.linkage.alike import with_fields
from idgraph.linkage.candidates import features_shared
from idgraph.linkage.compare import SEPARATOR
from idgraph.linkage.derived import address_domains
from idgraph.linkage.employers import Companies, employers
from idgraph.linkage.exact import names_of
from idgraph.linkage.firms import Firms, firms_table
from idgraph.linkage.parts import Part, parts_of
from idgraph.linkage.patterns import Comparison
from idgraph.linkage.persons import People, persons
from idgraph.linkage.similar import tidied

if TYPE_CHECKING:
    from collections.abc import Callable

    from idgraph.engines import Engine
    from idgraph.linkage.model import Model

__all__ = ["Compared", "Sides", "sides_of", "weighed", "with_values"]

Frames = Mapping[str, nw.LazyFrame]
_MANY: Final = 3  # values of a field that are shown
_BETWEEN: Final = ", "
_MORE: Final = re.compile("[0-9]+ more")


@dataclass(frozen=True)
class Compared(Part):
    """What one comparison adds, and the values that it compared.

    Attributes:
        left: the value of the one; None where no value is compared.
        right: the value of the other.
    """

    left: str | None = None
    right: str | None = None

    @property
    def shown(self) -> str:
        """The values as they may be shown."""
        if self.left is None or self.right is None:
            return ""
        return f"{_masked(self.left)} | {_masked(self.right)}"

    def as_dict(self) -> dict[str, Any]:
        """Give the same for machines; values are masked here too."""
        sides = {"left": self.left, "right": self.right}
        values = {side: _masked(value) if value else None for side, value in sides.items()}
        return {"field": self.field, "level": self.level, "weight": self.weight, **values}


@dataclass(frozen=True)
class Sides:
    """People or companies as likeness sees them.

    Attributes:
        units: those that are compared: their places among the units asked for, in the order of `rows`.
        rows: the values of each, as they are compared.
        model: what weighs them.
        records: companies among the values, by a record of theirs.
    """

    units: Sequence[int]
    rows: pl.DataFrame
    model: Model
    records: Mapping[str, str]

    def values(self, unit: int) -> dict[str, str]:
        """The values of one as people read them, by field: several in a list; none where it is not compared."""
        if unit not in self.units:
            return {}
        told = {}
        for name, value in self.rows.row(self.units.index(unit), named=True).items():
            if value is not None:
                values = [self.records.get(one, one) for one in str(value).split(SEPARATOR)]
                more = [f"{len(values) - _MANY} more"] if len(values) > _MANY else []
                told[name] = f"{len(values)}" if name == "people" else _BETWEEN.join([*values[:_MANY], *more])
        return told


def _masked(values: str) -> str:
    """Shorten each of several values: masked as one, they would look like a single value, and not the one shared."""
    return _BETWEEN.join(value if _MORE.fullmatch(value) else mask(value) for value in values.split(_BETWEEN))


def with_values(parts: Sequence[Part], sides: Sides, pair: tuple[int, int]) -> list[Compared]:
    """Add to the parts of a pair of units the values that they compare."""
    left, right = map(sides.values, pair)
    return [
        Compared(part.field, part.level, part.weight, left.get(part.field), right.get(part.field)) for part in parts
    ]


def sides_of(
    frames: Frames,
    units: Sequence[Sequence[str]],
    level: str,
    model: Model,
    collect: Callable[[nw.LazyFrame], pl.DataFrame],
) -> Sides:
    """Look up what is compared of people or companies.

    Args:
        frames: records, identifiers, memberships, assignments.
        units: the record ids of each, held together without likeness.
        level: person or account.
        model: what weighs them.
        collect: brings a small frame to this process.
    """
    engine = engine_for()
    held = _Held(frames, units, collect, engine)
    table = persons(held.people(), engine).table if level == "person" else firms_table(held.firms(), engine)
    rows = engine.collect(with_fields(table, model.fields))
    found = _of_units(rows, [held.numbers(records) for records in units])
    return Sides(found["unit"].to_list(), found.select(field.name for field in model.fields), model, held.companies())


def _of_units(rows: pl.DataFrame, units: Sequence[Sequence[int]]) -> pl.DataFrame:
    """The row of each unit that has one, by any of its records, and `unit`."""
    places = [(unit, record) for unit, records in enumerate(units) for record in records]
    placed = pl.DataFrame(places, schema={"unit": pl.Int64, "record": rows.schema["record"]}, orient="row")
    return rows.join(placed, on="record").sort("unit", "record").unique("unit", keep="first", maintain_order=True)


def weighed(sides: Sides, pairs: Sequence[tuple[int, int]]) -> list[tuple[set[str], list[Part]]]:
    """Compare pairs anew.

    Args:
        sides: what is compared.
        pairs: units that are compared.

    Returns:
        What each two have in common, in the words of `idgraph.linkage.candidates.Candidates.keys`; and what each
        comparison says on average, for how rare their values are in the table is not asked.
    """
    engine, model = engine_for(), sides.model
    numbered = sides.rows.with_columns(side=pl.lit(0, pl.Int64)).with_row_index("row")
    values = engine.collect(tidied(engine.lazy(numbered), model.fields, engine)).sort("row")
    comparison = Comparison(engine.lazy(values), model.fields, engine)
    places = {unit: place for place, unit in enumerate(sides.units)}
    asked = [(places[left], places[right]) for left, right in pairs]
    schema = dict.fromkeys(("left", "right"), values.schema["row"])
    frame = pl.DataFrame(asked, schema=schema, orient="row")
    found = engine.collect(comparison.patterns([engine.lazy(frame)]))
    patterns = frame.join(found, on=["left", "right"], how="left", maintain_order="left")["pattern"]
    decoded = comparison.decoded(patterns.to_numpy())
    on_average = replace(decoded, steps=np.full_like(decoded.steps, -1))
    common = features_shared(values, asked, model.fields)
    return list(zip(common, parts_of(model, on_average, comparison.held), strict=True))


class _Held:
    """The records of units, numbered, and what they hold, as linkage takes it."""

    def __init__(
        self,
        frames: Frames,
        units: Sequence[Sequence[str]],
        collect: Callable[[nw.LazyFrame], pl.DataFrame],
        engine: Engine,
    ) -> None:
        self._frames, self._units, self._collect, self._engine = frames, units, collect, engine
        self._ids = sorted({record_id for unit in units for record_id in unit})
        self._identifiers = self._of("identifiers", "record_id", self._ids).with_columns(
            pl.col("type", "state", "reason").cast(pl.String)
        )
        self._codes: dict[str, int] = {}
        self._number(self._ids)

    def numbers(self, ids: Sequence[str]) -> list[int]:
        return [self._codes[record_id] for record_id in ids]

    def people(self) -> People:
        records = self._records(self._ids)
        return People(
            records=records,
            names=names_of(records, "person"),
            identifiers=self._by_type(self._identifiers),
            edges=self._edges(self._units),
            employers=self._employers(records),
        )

    def firms(self) -> Firms:
        belongs = self._of("memberships", "company_record_id", self._ids)
        placed = self._of("assignments", "record_id", belongs["person_record_id"].to_list())
        placed = placed.filter(pl.col("level").cast(pl.String) == "person").select("record_id", "entity_id")
        persons_of = belongs.join(placed, left_on="person_record_id", right_on="record_id")
        numbered = persons_of.select(
            record=self._numbered(persons_of["company_record_id"]), person=pl.col("entity_id").rank("dense")
        )
        edges = self._edges(self._units)
        return Firms(
            records=self._records(self._ids),
            identifiers=self._by_type(self._identifiers),
            edges=edges,
            hierarchy=edges.head(0).select(child="left", parent="right"),
            people=self._engine.lazy(numbered),
        )

    def companies(self) -> dict[str, str]:
        """A record of each company, by what it is called among the values."""
        return {f"company {code}": record_id for record_id, code in self._codes.items()}

    def _employers(self, records: nw.LazyFrame) -> nw.LazyFrame:
        """See `idgraph.linkage.employers`; of the companies only those that the people point to are asked."""
        addresses = address_domains(self._emails(), self._engine)
        domains = self._engine.collect(addresses)["domain"].unique().to_list()
        owned = self._of("identifiers", "value", domains)
        owned = owned.filter((pl.col("type").cast(pl.String) == "domain") & (pl.col("state").cast(pl.String) == "used"))
        belongs = self._of("memberships", "person_record_id", self._ids)
        companies = sorted({*owned["record_id"], *belongs["company_record_id"]})
        placed = self._of("assignments", "record_id", companies).filter(pl.col("level").cast(pl.String) == "account")
        inside = self._of("assignments", "entity_id", placed["entity_id"].unique().to_list())
        inside = inside.filter(pl.col("level").cast(pl.String) == "account").sort("record_id")
        companies = inside["record_id"].to_list()
        self._number(companies)
        wholes = inside.group_by("entity_id").agg("record_id")["record_id"].to_list()
        held = owned.select(record=self._numbered(owned["record_id"]), value=pl.col("value"))
        known = Companies(
            edges=self._edges(wholes),
            domains=self._engine.lazy(held),
            names=names_of(self._records(companies), "account"),
        )
        ends = {"person": "person_record_id", "company": "company_record_id"}
        members = belongs.select(**{end: self._numbered(belongs[column]) for end, column in ends.items()})
        named = "company_name" in records.collect_schema().names()
        said = records.select("record", name="company_name" if named else nw.lit(None).cast(nw.String()))
        said = said.filter(~nw.col("name").is_null())
        return employers(self._engine.lazy(members), addresses, said, known, self._engine)

    def _emails(self) -> nw.LazyFrame:
        emails = self._identifiers.filter(pl.col("type") == "email")
        return self._engine.lazy(emails.select("value", "observed_at", record=self._numbered(emails["record_id"])))

    def _records(self, ids: Sequence[str]) -> nw.LazyFrame:
        records = self._of("records", "record_id", ids)
        of_words = pl.col("source", "kind").cast(pl.String)
        return self._engine.lazy(records.with_columns(of_words, record=self._numbered(records["record_id"])))

    def _by_type(self, identifiers: pl.DataFrame) -> dict[str, nw.LazyFrame]:
        numbered = identifiers.with_columns(record=self._numbered(identifiers["record_id"]))
        return {str(kind): self._engine.lazy(rows) for (kind,), rows in numbered.group_by("type")}

    def _edges(self, wholes: Sequence[Sequence[str]]) -> nw.LazyFrame:
        """Join the records of each whole to its first."""
        ends = [(self._codes[whole[0]], self._codes[record_id]) for whole in wholes for record_id in whole[1:]]
        return self._engine.lazy(pl.DataFrame(ends, schema={"left": pl.Int64, "right": pl.Int64}, orient="row"))

    def _of(self, name: str, column: str, values: Sequence[str]) -> pl.DataFrame:
        found: pl.DataFrame = self._collect(self._frames[name].filter(nw.col(column).is_in(list(values))))
        return found

    def _number(self, ids: Sequence[str]) -> None:
        for record_id in ids:
            self._codes.setdefault(record_id, len(self._codes))

    def _numbered(self, ids: pl.Series) -> pl.Series:
        return pl.Series([self._codes[record_id] for record_id in ids], dtype=pl.Int64)
