"""A model: what agreement on each level of each field is worth. Data, in JSON: to read, to edit, to use again."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from math import inf, isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from idgraph.errors import ConfigError
from idgraph.linkage.fields import HOLDINGS, Field, only_called

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from idgraph.linkage.patterns import Decoded

__all__ = ["Model", "Tie"]

_Floats = npt.NDArray[np.float64]
_FORMAT: Final = 2
_DIGITS: Final = 4


@dataclass(frozen=True)
class Tie:
    """Two fields in which strangers agree together more often than chance has it.

    Attributes:
        one: the place of a field.
        other: the place of another.
        bits: log2 of how much more often: by whether the one is the same or alike, then the other.
    """

    one: int
    other: int
    bits: tuple[tuple[float, ...], ...]

    def bits_of(self, states: npt.NDArray[np.int64]) -> _Floats:
        """What a tie takes off, by pattern: for each field 0 the same, 1 alike, 2 different, -1 no value."""
        one, other = states[:, self.one], states[:, self.other]
        both = (one >= 0) & (other >= 0) & (one < 2) & (other < 2)
        table = np.round(np.array(self.bits), _DIGITS)
        found: _Floats = np.where(both, table[np.clip(one, 0, 1), np.clip(other, 0, 1)], 0.0)
        return found


@dataclass(frozen=True)
class Model:
    """What levels are worth, as Fellegi and Sunter (1969) weigh them.

    Attributes:
        fields: what is compared.
        m: for each field, how often two rows of one entity agree on each level.
        u: for each field, how often two strangers do.
        ties: what strangers agree in together.
        matches_per_row: pairs of one entity for each row of the table; the odds of a pair before anything is compared.
        rarity: for each field and counted level, bits to add by how rare the value is: one number for each power of √2
            of the share of rows that hold it, from all of them down. See `idgraph.linkage.rarity`.
    """

    fields: tuple[Field, ...]
    m: tuple[tuple[float, ...], ...]
    u: tuple[tuple[float, ...], ...]
    ties: tuple[Tie, ...]
    matches_per_row: float
    rarity: tuple[tuple[tuple[float, ...], ...], ...] = ()

    def weights(self, decoded: Decoded, held: Sequence[Mapping[int, int]]) -> _Floats:
        """Weigh patterns.

        Args:
            decoded: the patterns.
            held: for each field and counted level, how many rows hold a value that may agree on it.

        Returns:
            For each pattern its weight in log2 odds, rounded to four decimals.
        """
        total = np.zeros(len(decoded.levels))
        for place in range(len(self.fields)):
            total += self.parts(decoded, held, place)
        states = self.states(decoded)
        for tie in self.ties:
            total -= tie.bits_of(states)
        return np.round(total, _DIGITS)  # of parts that are rounded themselves: they add up to it

    def parts(self, decoded: Decoded, held: Sequence[Mapping[int, int]], place: int) -> _Floats:
        """What one field adds to the weight of each pattern, rounded to four decimals."""
        levels, steps = decoded.levels[:, place], decoded.steps[:, place]
        bits = np.log2(np.array(self.m[place])) - np.log2(np.array(self.u[place]))
        plain = np.where(levels >= 0, bits[np.maximum(levels, 0)], 0.0)
        # The same rare value says more than the same common one: m over its own frequency, instead of over the average.
        rows = np.array([max(held[place].get(level, 1), 1) for level in range(len(self.m[place]))])
        rare = (np.log2(np.array(self.m[place])) + np.log2(rows))[np.maximum(levels, 0)] - steps / 2
        if self.rarity:
            for level, bits in zip(held[place], self.rarity[place], strict=True):
                by_rarity = np.array([*bits, 0.0])  # beyond what was seen nothing is added
                at = np.round(2 * np.log2(rows[level])).astype(np.int64) - steps
                rare = rare + np.where(levels == level, by_rarity[np.clip(at, 0, len(bits))], 0.0)
        found: _Floats = np.where(steps >= 0, np.where(levels >= 0, rare, 0.0), plain)
        return np.round(found, _DIGITS)

    def states(self, decoded: Decoded) -> npt.NDArray[np.int64]:
        """Same, alike or different, for each pattern and field."""
        states = np.full_like(decoded.levels, -1)
        for place, field in enumerate(self.fields):
            kinds = np.array([2 - level.agrees for level in field.holding.levels])
            levels = decoded.levels[:, place]
            states[:, place] = np.where(levels >= 0, kinds[np.maximum(levels, 0)], -1)
        return states

    def prior(self, rows: int, possible: float) -> float:
        """The log2 odds that two rows of a table are one entity, before anything is compared."""
        share = min(max(self.matches_per_row * rows / max(possible, 1.0), 1e-15), 0.5)
        return float(np.log2(share / (1 - share)))

    def save(self, path: str | Path) -> None:
        """Write the model as JSON."""
        Path(path).write_text(json.dumps(self.as_dict(), indent=2) + "\n", "utf-8")

    def as_dict(self) -> dict[str, Any]:
        """The model as JSON can hold it."""
        return {"idgraph_model": _FORMAT, **asdict(self)}

    def diff(self, other: Model) -> pl.DataFrame:
        """Compare what two models hold each level to be worth: this one before, the other after.

        Returns:
            field, level (String), before, after, change (Float64, log2 odds): one row for each level of each field, by
            how rare values are on average; for each two fields of which strangers have both in common (`town and
            postcode`), for what that takes off; and for `prior`, log2 of the pairs of one entity for each row. What
            only one of the models has is null in the other.
        """
        known = ["field", "level"]
        before, after = (
            pl.DataFrame(model._worth(), schema=[*known, name], orient="row")  # noqa: SLF001 - another of its kind
            for model, name in ((self, "before"), (other, "after"))
        )
        both = before.join(after, on=known, how="full", coalesce=True, maintain_order="left_right")
        return both.with_columns(change=(pl.col("after") - pl.col("before")).round(_DIGITS))

    def _worth(self) -> list[tuple[str, str, float]]:
        """Field, level and weight: the rows of `diff`."""
        found = []
        for field, m, u in zip(self.fields, self.m, self.u, strict=True):
            bits = np.round(np.log2(np.array(m)) - np.log2(np.array(u)), _DIGITS).tolist()
            levels = zip(field.holding.levels, bits, strict=True)
            found += [(field.name, level.name, weight) for level, weight in levels]
        for tie in self.ties:
            names = " and ".join(sorted((self.fields[tie.one].name, self.fields[tie.other].name)))
            found.append((names, "both the same", -round(tie.bits[0][0], _DIGITS)))
        prior = round(float(np.log2(self.matches_per_row)), _DIGITS)
        return [*found, ("prior", "pairs of one entity for each row", prior)]

    @staticmethod
    def load(path: str | Path) -> Model:
        """Read a model.

        Raises:
            ConfigError: the file is no model, or one that was edited into something else.
        """
        try:
            return Model.from_dict(json.loads(Path(path).read_text("utf-8")))
        except (OSError, ValueError) as error:
            msg = f"{path} is no model that this version of idgraph can read: {error}. Mend it, or train it again."
            raise ConfigError(msg) from None

    @staticmethod
    def from_dict(said: Any) -> Model:  # noqa: ANN401 - what a file holds
        """Read what `as_dict` gave, or somebody edited.

        Raises:
            ValueError: it is something else; says which field, and what belongs there.
        """
        told = _keyed(said, "a model", ("fields", "m", "u", "ties", "matches_per_row", "rarity"))
        fields = tuple(_field(field) for field in _listed(told["fields"], "fields"))
        if any(field.alone for field in fields) and not only_called(fields):
            raise ValueError("alone is true of a title that is the only field, and of no other")
        m, u = (_shares(told[name], name, fields) for name in ("m", "u"))
        ties = tuple(_tie(tie, fields) for tie in _listed(told["ties"], "ties"))
        matches = _number(told["matches_per_row"], "matches_per_row", least=0.0)
        return Model(fields, m, u, ties, matches, _rarity(told["rarity"], fields))


def _keyed(said: Any, what: str, names: Sequence[str]) -> dict[str, Any]:  # noqa: ANN401
    if not isinstance(said, dict):
        raise ValueError(f"{what} is an object, not {_shown(said)}")  # noqa: TRY004 - of data, not of code
    if missing := [name for name in names if name not in said]:
        raise ValueError(f"{what} lacks {missing[0]!r}")
    return said


def _listed(said: Any, what: str, size: int | None = None, of: str = "") -> list[Any]:  # noqa: ANN401
    if not isinstance(said, list):
        raise ValueError(f"{what} is a list, not {_shown(said)}")  # noqa: TRY004
    if size is not None and len(said) != size:
        raise ValueError(f"{what} has {len(said)} entries, and not {size}{of}")
    return said


def _number(said: Any, what: str, *, least: float = -inf, most: float = inf) -> float:  # noqa: ANN401
    if isinstance(said, bool) or not isinstance(said, int | float) or not isfinite(said):
        raise ValueError(f"{what} is a number, not {_shown(said)}")
    if not least < said <= most:
        raise ValueError(
            f"{what} is {said}; it has to be more than {least:g}" + ("" if most == inf else f", {most:g} at most")
        )
    return float(said)


def _shown(said: Any) -> str:  # noqa: ANN401
    return json.dumps(said)[:40]


def _field(said: Any) -> Field:  # noqa: ANN401
    told = _keyed(said, "a field", ("name", "holds"))
    name, holds, differ, alone = told["name"], told["holds"], told.get("most_different"), told.get("alone", False)
    if holds not in HOLDINGS:
        raise ValueError(f"field {name!r} cannot hold {_shown(holds)}; it is one of {', '.join(HOLDINGS)}")
    if not isinstance(alone, bool):
        raise ValueError(f"alone of field {name!r} is true or false, not {_shown(alone)}")  # noqa: TRY004 - of data
    if differ is not None:
        differ = _number(differ, f"most_different of field {name!r}", least=-1.0, most=1.0)
    return Field(str(name), holds, differ, alone)


def _shares(said: Any, what: str, fields: Sequence[Field]) -> tuple[tuple[float, ...], ...]:  # noqa: ANN401
    """Read the shares of levels, as many as each field has."""
    found = []
    for field, shares in zip(fields, _listed(said, what, len(fields), ", one for each field"), strict=True):
        levels, named = field.holding.levels, f"{what} of field {field.name!r}"
        listed = _listed(shares, named, len(levels), f", one for each level: {', '.join(lv.name for lv in levels)}")
        read = (
            _number(share, f"{named}, level {level.name!r},", least=0.0, most=1.0)
            for share, level in zip(listed, levels, strict=True)
        )
        found.append(tuple(read))
    return tuple(found)


def _tie(said: Any, fields: Sequence[Field]) -> Tie:  # noqa: ANN401
    told = _keyed(said, "a tie", ("one", "other", "bits"))
    ends = [told["one"], told["other"]]
    if not all(type(end) is int and 0 <= end < len(fields) for end in ends) or ends[0] == ends[1]:
        raise ValueError(f"a tie is of two fields by their places, 0 to {len(fields) - 1}; not of {_shown(ends)}")
    named = f"bits of the tie of {fields[ends[0]].name!r} and {fields[ends[1]].name!r}"
    bits = [
        tuple(_number(bit, named) for bit in _listed(row, named, 2, " in each row"))
        for row in _listed(told["bits"], named, 2, " rows")
    ]
    return Tie(ends[0], ends[1], tuple(bits))


def _rarity(said: Any, fields: Sequence[Field]) -> tuple[tuple[tuple[float, ...], ...], ...]:  # noqa: ANN401
    """Read what rarity says, for each counted level; nothing, where nothing was learnt of it."""
    if said == []:
        return ()
    found = []
    for field, levels in zip(fields, _listed(said, "rarity", len(fields), ", one for each field"), strict=True):
        counted = [level.name for level in field.holding.levels if level.counted]
        named = f"rarity of field {field.name!r}"
        listed = _listed(levels, named, len(counted), f", one for each of {', '.join(counted) or 'no level'}")
        found.append(tuple(tuple(_number(bit, named) for bit in _listed(bits, named)) for bits in listed))
    return tuple(found)
