"""Candidates: the pairs worth comparing. Rows meet that agree on something of two fields, or on something rare of one.

Which two, and how exactly, follows from the data: of each two fields the loosest features are taken that give no more
pairs than there is room for. A block of too many rows is parted by a third field, never dropped in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations, product
from math import prod
from typing import TYPE_CHECKING, Any, Final

import narwhals.stable.v2 as nw
import numpy as np
import polars as pl

from idgraph.linkage.compare import SEPARATOR, address
from idgraph.linkage.fields import only_called
from idgraph.normalise.batches import on_fewest
from idgraph.schema import COUNT

if TYPE_CHECKING:
    from idgraph.engines import Engine
    from idgraph.linkage.fields import Field

__all__ = ["AND", "Candidates", "candidates", "features_shared"]

_ROOM: Final = (8, 1_500_000)  # pairs for each row; and at least so many
_KEYS: Final = (48, 200_000, 20)  # so many keys, and of a table of more rows than that fewer
_LARGE: Final = 20_000  # rows
_MOST: Final = 0.5  # of the room that one key may take
_BLOCK: Final = (60, 2_000_000)  # rows of a block; and more where all blocks of this size give no more pairs
_HASH: Final = 1 << 31
_SPREAD: Final = 0x5851F42D4C957F2D  # odd, so that different hashes stay different; overflow is meant
_KEY: Final = "key"
AND: Final = " and "  # between the features of a key


@dataclass(frozen=True)
class Candidates:
    """Pairs worth comparing.

    Attributes:
        blocks: row, side, key: rows that share a key in any of them are such a pair; see `idgraph.engines.Engine`.
        keys: for each key its name, how many pairs it gives, and how many rows were in blocks too large: parted by a
            third field, or left out of this key where that did not help.
    """

    blocks: list[nw.LazyFrame]
    keys: list[dict[str, Any]]


def candidates(
    table: nw.LazyFrame,
    fields: Sequence[Field],
    rows: int,
    engine: Engine,
    *,
    across: bool = False,
    control: bool = False,
) -> Candidates:
    """Find the pairs that agree on enough to be compared.

    Args:
        table: row, side (integers), and the tidy values of each field (String).
        fields: what to look at.
        rows: how many rows there are.
        engine: what runs it.
        across: whether only rows of two sides are paired.
        control: whether rows of one side are paired nevertheless, to hold the others against.

    Returns:
        The blocks of pairs, and the keys that gave them.
    """
    across = across and not control
    features = [(place, name) for place, makes in enumerate(_features(fields)) for name in makes]
    held = _Held.of(table, fields, engine)
    meeting = _meeting([held.keyed([number], 0) for number in range(len(features))], engine)
    # What names alone share has nothing that it could meet: its large blocks are parted by what else names share.
    each = [(number,) for number, pairs in enumerate(meeting) if pairs]
    chosen = each if only_called(fields) else _chosen(features, meeting, rows)
    most = max(_BLOCK[0], _BLOCK[1] // max(rows, 1))
    whole = engine.blocks((held.keyed(key, seed) for seed, key in enumerate(chosen)), most, across=across)
    # Two fields that hang together, as town and postcode do, may give too many pairs: then no block of theirs is small.
    fits = [small.pairs <= _MOST * _room(rows) * (1 + control) for small, _ in whole.sizes]
    too_large = [large.rows + (0 if fit else small.rows) for fit, (small, large) in zip(fits, whole.sizes, strict=True)]
    torn = [place for place, number in enumerate(too_large) if number]
    thirds = [(place, third) for place in torn for third in _thirds(chosen[place], features, meeting)]
    parted = (
        held.parted(whole.rows(place, small=not fits[place]), third, seed)
        for seed, (place, third) in enumerate(thirds, len(chosen))
    )
    parts = engine.blocks(parted, most, across=across)
    pairs = [small.pairs if fit else 0 for fit, (small, _) in zip(fits, whole.sizes, strict=True)]
    for (place, _), (small, _) in zip(thirds, parts.sizes, strict=True):
        pairs[place] += small.pairs
    names = [AND.join(f"{fields[of].name} ({name})" for of, name in map(features.__getitem__, key)) for key in chosen]
    fitting = [place for place, fit in enumerate(fits) if fit]
    return Candidates(
        [*whole.small(fitting), *parts.small(range(len(thirds)))],
        [
            {"key": name, "pairs": given, "rows_in_large_blocks": number}
            for name, given, number in zip(names, pairs, too_large, strict=True)
        ],
    )


@dataclass(frozen=True)
class _Held:
    """What rows may share with others.

    Attributes:
        frame: row, side, and a column of hashes, or lists of them, for each feature.
        engine: what runs it.
    """

    frame: nw.LazyFrame
    engine: Engine

    @staticmethod
    def of(table: nw.LazyFrame, fields: Sequence[Field], engine: Engine) -> _Held:
        makes = [make for features in _features(fields) for make in features.values()]
        hashes = {_name(number): nw.List(COUNT) if make in _SEVERAL else COUNT for number, make in enumerate(makes)}
        schema = {"row": table.collect_schema()["row"], "side": COUNT, **hashes}
        return _Held(engine.checkpoint(engine.map_batches(table, partial(_featured, fields=fields), schema)), engine)

    def keyed(self, features: Sequence[int], seed: int) -> nw.LazyFrame:
        """Keys of some features: row, side, key."""
        return self._keys(self.frame.select("row", "side", *map(_name, features)), seed)

    def parted(self, rows: nw.LazyFrame, feature: int, seed: int) -> nw.LazyFrame:
        """Keys of what rows have already, and of one feature more."""
        name = _name(feature)
        return self._keys(self.engine.lookup(rows, "row", self.frame, "row", {name: name}), seed)

    def _keys(self, rows: nw.LazyFrame, seed: int) -> nw.LazyFrame:
        schema = {"row": self.frame.collect_schema()["row"], "side": COUNT, _KEY: COUNT}
        return self.engine.map_batches(rows, partial(_keyed, seed=seed), schema)


def features_shared(rows: pl.DataFrame, pairs: Sequence[tuple[int, int]], fields: Sequence[Field]) -> list[set[str]]:
    """Say what rows have in common, two by two, in the words of `Candidates.keys`.

    Args:
        rows: side, row, and the tidy values of each field.
        pairs: places of rows.
        fields: what to look at.
    """
    held = zip(fields, _features(fields), strict=True)
    names = [f"{field.name} ({name})" for field, makes in held for name in makes]
    features = _featured(rows, fields).drop("row", "side").rows()
    sets = [[{*one} - {None} if isinstance(one, list) else {one} - {None} for one in row] for row in features]
    return [
        {name for name, ours, theirs in zip(names, sets[left], sets[right], strict=True) if ours & theirs}
        for left, right in pairs
    ]


def _name(feature: int) -> str:
    return f"feature {feature}"


def _meeting(keyed: Sequence[nw.LazyFrame], engine: Engine) -> list[float]:
    """How many pairs of rows share a key of each."""
    twice = (nw.col("n") * (nw.col("n") - 1)).sum().cast(COUNT).alias("twice")
    counted = [frame.group_by(_KEY).agg(nw.len().cast(COUNT).alias("n")).select(twice) for frame in keyed]
    return [(found.item() or 0) / 2 for found in engine.collect_all(counted)]


_Key = tuple[int, ...]  # features
_Offers = Mapping[tuple[int, ...], Sequence[tuple[float, _Key]]]  # by fields: expected pairs, and the key


def _chosen(features: Sequence[tuple[int, str]], meeting: Sequence[float], rows: int) -> list[_Key]:
    """Choose the keys: of each field, and of each two fields, the loosest features that there is room for.

    In a large table two fields may be so common, as the given and the family name are, that no key of theirs fits:
    these have keys with each third field.
    """
    possible = max(rows * (rows - 1) / 2, 1)
    of_field: dict[int, list[int]] = {}
    for number, (of, _) in enumerate(features):
        if meeting[number]:
            of_field.setdefault(of, []).append(number)

    def offers(places: tuple[int, ...]) -> list[tuple[float, _Key]]:
        keys = product(*(of_field[place] for place in places))
        return [(possible * prod(meeting[number] / possible for number in key), key) for key in keys]

    few = {places: offers(places) for size in (1, 2) for places in combinations(of_field, size)}
    room: float = _room(rows)
    most = _KEYS[0] if rows <= _KEYS[1] else _KEYS[2]
    share = room / max(min(len(few), most), 1)
    taken = _taken(few, share, room, most)
    if rows < _LARGE:
        return [key for _, key in taken]
    room -= sum(cost for cost, _ in taken)
    having = {tuple(features[number][0] for number in key) for _, key in taken}
    known = [set(key) for _, key in taken]
    three: _Offers = {
        places: [(cost, key) for cost, key in offers(places) if not any(one < set(key) for one in known)]
        for places in combinations(of_field, 3)
        if not having.issuperset(combinations(places, 2))
    }
    return [key for _, key in (*taken, *_taken(three, share, room, most - len(taken)))]


def _taken(offers: _Offers, share: float, room: float, most: int) -> list[tuple[float, _Key]]:
    """Take from each offer in turn the loosest key that takes no more than its share, while there is room."""
    taken: list[tuple[float, _Key]] = []
    fitting = {places: sorted((cost, key) for cost, key in offer if cost <= share) for places, offer in offers.items()}
    while room > 0 and len(taken) < most and any(fitting.values()):
        # The rarest first, so that where keys are few the most telling fields have theirs.
        for places in sorted(
            (some for some, offer in fitting.items() if offer), key=lambda some: (fitting[some][0], some)
        ):
            cost, key = fitting[places].pop()
            if cost <= room and len(taken) < most:
                taken.append((cost, key))
                room -= cost
    return taken


def _room(rows: int) -> int:
    return max(_ROOM[0] * rows, _ROOM[1])


def _thirds(chosen: Sequence[int], features: Sequence[tuple[int, str]], meeting: Sequence[float]) -> list[int]:
    """For each other field the feature that parts best; where there is no other field, its other features.

    Of these only those that come later: two rows that share two features in large blocks meet by the first of them, and
    by whichever has a small block.
    """
    places = {features[number][0] for number in chosen}
    met = [number for number in range(len(meeting)) if meeting[number]]
    if places == {features[number][0] for number in met}:
        return [number for number in met if number > max(chosen)]
    best: dict[int, int] = {}
    for number in sorted(met, key=lambda number: (meeting[number], number)):
        if features[number][0] not in places:
            best.setdefault(features[number][0], number)
    return list(best.values())


def _featured(rows: pl.DataFrame, fields: Sequence[Field]) -> pl.DataFrame:
    """Say what of each row others may share, as hashes: row, side, and a column for each feature."""
    made = zip(fields, _features(fields), strict=True)
    found = [on_fewest(rows[one.name], partial(_hashes, makes=makes)) for one, makes in made if makes]
    columns = [column for frame in found for column in frame]
    hashes = [column.alias(_name(number)) for number, column in enumerate(columns)]
    return rows.select("row", pl.col("side").cast(pl.Int64), *hashes)


def _hashes(text: pl.Series, makes: Mapping[str, _Make]) -> pl.DataFrame:
    return pl.DataFrame({name: _hashed(make(text)) for name, make in makes.items()})


def _hashed(made: pl.Series) -> pl.Series:
    if made.dtype == pl.List:
        return made.list.eval(_code(pl.element())).list.unique()
    return made.to_frame("made").select(_code(pl.col("made"))).to_series()


def _code(text: pl.Expr) -> pl.Expr:
    return pl.when(text != "").then((text.hash(seed=0) % _HASH).cast(pl.Int64))  # what is null stays null


def _keyed(rows: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Make one key of what rows have: row, side, key; once for each choice where a feature is several.

    Args:
        rows: row, side, and the parts of the key: integers, or lists of them.
        seed: of other seeds the keys are others.
    """
    names = [name for name in rows.columns if name not in {"row", "side"}]
    for name in names:
        rows = rows.explode(name) if rows.schema[name] == pl.List else rows
    rows = rows.drop_nulls(names)
    key = np.full(rows.height, seed, dtype=np.int64)
    for name in names:
        key = key * _SPREAD + rows[name].to_numpy()
    return rows.select("row", "side", pl.Series(_KEY, key))


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


