"""A model: what agreement on each level of each field is worth. Data, in JSON: to read, to edit, to use again."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from idgraph.errors import ConfigError
from idgraph.linkage.fields import HOLDINGS, Field

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

    @staticmethod
    def load(path: str | Path) -> Model:
        """Read a model.

        Raises:
            ConfigError: the file is no model, or one that was edited into something else.
        """
        try:
            return Model.from_dict(json.loads(Path(path).read_text("utf-8")))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            msg = f"{path} is no model that this version of idgraph can read: {error}. Train it again."
            raise ConfigError(msg) from None

    @staticmethod
    def from_dict(said: Mapping[str, Any]) -> Model:
        """Read what `as_dict` gave.

        Raises:
            ValueError, KeyError, TypeError: it is something else.
        """
        fields = tuple(Field(**field) for field in said["fields"])
        ties = tuple(Tie(tie["one"], tie["other"], tuple(map(tuple, tie["bits"]))) for tie in said["ties"])
        m, u = (_shares(said[name], fields) for name in ("m", "u"))
        return Model(fields, m, u, ties, float(said["matches_per_row"]), _rarity(said["rarity"], fields))


def _shares(said: Any, fields: tuple[Field, ...]) -> tuple[tuple[float, ...], ...]:  # noqa: ANN401 - what a file holds
    """Read the shares of levels, as many as each field has.

    Raises:
        ValueError: there are more or fewer.
    """
    found = tuple(tuple(map(float, shares)) for shares in said)
    if [len(shares) for shares in found] != [len(HOLDINGS[field.holds].levels) for field in fields]:
        msg = "its levels are not those of its fields"
        raise ValueError(msg)
    return found


def _rarity(said: Any, fields: tuple[Field, ...]) -> tuple[tuple[tuple[float, ...], ...], ...]:  # noqa: ANN401
    """Read what rarity says, for each counted level.

    Raises:
        ValueError: there are more or fewer.
    """
    found = tuple(tuple(tuple(map(float, bits)) for bits in levels) for levels in said)
    if [len(levels) for levels in found] != [sum(level.counted for level in field.holding.levels) for field in fields]:
        msg = "its rarity is not that of its fields"
        raise ValueError(msg)
    return found
