"""Patterns: on which level each field of a pair agrees, all fields in one integer.

A pattern is a number of mixed radix with one digit for each field: 0 where a row of the pair has no value, else 1 + the
place of the level; and for levels on which rarer values say more (`Level.counted`) a digit for each power of √2 of how
often the value occurs. So pairs are counted, weighed and explained as integers, alike in any order and on any engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil, log2
from typing import TYPE_CHECKING, Any, Final

import narwhals.stable.v2 as nw
import numpy as np
import numpy.typing as npt
import polars as pl

from idgraph.errors import ConfigError
from idgraph.linkage.compare import MADE_OF_NAME, NAME_AND_NUMBER, WORDED, compared
from idgraph.linkage.fields import NULL, may_be_swapped
from idgraph.linkage.swapped import BEGINNING, SWAPPED, swapped
from idgraph.schema import COUNT, TEXT

if TYPE_CHECKING:
    from idgraph.engines import Engine
    from idgraph.linkage.fields import Field

__all__ = ["Comparison", "Decoded"]

_Floats = npt.NDArray[np.float64]
_HALF: Final = 2  # two steps of √2 for each power of two
_LARGEST: Final = 1 << 62
_OFTEN: Final = 10  # a word of fewer texts is as rare as any
_WORDS: Final = 50_000


@dataclass(frozen=True)
class Decoded:
    """Patterns taken apart.

    Attributes:
        levels: patterns by fields: the place of the level, -1 where there is no value.
        steps: patterns by fields: how often the value occurs, in powers of √2; -1 where that does not count.
    """

    levels: npt.NDArray[np.int64]
    steps: npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Values:
    """The values of a field.

    Attributes:
        of_row: row, code.
        texts: code, text, same (the digit of a pair that both hold it), shared (that of a pair that is unlike, and yet
            agrees on a counted level).
        steps: digits for each counted level.
        held: how many rows hold a value that may agree on a counted level.
        collision: how likely two rows that hold a value, not an address made of a name, hold the same.
        rarity: of words.
        sharing: for each counted level and step, how many pairs of rows hold one value.
    """

    of_row: nw.LazyFrame
    texts: nw.LazyFrame
    steps: int
    held: Mapping[int, int]
    collision: float
    rarity: Mapping[str, float]
    sharing: Mapping[int, _Floats]


class Comparison:
    """The values of a table, ready to be compared pair by pair."""

    def __init__(self, table: nw.LazyFrame, fields: Sequence[Field], engine: Engine) -> None:
        """Number the values of each field, and count them.

        Args:
            table: row, and the tidy values of each field (String).
            fields: what is compared.
            engine: what runs it.

        Raises:
            ConfigError: there are more fields than one integer has room for.
        """
        self.fields = list(fields)
        self._engine = engine
        self._swappable = may_be_swapped(fields)
        self._names = self._begun(table)
        self._values = [self._numbered(table, field) for field in fields]
        self.radices = [
            1 + len(field.holding.levels) + values.steps * sum(level.counted for level in field.holding.levels)
            for field, values in zip(fields, self._values, strict=True)
        ]
        if np.prod([float(radix) for radix in self.radices]) >= _LARGEST:
            msg = f"{len(fields)} columns are too many to compare; name those that tell rows apart, twelve at most"
            raise ConfigError(msg)

    def _numbered(self, table: nw.LazyFrame, field: Field) -> _Values:
        engine = self._engine
        held = table.select("row", nw.col(field.name).alias("text")).filter(~nw.col("text").is_null())
        counted = engine.checkpoint(held.group_by("text").agg(nw.len().cast(COUNT).alias("n")))
        made = nw.col("text").str.starts_with(MADE_OF_NAME)
        named = made | nw.col("text").str.starts_with(NAME_AND_NUMBER)
        whole = counted if field.holds != "email" else counted.filter(~made)
        twice = (nw.col("n") * (nw.col("n") - 1)).sum().alias("twice")
        rows, same = engine.collect(whole.select(nw.col("n").sum().alias("rows"), twice)).row(0)
        sizes = [whole.select("n")]
        if field.holds == "email":  # of addresses made of names it is the domain that may be rare
            domain = nw.col("text").str.replace_all("^[^@]*@", "")
            shared = counted.with_columns(domain.alias("domain"), named.alias("named"))
            totals = shared.filter(nw.col("named")).group_by("domain").agg(nw.col("n").sum().alias("together"))
            sizes.append(totals.select(nw.col("together").alias("n")))
            counted = shared.join(totals, on="domain", how="left").with_columns(nw.coalesce("together", "n"))
        else:
            counted = counted.with_columns(nw.col("n").alias("together"))
        most = engine.collect(counted.select(nw.max_horizontal(nw.col("n").max(), nw.col("together").max()))).item()
        steps = ceil(_HALF * log2(most or 1)) + 1
        schema = {"text": TEXT, "same": COUNT, "shared": COUNT}
        asked = counted.select("text", "n", "together")
        digits = engine.map_batches(asked, partial(_digits, levels=_firsts(field, steps)), schema)
        texts = engine.number(digits, "code")
        of_row = engine.checkpoint(held.join(texts.select("code", "text"), on="text").select("row", "code"))
        levels = [place for place, level in enumerate(field.holding.levels) if level.counted]
        rarity = _rarity(held, engine) if field.holds in WORDED else {}
        named_rows = engine.count(held.filter(named)) if field.holds == "email" else 0
        collision = (same or 0) / max((rows or 0) * ((rows or 0) - 1), 1)
        of_level = dict(zip(levels, [rows or 0, named_rows], strict=False))
        sharing = {level: self._sharing(size, steps) for level, size in zip(levels, sizes, strict=False)}
        return _Values(of_row, texts, steps, of_level, collision, rarity, sharing)

    def _sharing(self, sizes: nw.LazyFrame, steps: int) -> _Floats:
        """How many pairs of rows hold one value, by the step of how many rows do."""
        held = self._engine.collect(sizes.group_by("n").agg(nw.len().alias("values")))
        n = held["n"].cast(pl.Float64)
        pairs = (n * (n - 1) / 2 * held["values"]).to_numpy()
        return np.bincount(_step(n).to_numpy(), weights=pairs, minlength=steps).astype(np.float64)

    @property
    def held(self) -> list[Mapping[int, int]]:
        """For each field and counted level, how many rows hold a value that may agree on it."""
        return [values.held for values in self._values]

    @property
    def sharing(self) -> list[Mapping[int, _Floats]]:
        """For each field and counted level, how many pairs of rows hold one value, by step."""
        return [values.sharing for values in self._values]

    @property
    def collisions(self) -> list[float]:
        """For each field, how likely two rows that hold a value hold the same."""
        return [values.collision for values in self._values]

    def patterns(self, pairs: nw.LazyFrame) -> nw.LazyFrame:
        """Compare pairs.

        Args:
            pairs: left, right (rows).

        Returns:
            left, right, pattern (Int64).
        """
        engine = self._engine
        found = pairs.select("left", "right", nw.lit(0).cast(COUNT).alias("pattern"))
        for field, values, radix in zip(self.fields, self._values, self.radices, strict=True):
            for side in ("left", "right"):
                found = engine.lookup(found, side, values.of_row, "row", {f"{side}_code": "code"})
            found = engine.checkpoint(found)
            levels = self._levels(found, field, values)
            found = engine.lookup(found, "left_code", values.texts, "code", {"same": "same", "shared": "shared"})
            found = engine.lookup(found, "right_code", values.texts, "code", {"other": "shared"})
            low, high = _ordered()
            found = found.with_columns(low.alias("low"), high.alias("high"))
            found = found.join(levels, on=["low", "high"], how="left")
            known = ~nw.col("left_code").is_null() & ~nw.col("right_code").is_null()
            counted = [1 + place for place, level in enumerate(field.holding.levels) if level.counted]
            commoner = nw.max_horizontal("shared", "other")
            unlike = nw.when(nw.col("level").is_in(counted)).then(commoner).otherwise("level")
            alike = nw.col("left_code") == nw.col("right_code")
            digit = nw.when(known & alike).then("same").otherwise(nw.when(known).then(unlike).otherwise(nw.lit(NULL)))
            found = found.select("left", "right", (nw.col("pattern") * radix + digit).alias("pattern"))
        return engine.checkpoint(self._with_swaps(found))

    def _begun(self, table: nw.LazyFrame) -> nw.LazyFrame | None:
        """Row, its names that may stand in each other's column, and what these begin with."""
        if self._swappable is None:
            return None
        given, family = (self.fields[place].name for place in self._swappable)
        names = table.select("row", nw.col(given).alias("given"), nw.col(family).alias("family"))
        schema = {**names.collect_schema(), "given_begins": COUNT, "family_begins": COUNT}
        return self._engine.checkpoint(self._engine.map_batches(names, _begun, schema))

    def _with_swaps(self, found: nw.LazyFrame) -> nw.LazyFrame:
        """Where names agree crosswise: say so in the digit of the one, and nothing in that of the other."""
        if self._names is None:
            return found
        engine, begins = self._engine, found
        for side in ("left", "right"):
            ends = {f"{side}_{name}": f"{name}_begins" for name in ("given", "family")}
            begins = engine.lookup(begins, side, self._names, "row", ends)
        crosswise = (nw.col("left_given") == nw.col("right_family")) | (nw.col("left_family") == nw.col("right_given"))
        begins = engine.checkpoint(begins.with_columns(nw.coalesce(crosswise, nw.lit(value=False)).alias("asked")))
        asked = begins.filter("asked").select("left", "right", "pattern")
        for side in ("left", "right"):
            ends = {f"{side}_{name}": name for name in ("given", "family")}
            asked = engine.lookup(asked, side, self._names, "row", ends)
        kernel = partial(_turned, places=self._swappable, fields=self.fields, radices=self.radices)
        turned = engine.map_batches(asked, kernel, dict(found.collect_schema()))
        return nw.concat([begins.filter(~nw.col("asked")).select("left", "right", "pattern"), turned])

    def _levels(self, found: nw.LazyFrame, field: Field, values: _Values) -> nw.LazyFrame:
        """Compare the distinct pairs of different values: low, high (codes), level (digits)."""
        low, high = _ordered()
        unlike = found.filter(nw.col("left_code") != nw.col("right_code"))
        pairs = self._engine.checkpoint(unlike.select(low.alias("low"), high.alias("high")).unique(["low", "high"]))
        for side in ("low", "high"):
            pairs = self._engine.lookup(pairs, side, values.texts, "code", {f"{side}_text": "text"})
        kernel = partial(_compared, holds=field.holds, rarity=values.rarity)
        schema = pairs.collect_schema()
        given = {"low": schema["low"], "high": schema["high"], "level": COUNT}
        return self._engine.checkpoint(self._engine.map_batches(pairs, kernel, given))

    def decoded(self, patterns: npt.NDArray[np.int64]) -> Decoded:
        """Take patterns apart."""
        levels = np.full((len(patterns), len(self.fields)), -1, dtype=np.int64)
        steps = levels.copy()
        rest = patterns.copy()
        for place in range(len(self.fields) - 1, -1, -1):
            field, values = self.fields[place], self._values[place]
            rest, digit = np.divmod(rest, self.radices[place])
            plain = len(field.holding.levels)
            counted = [number for number, level in enumerate(field.holding.levels) if level.counted]
            which, step = np.divmod(digit - 1 - plain, values.steps)
            is_counted = digit > plain
            levels[:, place] = np.where(is_counted, np.array([*counted, 0])[np.maximum(which, 0)], digit - 1)
            steps[:, place] = np.where(is_counted, step, -1)
        return Decoded(levels, steps)