def _ends(text: pl.Series) -> pl.Series:
    """The first three letters of each long word and its last three, which most slips inside it leave alone."""
    word = pl.element().filter(pl.element().str.len_chars() > 5)
    return text.str.split(" ").list.eval(word.str.slice(0, 3) + word.str.tail(3))


def _whole(text: pl.Series) -> pl.Series:
    return text


def _head(text: pl.Series) -> pl.Series:
    return text.to_frame("t").select(pl.col("t").str.slice(0, pl.col("t").str.len_chars() // 2)).to_series()


def _tail(text: pl.Series) -> pl.Series:
    half = pl.col("t").str.len_chars().cast(pl.Int64) // 2
    return text.to_frame("t").select(pl.col("t").str.slice(-half)).to_series()


def _local(text: pl.Series) -> pl.Series:
    return address(text).str.split("@").list.get(0)


def _each(text: pl.Series) -> pl.Series:
    return text.str.split(SEPARATOR)


def _letters(text: pl.Series) -> pl.Series:
    return text.str.replace_all(" ", "", literal=True)


_OF_TEXT: Final[dict[str, _Make]] = {
    "word": _words,
    "beginning": lambda text: _letters(text).str.slice(0, 6),
}
_OF_ONE_TITLE: Final[dict[str, _Make]] = {"sound": _sounds, "ends of a word": _ends, **_OF_TEXT, "whole": _letters}
_SEVERAL: Final = (_words, _sounds, _ends, _each)  # features of which a value has any number

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
    "several": {"each": _each},
    "number": {"whole": _whole},
    "size": {},  # too many are of one size
}


def _features(fields: Sequence[Field]) -> list[Mapping[str, _Make]]:
    """What rows may share of each field; more of what things are called, where that is all there is."""
    if only_called(fields):
        return [_OF_ONE_TITLE]
    return [_FEATURES[one.holds] for one in fields]
