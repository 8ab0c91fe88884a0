"""Candidates: the pairs worth comparing. Rows meet that agree on something of two fields, or on something rare of one.

Which two, and how exactly, follows from the data: of each two fields the loosest features are taken that give no more
pairs than there is room for. A block of too many rows is parted by a third field, never dropped in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import TYPE_CHECKING, Any, Final

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.linkage.compare import SEPARATOR, address
from idgraph.schema import COUNT

if TYPE_CHECKING:
    from idgraph.engines import Engine, Kernel
    from idgraph.linkage.fields import Field

__all__ = ["Candidates", "candidates"]

_ROOM: Final = (8, 1_500_000)  # pairs for each row; and at least so many
_KEYS: Final = (48, 200_000, 20)  # so many keys, and of a table of more rows than that fewer
_BLOCK: Final = (60, 2_000_000)  # rows of a block; and more where all blocks of this size give no more pairs
_HASH: Final = 1 << 31  # two of them fit into one integer
_KEY: Final = "key"


@dataclass
class Candidates:
    """Pairs worth comparing.

    Attributes:
        pairs: left, right (rows, left < right): each pair once.
        keys: for each key its name, how many pairs it gives, and how many rows were in blocks too large: parted by a
            third field, or left out of this key where that did not help.
    """

    pairs: nw.LazyFrame
    keys: list[dict[str, Any]] = field(default_factory=list)


def candidates(
    table: nw.LazyFrame, fields: Sequence[Field], rows: int, engine: Engine, *, across: bool = False
) -> Candidates:
    """Find the pairs that agree on enough to be compared.

    Args:
        table: row, side (integers), and the tidy values of each field (String).
        fields: what to look at.
        rows: how many rows there are.
        engine: what runs it.
        across: only pairs of rows of two sides.

    Returns:
        The pairs, and the keys that gave them.
    """
    features = [(place, name) for place, one in enumerate(fields) for name in _FEATURES[one.holds]]
    said = {"row": table.collect_schema()["row"], "side": COUNT, "feature": COUNT, _KEY: COUNT}
    held = engine.checkpoint(engine.map_batches(table, _featured(fields), said))
    sizes = held.group_by("feature", _KEY).agg(nw.len().cast(COUNT).alias("n"))
    pairs = (nw.col("n") * (nw.col("n") - 1)).sum().alias("twice")
    twice = dict(engine.collect(sizes.group_by("feature").agg(pairs)).select("feature", "twice").iter_rows())
    meeting = {number: twice.get(number, 0) / 2 for number in range(len(features))}
    by_feature = {number: held.filter(nw.col("feature") == number).drop("feature") for number in meeting}
    found: list[nw.LazyFrame] = []
    report: list[dict[str, Any]] = []
    block = max(_BLOCK[0], _BLOCK[1] // max(rows, 1))
    for chosen in _chosen(features, meeting, rows):
        keyed = by_feature[chosen[0]]
        if len(chosen) > 1:
            other = by_feature[chosen[1]].select("row", nw.col(_KEY).alias("second"))
            both = keyed.join(other, on="row")
            keyed = both.with_columns((nw.col(_KEY) * _HASH + nw.col("second")).alias(_KEY)).drop("second")
        sized = engine.checkpoint(engine.with_totals(keyed, [_KEY], n=nw.len()).filter(nw.col("n") > 1))
        small, large = sized.filter(nw.col("n") <= block), sized.filter(nw.col("n") > block)
        given = [engine.checkpoint(_meeting(small, [_KEY], across=across))]
        too_large = engine.count(large)
        if too_large:
            thirds = _thirds(chosen, features, meeting)
            given += [_parted(large, by_feature[third], block, engine, across=across) for third in thirds]
        found += given
        report.append(
            {
                "key": " and ".join(f"{fields[features[number][0]].name} ({features[number][1]})" for number in chosen),
                "pairs": sum(engine.count(pairs) for pairs in given),
                "rows_in_large_blocks": too_large,
            }
        )
    none = table.head(0).select(nw.col("row").alias("left"), nw.col("row").alias("right"))
    return Candidates(engine.checkpoint(nw.concat([none, *found]).unique(["left", "right"])), report)


def _chosen(features: Sequence[tuple[int, str]], meeting: Mapping[int, float], rows: int) -> list[tuple[int, ...]]:
    """Choose the keys: of each field, and of each two fields, the loosest features that there is room for."""
    possible = max(rows * (rows - 1) / 2, 1)
    room: float = max(_ROOM[0] * rows, _ROOM[1])
    most = _KEYS[0] if rows <= _KEYS[1] else _KEYS[2]
    of_field: dict[int, list[int]] = {}
    for number, (of, _) in enumerate(features):
        if meeting[number]:
            of_field.setdefault(of, []).append(number)
    offers: dict[tuple[int, ...], list[tuple[float, tuple[int, ...]]]] = {
        (of,): [(meeting[number], (number,)) for number in numbers] for of, numbers in of_field.items()
    }
    for one, other in combinations(of_field, 2):
        offers[one, other] = [
            (meeting[a] * meeting[b] / possible, (a, b)) for a, b in product(of_field[one], of_field[other])
        ]
    share = room / max(min(len(offers), most), 1)
    taken: list[tuple[int, ...]] = []
    fitting = {places: sorted((cost, key) for cost, key in offer if cost <= share) for places, offer in offers.items()}
    while room > 0 and len(taken) < most and any(fitting.values()):
        # The rarest first, so that where keys are few the most telling fields have theirs.
        for places in sorted(
            (some for some, offer in fitting.items() if offer), key=lambda some: (fitting[some][0], some)
        ):
            cost, key = fitting[places].pop()
            if cost <= room and len(taken) < most:
                taken.append(key)
                room -= cost
    return taken


def _thirds(chosen: Sequence[int], features: Sequence[tuple[int, str]], meeting: Mapping[int, float]) -> list[int]:
    """For each other field the feature that parts best."""
    places = {features[number][0] for number in chosen}
    best: dict[int, int] = {}
    for number in sorted(meeting, key=lambda number: (meeting[number], number)):
        place = features[number][0]
        if place not in places and meeting[number]:
            best.setdefault(place, number)
    return list(best.values())


def _parted(large: nw.LazyFrame, third: nw.LazyFrame, block: int, engine: Engine, *, across: bool) -> nw.LazyFrame:
    """Pairs of blocks that were too large, where they agree on something else too."""
    by = [_KEY, "third"]
    parted = large.drop("n").join(third.select("row", nw.col(_KEY).alias("third")), on="row")
    sized = engine.with_totals(parted, by, n=nw.len())
    return engine.checkpoint(_meeting(sized.filter((nw.col("n") > 1) & (nw.col("n") <= block)), by, across=across))


def _meeting(keyed: nw.LazyFrame, by: list[str], *, across: bool) -> nw.LazyFrame:
    left = keyed.select(*by, nw.col("row").alias("left"), nw.col("side").alias("left_side"))
    right = keyed.select(*by, nw.col("row").alias("right"), nw.col("side").alias("right_side"))
    met = left.join(right, on=by).filter(nw.col("left") < nw.col("right"))
    if across:
        met = met.filter(nw.col("left_side") != nw.col("right_side"))
    return met.select("left", "right").unique(["left", "right"])


def _featured(fields: Sequence[Field]) -> Kernel:
    """Make the kernel that says what of each row others may share: row, side, feature, key (a hash)."""

    def kernel(rows: pl.DataFrame) -> pl.DataFrame:
        parts = list(_parts(rows, fields))
        return pl.concat([_NONE.cast({"row": rows.schema["row"]}), *parts])

    return kernel


_NONE: Final = pl.DataFrame(schema={"row": pl.UInt32, "side": pl.Int64, "feature": pl.Int64, _KEY: pl.Int64})


def _parts(rows: pl.DataFrame, fields: Sequence[Field]) -> Iterator[pl.DataFrame]:
    number = 0
    for one in fields:
        held = rows.select("row", pl.col("side").cast(pl.Int64), pl.col(one.name).alias("text")).drop_nulls("text")
        for make in _FEATURES[one.holds].values():
            made = held.with_columns(make(held["text"]).alias("text"))
            made = made.explode("text") if made.schema["text"] == pl.List else made
            made = made.filter(pl.col("text") != "").unique(["row", "text"])
            key = (made["text"].hash(seed=0) % _HASH).cast(pl.Int64)
            yield made.select("row", "side", pl.lit(number, pl.Int64).alias("feature"), key.alias(_KEY))
            number += 1


_Make = Callable[[pl.Series], pl.Series]


def _words(text: pl.Series) -> pl.Series:
    return text.str.split(" ").list.eval(pl.element().filter(pl.element().str.len_chars() > 1))


def _sounds(text: pl.Series) -> pl.Series:
    """The first letter of each word and the consonants that follow, those that sound alike as one."""
    return text.str.split(" ").list.eval(_sound(pl.element().filter(pl.element().str.len_chars() > 1)))


def _sound(word: pl.Expr) -> pl.Expr:
    rest = word.str.slice(1).str.replace_all("ph", "f", literal=True).str.replace_all("[aeiouyhw]+", "")
    plain = rest.str.replace_many(list(_ALIKE), list(_ALIKE.values()))
    return word.str.slice(0, 1) + plain.str.slice(0, 3)


_ALIKE: Final = {"c": "k", "q": "k", "g": "k", "j": "k", "z": "s", "v": "f", "m": "n", "d": "t"}


def _whole(text: pl.Series) -> pl.Series:
    return text


def _head(text: pl.Series) -> pl.Series:
    return text.to_frame("t").select(pl.col("t").str.slice(0, pl.col("t").str.len_chars() // 2)).to_series()


def _tail(text: pl.Series) -> pl.Series:
    half = pl.col("t").str.len_chars().cast(pl.Int64) // 2
    return text.to_frame("t").select(pl.col("t").str.slice(-half)).to_series()


def _local(text: pl.Series) -> pl.Series:
    return address(text).str.split("@").list.get(0)


_OF_TEXT: Final[dict[str, _Make]] = {
    "word": _words,
    "beginning": lambda text: text.str.replace_all(" ", "", literal=True).str.slice(0, 6),
}
_FEATURES: Final[dict[str, dict[str, _Make]]] = {
    "name": {"word": _words, "sound": _sounds},
    "email": {"whole": address, "before the @": _local},
    "phone": {"whole": _whole, "last seven": lambda text: text.str.tail(7)},
    "date": {"whole": _whole, "year": lambda text: text.str.slice(0, 4), "day": lambda text: text.str.slice(4)},
    "code": {"whole": _whole, "first half": _head, "second half": _tail},
    "text": _OF_TEXT,
    "title": _OF_TEXT,
    "list": {"word": _words},
    "category": {"whole": _whole},
    "several": {"each": lambda text: text.str.split(SEPARATOR)},
    "number": {"whole": _whole},
}