def _ordered() -> tuple[nw.Expr, nw.Expr]:
    return nw.min_horizontal("left_code", "right_code"), nw.max_horizontal("left_code", "right_code")


def _firsts(field: Field, steps: int) -> dict[int, int]:
    """The first digit of each counted level."""
    counted = [place for place, level in enumerate(field.holding.levels) if level.counted]
    return {place: 1 + len(field.holding.levels) + number * steps for number, place in enumerate(counted)}


def _digits(rows: pl.DataFrame, levels: Mapping[int, int]) -> pl.DataFrame:
    """Say of each value the digit of a pair that both hold it, and of an unlike pair that agrees on a counted level."""
    if not levels:
        return rows.select("text", same=pl.lit(1, pl.Int64), shared=pl.lit(1, pl.Int64))
    same, shared = (_step(rows[count]) for count in ("n", "together"))
    first, last = levels[min(levels)], levels[max(levels)]
    alike = pl.select(pl.lit(last) + shared).to_series()
    made = rows["text"].str.starts_with(MADE_OF_NAME)
    return rows.select("text", same=pl.when(made).then(alike).otherwise(first + same), shared=alike)


def _begun(names: pl.DataFrame) -> pl.DataFrame:
    begins = (
        pl.col(name).str.slice(0, BEGINNING).hash(seed=0).reinterpret(signed=True).alias(f"{name}_begins")
        for name in ("given", "family")
    )
    known = (
        pl.when(pl.col(name).is_not_null()).then(pl.col(f"{name}_begins")).alias(f"{name}_begins")
        for name in ("given", "family")
    )
    return names.with_columns(*begins).with_columns(*known)


