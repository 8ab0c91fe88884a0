"""Patterns: on which level each field of a pair agrees, all fields in one integer.

A pattern is a number of mixed radix with one digit for each field: 0 where a row of the pair has no value, else 1 + the
place of the level; and for levels on which rarer values say more (`Level.counted`) a digit for each power of √2 of how
often the value occurs. So pairs are counted, weighed and explained as integers, alike in any order and on any engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
from idgraph.linkage.fields import HOLDINGS, NULL
from idgraph.linkage.recognise import may_be_swapped
from idgraph.linkage.swapped import BEGINNING, SWAPPED, swapped
from idgraph.schema import COUNT, TEXT

if TYPE_CHECKING:
    from idgraph.engines import Engine
    from idgraph.linkage.fields import Field

__all__ = ["Comparison", "Decoded"]

_HALF: Final = 2  # two steps of √2 for each power of two
_LARGEST: Final = 1 << 62
_OFTEN: Final = 10  # a word of fewer texts is as rare as any
_WORDS: Final = 50_000
_CODES: Final = 1 << 31  # values of a field, at most
# Columns of what is known of a field.
_TEXT, _CODE, _SAME, _SHARED, _BEGINS = "text {}", "code {}", "same {}", "shared {}", "begins {}"
_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]
_Places = npt.NDArray[np.uint32]


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
        steps: digits for each counted level.
        held: how many rows hold a value that may agree on a counted level.
        collision: how likely two rows that are compared and hold a value, not an address made of a name, hold the same.
        rarity: of words.
        sharing: for each counted level and step, how many pairs of rows that are compared hold one value.
    """

    steps: int
    held: Mapping[int, int]
    collision: float
    rarity: Mapping[str, float]
    sharing: Mapping[int, _Floats]


