"""Compare: on which level two values of a field agree. Each distinct pair of values is compared once."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA, JaroWinkler, LCSseq
from scipy.sparse import csr_matrix

from idgraph.linkage.nicknames import nicknames_agree
from idgraph.normalise import email_domain

__all__ = ["MADE_OF_NAME", "NAME_AND_NUMBER", "NEARLY_MADE", "SEPARATOR", "WORDED", "address", "compared"]

# Stand before an e-mail address whose local part is made of its holder's name; but for a letter; or of it and a number.
MADE_OF_NAME: Final = "="
NEARLY_MADE: Final = "=≈"
NAME_AND_NUMBER: Final = "~"
# Parts the values of a field that holds several.
SEPARATOR: Final = "\x1f"

# What is compared by its words, the rarer the heavier.
WORDED: Final = frozenset({"text", "title", "list"})

_Places = npt.NDArray[np.int8]
_Scores = npt.NDArray[np.float32]
_Texts = Sequence[str]
_FAR: Final = 3  # edits; more are not counted
_SLICE: Final = 100_000
_LONG: Final = 60  # letters; what is longer is compared by its words, and by so many letters
_TWICE: Final = 2
_TAIL: Final = 7  # digits of a phone number that its country and area leave
_LONG_ENOUGH: Final = 7  # letters of a domain that may be mistyped
_COUNTER: Final = 20  # mailboxes of one name are counted to less, from jdoe to jdoe2; a year of birth is more
_ONE_DOMAIN, _OTHER_COUNT, _OTHER_NAMES, _TWO_DOMAINS = 5, 6, 7, 8  # levels of addresses made of names


def compared(holds: str, left: pl.Series, right: pl.Series, rarity: Mapping[str, float] | None = None) -> pl.Series:
    """Say on which level values agree.

    Args:
        holds: a key of `idgraph.linkage.fields.HOLDINGS`.
        left: String, tidy values, none null.
        right: String, the other value of each pair.
        rarity: of words of texts, in bits; a word that is not there is as rare as the rarest.

    Returns:
        Int8: the place of the level in the holding.

    >>> compared("name", pl.Series(["ana", "robert", "jon"]), pl.Series(["ana", "rob", "maria"])).to_list()
    [0, 2, 6]
    """
    same = (left == right).to_numpy()
    places = np.zeros(len(left), dtype=np.int8)
    if holds == "email":
        places[same & left.str.starts_with(MADE_OF_NAME).to_numpy()] = _ONE_DOMAIN
    unlike = np.flatnonzero(~same)
    if len(unlike):
        places[unlike] = _COMPARE[holds](left.gather(unlike), right.gather(unlike), rarity or {})
    return pl.Series("level", places)


def address(email: pl.Series) -> pl.Series:
    """Take off what marks an address as made of a name."""
    return email.str.strip_chars_start(NEARLY_MADE + NAME_AND_NUMBER)


def _scores(scorer: Callable[..., float], left: _Texts, right: _Texts, least: float | None = None) -> _Scores:
    found: _Scores = process.cpdist(
        left, right, scorer=scorer, workers=_workers(), dtype=np.float32, score_cutoff=least
    )
    return found


def _edits(left: _Texts, right: _Texts) -> npt.NDArray[np.int32]:
    found: npt.NDArray[np.int32] = process.cpdist(
        left, right, scorer=OSA.distance, workers=_workers(), dtype=np.int32, score_cutoff=_FAR
    )
    return found


def _workers() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def _placed(*levels: npt.NDArray[np.bool_]) -> _Places:
    """The first level, from 1 on, that holds; the one after the last where none does."""
    places: _Places = np.full(len(levels[0]), len(levels) + 1, dtype=np.int8)
    for place in range(len(levels), 0, -1):
        places[levels[place - 1]] = place
    return places


def _begins(left: pl.Series, right: pl.Series) -> npt.NDArray[np.bool_]:
    either = left.to_frame("l").with_columns(right.alias("r"))
    found = either.select(pl.col("l").str.starts_with(pl.col("r")) | pl.col("r").str.starts_with(pl.col("l")))
    return found.to_series().to_numpy()


def _shorter(left: pl.Series, right: pl.Series) -> npt.NDArray[np.uint32]:
    shorter: npt.NDArray[np.uint32] = np.minimum(left.str.len_chars().to_numpy(), right.str.len_chars().to_numpy())
    return shorter


def _name(left: pl.Series, right: pl.Series, _: Mapping[str, float]) -> _Places:
    one, other = left.to_list(), right.to_list()
    close = _scores(JaroWinkler.similarity, one, other, 0.78)
    edits, shorter = _edits(one, other), _shorter(left, right)
    mistyped = ((edits <= 1) & (shorter >= 3)) | ((edits == 2) & (shorter >= 7))
    alike = (close >= 0.88) | _begins(left, right)
    distant = close >= 0.78
    several = np.flatnonzero((left.str.contains(" ", literal=True) | right.str.contains(" ", literal=True)).to_numpy())
    if len(several):
        some, others = [one[place] for place in several], [other[place] for place in several]
        mistyped[several] |= _scores(fuzz.token_sort_ratio, some, others) >= 92
        alike[several] |= _scores(fuzz.token_set_ratio, some, others) >= 90
    never = np.zeros_like(distant)  # whether names stand in each other's column, their own values do not tell
    rest = np.flatnonzero(~mistyped & ~alike)
    if len(rest):
        alike[rest] = nicknames_agree(left.gather(rest), right.gather(rest)).to_numpy()
    return _placed(mistyped, alike, distant, never, never)


def _email(left: pl.Series, right: pl.Series, _: Mapping[str, float]) -> _Places:
    found = np.zeros(len(left), dtype=np.int8)
    names = _say_names_only(left, right)
    made, rest = np.flatnonzero(names), np.flatnonzero(~names)
    if len(rest):
        found[rest] = _not_made_of_names(address(left.gather(rest)), address(right.gather(rest)))
    if len(made):
        left, right = left.gather(made), right.gather(made)
        nearly = (left.str.starts_with(NEARLY_MADE) | right.str.starts_with(NEARLY_MADE)).to_numpy()
        found[made] = _made_of_names(address(left), address(right), nearly)
    return found


def _not_made_of_names(left: pl.Series, right: pl.Series) -> _Places:
    one, other = (side.str.split_exact("@", 1).struct.field("field_0") for side in (left, right))
    # One that is made of a name and one that is not may still be equal: then this is the level.
    return _placed(
        (_edits(left.to_list(), right.to_list()) <= 2) | (left == right).to_numpy(),
        (one == other).to_numpy(),
        _scores(JaroWinkler.similarity, one.to_list(), other.to_list(), 0.88) >= 0.88,
    )


def _say_names_only(left: pl.Series, right: pl.Series) -> npt.NDArray[np.bool_]:
    """Whether what stands before the @ says no more than the names of two people: no number that both have."""
    made = np.ones(len(left), dtype=bool)
    for side in (left, right):
        marked = side.str.starts_with(MADE_OF_NAME) | side.str.starts_with(NAME_AND_NUMBER)
        made &= (marked & side.str.contains("@", literal=True)).to_numpy()
    both = left.str.starts_with(NAME_AND_NUMBER) & right.str.starts_with(NAME_AND_NUMBER)
    asked = np.flatnonzero(made & both.to_numpy())
    one, other = (side.gather(asked).str.replace("@.*$", "").str.replace_all(r"\D", "") for side in (left, right))
    made[asked] &= ~((one == other) & (one.str.len_bytes() > 1)).to_numpy()
    return made


def _made_of_names(left: pl.Series, right: pl.Series, nearly: npt.NDArray[np.bool_]) -> _Places:
    """The level of two addresses that are made of names: by their domains, and the counts of namesakes there.

    At one domain one address may shorten the name of the other, or be mistyped where it is not quite its holder's name;
    what is neither is the address of somebody else.
    """
    parts = [side.str.splitn("@", 2).struct for side in (left, right)]
    locals_, domains = ([part.field(f"field_{place}") for part in parts] for place in (0, 1))
    one = (domains[0] == domains[1]).to_numpy()
    places = np.where(one | _mistyped_domains(*domains), _ONE_DOMAIN, _TWO_DOMAINS).astype(np.int8)
    alike = np.flatnonzero(one)
    if len(alike):
        sides = [side.gather(alike) for side in locals_]
        places[alike] = _at_one_domain(sides[0], sides[1], left.gather(alike), nearly[alike])
    return places


def _mistyped_domains(left: pl.Series, right: pl.Series) -> npt.NDArray[np.bool_]:
    pairs = pl.DataFrame({"left": left, "right": right})  # few distinct ones
    asked = pairs.filter(pl.col("left") != pl.col("right")).unique()
    typed = _edits(asked["left"].to_list(), asked["right"].to_list()) <= 1
    typed &= _shorter(asked["left"], asked["right"]) >= _LONG_ENOUGH
    told = asked.with_columns(typed=typed)
    found = pairs.join(told, on=["left", "right"], how="left", maintain_order="left")["typed"]
    return found.fill_null(value=False).to_numpy()


def _at_one_domain(left: pl.Series, right: pl.Series, addresses: pl.Series, nearly: npt.NDArray[np.bool_]) -> _Places:
    """The level of two addresses of one domain, from what stands before the @."""
    places = np.full(len(left), _ONE_DOMAIN, dtype=np.int8)
    letters = [side.str.replace_all(r"\P{L}", "") for side in (left, right)]
    texts = letters[0].to_list(), letters[1].to_list()
    mistyped = nearly & (_edits(*texts) <= 2)
    common = _scores(LCSseq.similarity, *texts)
    places[~mistyped & (common < _shorter(*letters))] = _OTHER_NAMES  # the shorter one does not shorten the other
    names = [side.str.strip_chars_end("0123456789") for side in (left, right)]
    counts = [side.str.extract(r"(\d*)$").cast(pl.Int64, strict=False).fill_null(0) for side in (left, right)]
    counted = (counts[0] < _COUNTER) & (counts[1] < _COUNTER)
    other = (names[0] == names[1]) & (left != right) & counted
    rivals = np.flatnonzero(other.to_numpy())
    if len(rivals):  # where everybody may have several addresses a count says nothing
        of_company = email_domain(addresses.gather(rivals))["note"].is_null().to_numpy()
        places[rivals[of_company]] = _OTHER_COUNT
    return places


def _phone(left: pl.Series, right: pl.Series, _: Mapping[str, float]) -> _Places:
    edits = _edits(left.to_list(), right.to_list())
    tails = (left.str.tail(_TAIL) == right.str.tail(_TAIL)).to_numpy() & (_shorter(left, right) >= _TAIL)
    return _placed((edits <= 1) | tails, edits <= 2)


def _code(left: pl.Series, right: pl.Series, _: Mapping[str, float]) -> _Places:
    edits = _edits(left.to_list(), right.to_list())
    return _placed(edits <= 1, edits <= 2)


def _date(left: pl.Series, right: pl.Series, _: Mapping[str, float]) -> _Places:
    turned = left.str.slice(0, 4) + left.str.slice(6, 2) + left.str.slice(4, 2)
    edits = _edits(left.to_list(), right.to_list())
    year, month, day = (
        (left.str.slice(start, length) == right.str.slice(start, length)).to_numpy()
        for start, length in ((0, 4), (4, 2), (6, 2))
    )
    two = (year & month) | (year & day) | (month & day) | (edits <= 2)
    return _placed((edits <= 1) | (turned == right).to_numpy(), two, year)


def _text(left: pl.Series, right: pl.Series, rarity: Mapping[str, float]) -> _Places:
    one, other = left.str.head(_LONG).to_list(), right.str.head(_LONG).to_list()
    sort, some = _scores(fuzz.token_sort_ratio, one, other), _scores(fuzz.token_set_ratio, one, other)
    shared = _words_shared(left, right, rarity)
    near, alike = (sort >= 92) | (shared >= 0.9), (sort >= 82) | (shared >= 0.65)
    counted = ~_numbers_differ(left, right)
    return _placed(near & counted, alike & counted, near | alike, (sort >= 70) | (some >= 90) | (shared >= 0.4))


def _list(left: pl.Series, right: pl.Series, rarity: Mapping[str, float]) -> _Places:
    shared = _words_shared(left, right, rarity)
    return _placed(shared >= 0.5, shared > 0)


def _numbers_differ(left: pl.Series, right: pl.Series) -> npt.NDArray[np.bool_]:
    """Whether both texts hold numbers, and none in common: houses of one street, branches of one firm."""
    either = left.to_frame("l").with_columns(right.alias("r")).select(pl.all().str.extract_all(r"\d+"))
    both = (pl.col("l").list.len() > 0) & (pl.col("r").list.len() > 0)
    found = either.select(both & (pl.col("l").list.set_intersection("r").list.len() == 0))
    return found.to_series().to_numpy()


def _category(left: pl.Series, _right: pl.Series, _: Mapping[str, float]) -> _Places:
    return np.ones(len(left), dtype=np.int8)


def _several(left: pl.Series, right: pl.Series, _: Mapping[str, float]) -> _Places:
    common = left.str.split(SEPARATOR).list.set_intersection(right.str.split(SEPARATOR))
    return _placed((common.list.len() > 0).to_numpy())


def _number(left: pl.Series, right: pl.Series, _: Mapping[str, float]) -> _Places:
    apart = (left.cast(pl.Float64, strict=False) - right.cast(pl.Float64, strict=False)).abs().fill_null(np.inf)
    return _placed((apart < 0.02).to_numpy())


def _size(left: pl.Series, right: pl.Series, _: Mapping[str, float]) -> _Places:
    one, other = (side.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy() for side in (left, right))
    return _placed(np.maximum(one, other) <= _TWICE * np.minimum(one, other))


_COMPARE: Final[dict[str, Callable[[pl.Series, pl.Series, Mapping[str, float]], _Places]]] = {
    "name": _name,
    "email": _email,
    "phone": _phone,
    "date": _date,
    "code": _code,
    "text": _text,
    "title": _text,
    "list": _list,
    "category": _category,
    "several": _several,
    "number": _number,
    "size": _size,
}


def _words_shared(left: pl.Series, right: pl.Series, rarity: Mapping[str, float]) -> _Scores:
    """The cosine of two texts' words, the rarer the heavier."""
    texts = pl.concat([left, right]).unique(maintain_order=True)
    words = pl.DataFrame({"text": np.arange(len(texts)), "word": texts.str.split(" ").list.unique(maintain_order=True)})
    words = words.explode("word")
    coded = words["word"].unique(maintain_order=True)
    rarest = max(rarity.values(), default=1.0)
    weights = coded.replace_strict(list(rarity), list(rarity.values()), default=rarest, return_dtype=pl.Float64)
    of_word = pl.DataFrame({"word": coded, "place": np.arange(len(coded)), "weight": weights})
    cells = words.join(of_word, on="word")
    matrix = csr_matrix((cells["weight"], (cells["text"], cells["place"])), shape=(len(texts), len(coded)))
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    place = pl.DataFrame({"text": texts, "place": np.arange(len(texts))})
    one, other = (
        side.to_frame("text").join(place, on="text", how="left", maintain_order="left")["place"].to_numpy()
        for side in (left, right)
    )
    shared = np.zeros(len(left), dtype=np.float32)
    for start in range(0, len(left), _SLICE):
        end = start + _SLICE
        shared[start:end] = np.asarray(matrix[one[start:end]].multiply(matrix[other[start:end]]).sum(axis=1)).ravel()
    norms = lengths[one] * lengths[other]
    cosine: _Scores = np.divide(shared, norms, out=np.zeros_like(shared), where=norms > 0)
    return cosine