def _turned(
    pairs: pl.DataFrame, places: tuple[int, int], fields: Sequence[Field], radices: Sequence[int]
) -> pl.DataFrame:
    """Change the digits of names that agree crosswise."""
    given, family = places
    levels = [level.name for level in fields[given].holding.levels]
    digits = np.array([NULL, *(1 + levels.index(name) for name in SWAPPED[1:])])[swapped(pairs).to_numpy()]
    patterns = pairs["pattern"].to_numpy()
    turned = patterns
    for place, digit in ((given, digits), (family, np.zeros_like(digits))):
        unit = int(np.prod(radices[place + 1 :], dtype=np.int64))
        turned = turned + (digit - turned // unit % radices[place]) * unit
    return pairs.select("left", "right", pattern=pl.Series(np.where(digits != NULL, turned, patterns)))


def _step(n: pl.Series) -> pl.Series:
    """In powers of √2, how many rows hold a value."""
    return (n.cast(pl.Float64).log(2) * _HALF).round(0).cast(pl.Int64)


def _compared(rows: pl.DataFrame, holds: str, rarity: Mapping[str, float]) -> pl.DataFrame:
    level = compared(holds, rows["low_text"], rows["high_text"], rarity)
    return rows.select("low", "high", level=level.cast(pl.Int64) + 1)


def _rarity(held: nw.LazyFrame, engine: Engine) -> dict[str, float]:
    """How rare the commoner words of texts are, in bits."""
    words = engine.map_batches(held.select("text"), _words, {"word": TEXT})
    counted = words.group_by("word").agg(nw.len().cast(COUNT).alias("n")).filter(nw.col("n") >= _OFTEN)
    rows: list[tuple[Any, ...]] = engine.collect(
        counted.sort(["n", "word"], descending=[True, False]).head(_WORDS)
    ).rows()
    texts = max(engine.count(held), 1)
    return {word: log2(max(texts, _OFTEN) / number) for word, number in rows} | {
        "": log2(max(texts, _OFTEN) / _OFTEN * 2)
    }


def _words(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(pl.col("text").str.split(" ").list.unique().alias("word")).explode("word")