class Comparison:
    """The values of a table, ready to be compared pair by pair."""

    def __init__(self, table: nw.LazyFrame, fields: Sequence[Field], engine: Engine, *, across: bool = False) -> None:
        """Number the values of each field, and count them.

        Args:
            table: row, side (integers), and the tidy values of each field (String).
            fields: what is compared.
            engine: what runs it.
            across: whether only rows of two sides are compared.

        Raises:
            ConfigError: there are more fields than one integer has room for.
        """
        self.fields = list(fields)
        self._engine, self._across = engine, across
        numbered = [self._numbered(table, field) for field in fields]
        self._values = [values for _, values in numbered]
        self.radices = [
            1 + len(field.holding.levels) + values.steps * sum(level.counted for level in field.holding.levels)
            for field, values in zip(fields, self._values, strict=True)
        ]
        if np.prod([float(radix) for radix in self.radices]) >= _LARGEST:
            msg = f"{len(fields)} columns are too many to compare; name those that tell rows apart, twelve at most"
            raise ConfigError(msg)
        swappable = may_be_swapped(fields)
        self._known = self._coded(table, [texts for texts, _ in numbered], swappable or ())
        asked = [self._to_compare(place) for place in range(len(self.fields))]
        self._compare = partial(_patterns, fields=asked, swappable=swappable)

    def _coded(self, table: nw.LazyFrame, numbered: Sequence[nw.LazyFrame], swappable: Sequence[int]) -> nw.LazyFrame:
        """Row, side, and of each field text, code (NULL without one) and the digits that `_numbered` tells.

        Of names that may stand in each other's column also what they begin with, as a number.
        """
        known = table.select(
            "row", "side", *(nw.col(field.name).alias(_TEXT.format(n)) for n, field in enumerate(self.fields))
        )
        for place, texts in enumerate(numbered):
            text, *numbers = (name.format(place) for name in (_TEXT, _CODE, _SAME, _SHARED))
            told = texts.rename(dict(zip(("text", "code", "same", "shared"), (text, *numbers), strict=True)))
            joined = known.join(told, on=text, how="left")
            known = self._engine.checkpoint(joined.with_columns(nw.col(*numbers).fill_null(NULL).cast(nw.Int32())))
        begins = {_BEGINS.format(place): COUNT for place in swappable}
        schema = {**known.collect_schema(), **begins}
        return self._engine.checkpoint(self._engine.map_batches(known, partial(_begun, places=swappable), schema))

    def _to_compare(self, place: int) -> _ToCompare:
        field = self.fields[place]
        counted = tuple(1 + number for number, level in enumerate(field.holding.levels) if level.counted)
        return _ToCompare(field.holds, self.radices[place], counted, self._values[place].rarity)

    def _numbered(self, table: nw.LazyFrame, field: Field) -> tuple[nw.LazyFrame, _Values]:
        """Number the values of a field, and count them.

        Returns:
            text, code (from 1), same (the digit of a pair that both hold it), shared (that of a pair that is unlike
            and yet agrees on a counted level); and what is known of them all.
        """
        engine = self._engine
        held = table.select("row", "side", nw.col(field.name).alias("text")).filter(~nw.col("text").is_null())
        second = nw.col("side").sum().cast(COUNT).alias("second")
        counted = engine.checkpoint(held.group_by("text").agg(nw.len().cast(COUNT).alias("n"), second))
        made = nw.col("text").str.starts_with(MADE_OF_NAME)
        named = made | nw.col("text").str.starts_with(NAME_AND_NUMBER)
        whole = counted if field.holds != "email" else counted.filter(~made)
        sums = (nw.col(name).sum() for name in ("n", "second"))
        rows, on_second, same = engine.collect(whole.select(*sums, self._pairs().sum().alias("same"))).row(0)
        sizes = [whole.select("n", "second")]
        if field.holds == "email":  # of addresses made of names it is the domain that may be rare
            domain = nw.col("text").str.replace_all("^[^@]*@", "")
            shared = counted.with_columns(domain.alias("domain"), named.alias("named"))
            totals = shared.filter(nw.col("named")).group_by("domain").agg(nw.col("n", "second").sum())
            sizes.append(totals.select("n", "second"))
            together = totals.select("domain", nw.col("n").alias("together"))
            counted = shared.join(together, on="domain", how="left").with_columns(nw.coalesce("together", "n"))
        else:
            counted = counted.with_columns(nw.col("n").alias("together"))
        most = engine.collect(counted.select(nw.max_horizontal(nw.col("n").max(), nw.col("together").max()))).item()
        steps = ceil(_HALF * log2(most or 1)) + 1
        schema = {"text": TEXT, "same": COUNT, "shared": COUNT}
        asked = counted.select("text", "n", "together")
        digits = engine.map_batches(asked, partial(_digits, levels=_firsts(field, steps)), schema)
        texts = engine.number(digits, "code", 1)
        levels = [place for place, level in enumerate(field.holding.levels) if level.counted]
        rarity = _rarity(held, engine) if field.holds in WORDED else {}
        named_rows = engine.count(held.filter(named)) if field.holds == "email" else 0
        rows, on_second = rows or 0, on_second or 0
        possible = on_second * (rows - on_second) if self._across else rows * (rows - 1) / 2
        collision = (same or 0) / max(possible, 1)
        of_level = dict(zip(levels, [rows, named_rows], strict=False))
        sharing = {level: self._sharing(size, steps) for level, size in zip(levels, sizes, strict=False)}
        return texts, _Values(steps, of_level, collision, rarity, sharing)

    def _sharing(self, sizes: nw.LazyFrame, steps: int) -> _Floats:
        """How many pairs of rows that are compared hold one value, by the step of how many rows do."""
        sized = sizes.with_columns(self._pairs().alias("pairs"))
        held = self._engine.collect(sized.group_by("n").agg(nw.col("pairs").sum()))
        pairs = held["pairs"].cast(pl.Float64).to_numpy()
        return np.bincount(_step(held["n"]).to_numpy(), weights=pairs, minlength=steps).astype(np.float64)

    @property
    def held(self) -> list[Mapping[int, int]]:
        """For each field and counted level, how many rows hold a value that may agree on it."""
        return [values.held for values in self._values]

    @property
    def sharing(self) -> list[Mapping[int, _Floats]]:
        """For each field and counted level, how many pairs of rows that are compared hold one value, by step."""
        return [values.sharing for values in self._values]

    @property
    def collisions(self) -> list[float]:
        """For each field, how likely two rows that are compared and hold a value hold the same."""
        return [values.collision for values in self._values]

    def coded(self, place: int) -> nw.LazyFrame:
        """The rows that have a value of a field: row, side, code (of the value)."""
        known = self._known.select("row", "side", nw.col(_CODE.format(place)).alias("code"))
        return known.filter(nw.col("code") != NULL)

    def _pairs(self) -> nw.Expr:
        """How many pairs are compared in a group of `n` rows, of which `second` are of the second side."""
        n, second = nw.col("n"), nw.col("second")
        return second * (n - second) if self._across else n * (n - 1) / 2

    def joint(self) -> dict[tuple[int, int], float]:
        """For each two fields, how many pairs of rows that are compared hold the same values of both."""
        pairs, found = self._pairs().sum(), {}
        for one in range(len(self.fields)):
            for other in range(one):
                first, last = (nw.col(_CODE.format(place)) for place in (one, other))
                held = self._known.filter((first != NULL) & (last != NULL))
                both = held.select("side", (first.cast(COUNT) * _CODES + last.cast(COUNT)).alias("both"))
                sizes = both.group_by("both").agg(nw.len().cast(COUNT).alias("n"), nw.col("side").sum().alias("second"))
                found[one, other] = float(self._engine.collect(sizes.select(pairs.alias("pairs"))).item() or 0)
        return found

    def patterns(self, parts: Iterable[nw.LazyFrame]) -> nw.LazyFrame:
        """Compare pairs.

        Args:
            parts: left, right (rows); each part is compared before the next is asked for.

        Returns:
            left, right, pattern (Int64).
        """
        row = self._known.collect_schema()["row"]
        schema = {"left": row, "right": row, "pattern": COUNT}
        return self._engine.map_pairs(parts, self._known, self._compare, schema)

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


def _step(n: pl.Series) -> pl.Series:
    """In powers of √2, how many rows hold a value."""
    return (n.cast(pl.Float64).log(2) * _HALF).round(0).cast(pl.Int64)


@dataclass(frozen=True)
class _ToCompare:
    """What a kernel needs to know of a field.

    Attributes:
        holds: a key of `idgraph.linkage.fields.HOLDINGS`.
        radix: of its digit.
        counted: the digits of levels on which rarer values say more.
        rarity: of words.
    """

    holds: str
    radix: int
    counted: tuple[int, ...]
    rarity: Mapping[str, float]


def _begun(rows: pl.DataFrame, places: Sequence[int]) -> pl.DataFrame:
    """Add what names begin with, as a number; null without a name."""
    return rows.with_columns(
        pl.when(pl.col(_TEXT.format(place)).is_not_null())
        .then(pl.col(_TEXT.format(place)).str.slice(0, BEGINNING).hash(seed=0).reinterpret(signed=True))
        .alias(_BEGINS.format(place))
        for place in places
    )


def _patterns(
    pairs: pl.DataFrame, table: pl.DataFrame, fields: Sequence[_ToCompare], swappable: tuple[int, int] | None
) -> pl.DataFrame:
    """Compare pairs: left, right, pattern."""
    ends = pairs["left_place"].to_numpy(), pairs["right_place"].to_numpy()
    digits = []
    for place, field in enumerate(fields):
        names = {"text": _TEXT, "code": _CODE, "same": _SAME, "shared": _SHARED}
        values = table.select(**{name: pl.col(column.format(place)) for name, column in names.items()})
        digits.append(_digits_of(*ends, values, field))
    if swappable is not None:
        _note_swaps(*ends, table, digits, swappable)
    pattern = np.zeros(pairs.height, dtype=np.int64)
    for field, digit in zip(fields, digits, strict=True):
        pattern = pattern * field.radix + digit
    return pairs.select("left", "right", pattern=pattern)


def _note_swaps(
    left: _Places, right: _Places, table: pl.DataFrame, digits: Sequence[_Ints], swappable: tuple[int, int]
) -> None:
    """Where names agree crosswise: say so in the digit of the one, and nothing in that of the other."""
    given, family = (table[_BEGINS.format(place)] for place in swappable)
    cross = (given.gather(left) == family.gather(right)) | (family.gather(left) == given.gather(right))
    asked = np.flatnonzero(cross.fill_null(value=False).to_numpy())
    names = [table[_TEXT.format(place)].gather(side[asked]) for side in (left, right) for place in swappable]
    told = dict(zip(("left_given", "left_family", "right_given", "right_family"), names, strict=True))
    said = swapped(pl.DataFrame(told)).to_numpy()
    levels = [level.name for level in HOLDINGS["name"].levels]
    of_said = np.array([NULL, *(1 + levels.index(name) for name in SWAPPED[1:])])
    found = asked[said > 0]
    digits[swappable[0]][found] = of_said[said[said > 0]]
    digits[swappable[1]][found] = NULL


def _digits_of(left: _Places, right: _Places, values: pl.DataFrame, field: _ToCompare) -> _Ints:
    """Say on which level the values of one field agree, each two different ones compared once."""
    code, same, shared = (values[name].to_numpy() for name in ("code", "same", "shared"))
    one, other = code[left], code[right]
    known = (one != NULL) & (other != NULL)
    digits = np.where(known, same[left], NULL)
    unlike = np.flatnonzero(known & (one != other))
    turned = one[unlike] > other[unlike]
    ends = left[unlike], right[unlike]
    low, high = np.where(turned, ends[1], ends[0]), np.where(turned, ends[0], ends[1])
    first = _first_alike(code[low], code[high])
    once = np.flatnonzero(first == np.arange(len(first)))
    levels = np.zeros(len(first), dtype=np.int64)
    levels[once] = 1 + compared(
        field.holds, values["text"].gather(low[once]), values["text"].gather(high[once]), field.rarity
    )
    levels = levels[first]
    commoner = np.maximum(shared[low], shared[high])
    digits[unlike] = np.where(np.isin(levels, field.counted), commoner, levels)
    return digits


def _first_alike(low: _Places, high: _Places) -> npt.NDArray[np.int64]:
    """For each pair of codes the place of the first that is the same."""
    pairs = pl.DataFrame({"low": low, "high": high, "place": np.arange(len(low))})
    return pairs.select(pl.col("place").min().over("low", "high")).to_series().to_numpy()


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
