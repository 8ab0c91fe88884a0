"""Train: how much each level of each field says, learnt from the table itself, without labels.

Expectation–maximisation for the Fellegi–Sunter model over counted patterns. What pairs of strangers look like comes
from pairs drawn at random, less those that look like one entity. Fields of strangers that agree together more often
than chance has it (a town and its postcode, a family at one address) are tied: a tree of such ties (Chow and Liu 1968)
keeps what one of them has said from being counted twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from idgraph.linkage.model import Model, Tie

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from idgraph.linkage.fields import Field
    from idgraph.linkage.patterns import Decoded

__all__ = ["Counted", "train"]

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]
_CALLED_ALIKE: Final = 4.0  # bits by which two things that are called the same are believed likelier one
_ENOUGH: Final = 1000  # matches among pairs drawn at random, to say how many there are
_ROUNDS: Final = 60
_STILL: Final = 1e-4  # the share of matches that a round may change by, when it is the last
_FIRST_ROUNDS: Final = 6
_BELIEF: Final = 0.25  # what is known of levels beforehand weighs as much as this share of the matches
_ELSEWHERE: Final = 10.0  # proven pairs that what is known beforehand weighs as much as
_BEYOND_DOUBT: Final = 10.0  # log2 odds of a pair by its other fields, at which one of a thousand is wrong
_ENOUGH_SURE: Final = 0.25  # the share of matches that have to be so, to learn from them
_EASED: Final = 0.5  # pairs that each level is taken to have been seen in besides
_ROOM: Final = 8.0  # pairs that observed and expected numbers are eased by
_LEAST: Final = 1e-9  # a share that was never seen is not nothing
_TIED: Final = 0.3  # bits; less is no tie
_SAME, _ALIKE, _OTHER = 0, 1, 2


@dataclass(frozen=True)
class Counted:
    """Patterns and how many pairs show them.

    Attributes:
        levels: patterns by fields: see `idgraph.linkage.patterns.Decoded`; each row once.
        counts: pairs.
    """

    levels: _Ints
    counts: _Floats

    @staticmethod
    def of(decoded: Decoded, counts: _Floats) -> Counted:
        """Add up patterns that differ only in how often values occur."""
        levels, inverse = np.unique(decoded.levels, axis=0, return_inverse=True)
        return Counted(levels, _tally(inverse.ravel(), counts, len(levels)))


def train(
    fields: Sequence[Field],
    met: Counted,
    drawn: Counted,
    collisions: Sequence[float],
    joint: Mapping[tuple[int, int], float],
    rows: int,
    possible: float,
    proven: Mapping[str, Sequence[float]],
) -> Model:
    """Learn a model.

    Args:
        fields: what is compared.
        met: candidate pairs.
        drawn: pairs drawn at random.
        collisions: for each field, how likely two rows that hold a value hold the same.
        joint: for each two fields, how many pairs of rows hold the same values of both.
        rows: how many rows the table has.
        possible: how many pairs there could be.
        proven: by field, how many pairs that are one entity's agree on each of its levels.

    Returns:
        The model.
    """
    return _Training(fields, met, drawn, collisions, joint, rows, possible, proven).run()


class _Training:
    def __init__(
        self,
        fields: Sequence[Field],
        met: Counted,
        drawn: Counted,
        collisions: Sequence[float],
        joint: Mapping[tuple[int, int], float],
        rows: int,
        possible: float,
        proven: Mapping[str, Sequence[float]],
    ) -> None:
        self._joint = joint
        self._fields, self._met, self._drawn = list(fields), met, drawn
        self._rows, self._possible, self._collisions = rows, possible, list(collisions)
        self._proven = [np.array(proven.get(field.name, [0.0] * len(field.holding.levels))) for field in fields]
        self._believed = [_believed(field, counts) for field, counts in zip(fields, self._proven, strict=True)]
        self._m = [_shared(field, believed) for field, believed in zip(fields, self._believed, strict=True)]
        self._u = [self._first_u(place) for place in range(len(fields))]
        self._states = [self._state(counted.levels) for counted in (met, drawn)]
        self._filled = self._shares_filled()
        self._ties: list[Tie] = []
        self._chance: dict[tuple[int, int], _Floats] = {}
        self._share = min(0.1 * rows, 0.2 * float(met.counts.sum()) + 1) / possible
        # Where rows are things, not people, what they are called is believed to tell them apart: its frequency comes
        # from rows of one thing, and so do the pairs to begin with.
        people = any(field.holds == "name" for field in fields)
        self._titles = [place for place, field in enumerate(fields) if field.holds == "title" and not people]
        self._share = max(self._share, *(self._collisions[place] for place in self._titles), 0.0)

    def run(self) -> Model:
        self._learn_strangers()
        for number in range(_ROUNDS):
            matched = self._likely(self._met, self._states[0]) * self._met.counts
            if number == 0:  # what belongs together must not be counted twice from the start
                self._ties = self._tree(self._met.counts - matched)
                matched = self._likely(self._met, self._states[0]) * self._met.counts
            share = self._share_of(matched)
            odds = self._odds(self._met, self._states[0])
            self._m = [self._learnt_m(place, matched, odds) for place in range(len(self._fields))]
            self._learn_strangers()
            self._ties = self._tree(self._met.counts - matched)
            moved, self._share = abs(share - self._share), share
            if number > _FIRST_ROUNDS and moved < _STILL * share:
                break
        return Model(
            fields=tuple(self._fields),
            m=tuple(tuple(float(x) for x in shares) for shares in self._m),
            u=tuple(tuple(float(x) for x in shares) for shares in self._u),
            ties=tuple(self._ties),
            matches_per_row=self._share * self._possible / max(self._rows, 1),
        )

    def _share_of(self, matched: _Floats) -> float:
        """How many of all pairs match: of those met, or of those drawn at random where these hold enough of them."""
        met = max(float(matched.sum()), 0.5) / self._possible
        drawn = float((self._likely(self._drawn, self._states[1]) * self._drawn.counts).sum())
        return max(met, drawn / float(self._drawn.counts.sum())) if drawn >= _ENOUGH else met

    def _first_u(self, place: int) -> _Floats:
        found = self._spread(place, self._drawn.counts)
        return self._with_collisions(place, found, matches=0.0)

    def _spread(self, place: int, weights: _Floats) -> _Floats:
        """The shares of a field's levels among pairs drawn at random."""
        levels = self._drawn.levels[:, place]
        known = levels >= 0
        size = len(self._fields[place].holding.levels)
        return _shared(self._fields[place], _tally(levels[known], weights[known], size) + _EASED)

    def _with_collisions(self, place: int, found: _Floats, matches: float) -> _Floats:
        """How often strangers hold one value, from all values, as far as pairs drawn at random cannot tell."""
        group = self._fields[place].holding.groups[0]
        seen = float(found[0])
        whole = self._collisions[place] - matches
        rare = self._collisions[place] * float(self._drawn.counts.sum()) < 100
        same = max(whole, 0.2 * self._collisions[place] if rare else seen, 1e-9)
        rest = [level for level in group if level != 0]
        found = found.copy()
        found[rest] *= (1 - same) / max(float(found[rest].sum()), 1e-12)
        found[0] = same
        return found.clip(min=_LEAST)

    def _state(self, levels: _Ints) -> _Ints:
        """Same, alike or different, for each field; -1 without value."""
        columns = []
        for place, field in enumerate(self._fields):
            kinds = np.array([2 - level.agrees for level in field.holding.levels])
            columns.append(np.where(levels[:, place] >= 0, kinds[np.maximum(levels[:, place], 0)], -1))
        return np.stack(columns, axis=1) if columns else np.zeros((len(levels), 0), dtype=np.int64)

    def _shares_filled(self) -> _Floats:
        filled: _Floats = (
            (self._drawn.levels >= 0).T.astype(float) @ self._drawn.counts / max(self._drawn.counts.sum(), 1)
        )
        return filled

    def _likely(self, counted: Counted, states: _Ints) -> _Floats:
        """How likely the pairs of each pattern are one entity."""
        found: _Floats = 1 / (1 + np.exp2(-np.clip(self._odds(counted, states), -60, 60)))
        return found

    def _odds(self, counted: Counted, states: _Ints) -> _Floats:
        odds = np.full(len(counted.counts), np.log2(self._share / (1 - min(self._share, 0.5))))
        called_alike = np.zeros(len(odds), dtype=bool)
        for place in range(len(self._fields)):
            odds += self._worth(place, counted)
        for tie in self._ties:
            odds -= tie.bits_of(states)
        for place in self._titles:
            called_alike |= (counted.levels[:, place] >= 0) & (counted.levels[:, place] <= 1)
        return odds + np.where(called_alike, _CALLED_ALIKE, 0.0)

    def _worth(self, place: int, counted: Counted) -> _Floats:
        """What one field adds to the odds of each pattern."""
        levels = counted.levels[:, place]
        bits = np.log2(self._m[place]) - np.log2(self._u[place])
        return np.where(levels >= 0, bits[np.maximum(levels, 0)], 0.0)

    def _learnt_m(self, place: int, matched: _Floats, odds: _Floats) -> _Floats:
        """How often an entity's values agree on each level of a field.

        That they differ is learnt from pairs of which the other fields leave no doubt, where there are enough of them.
        Among the others are those that only look like one entity: the sites of a firm, which share its telephone.
        """
        levels, holding = self._met.levels[:, place], self._fields[place].holding
        known = levels >= 0
        said = self._worth(place, self._met)
        for tie in self._ties:
            if place in (tie.one, tie.other):
                said -= tie.bits_of(self._states[0])
        sure = known & (odds - said >= _BEYOND_DOUBT)
        counts, certain = (_tally(levels[of], matched[of], len(holding.levels)) for of in (known, sure))
        shares, surely = self._with_belief(place, counts), self._with_belief(place, certain)
        most = self._fields[place].most_different
        for group in holding.groups:  # the last level of each is that of different values
            last, agreeing = group[-1], shares[group[:-1]]
            different = min(float(shares[last]), holding.most_different if most is None else most)
            if certain[group].sum() >= _ENOUGH_SURE * counts[group].sum():
                different = min(different, float(surely[last]))
            shares[group[:-1]] = agreeing * (1 - different) / max(float(agreeing.sum()), 1e-12)
            shares[last] = different
        bits = np.array([level.most_bits for level in holding.levels])
        capped: _Floats = np.minimum(shares, self._u[place] * np.exp2(bits))
        return capped

    def _with_belief(self, place: int, counts: _Floats) -> _Floats:
        """The shares of levels that were counted, and a little of what was known of them beforehand."""
        field, believed, found = self._fields[place], self._believed[place], counts.copy()
        for group in field.holding.groups:
            inside = believed[group] / believed[group].sum()
            belief = max(_BELIEF, min(1.0, float(self._proven[place][group].sum()) / max(counts[group].sum(), 1)))
            found[group] += inside * (2 + belief * counts[group].sum())
        return _shared(field, found)

    def _learn_strangers(self) -> None:
        """Look again at pairs drawn at random, less those that seem to be one entity."""
        strange = self._drawn.counts * (1 - self._likely(self._drawn, self._states[1]))
        for place in range(len(self._fields)):
            found = self._spread(place, strange)
            self._u[place] = self._with_collisions(place, found, self._share * float(self._m[place][0]))
        states = self._states[1]
        for one in range(len(self._fields)):
            for other in range(one):
                self._chance[one, other] = self._together(strange, states, one, other)

    def _agreeing(self, place: int) -> _Floats:
        """How often strangers have the same, and alike, values."""
        holding = self._fields[place].holding
        kinds = np.array([2 - level.agrees for level in holding.levels])
        shares, levels = self._u[place].copy(), self._drawn.levels[:, place]
        drawn = max(float(self._drawn.counts[levels >= 0].sum()), 1.0)
        for group in holding.groups:
            shares[group] *= float(self._drawn.counts[np.isin(levels, group)].sum()) / drawn
        return np.array([shares[kinds == state].sum() for state in (_SAME, _ALIKE)])

    def _together(self, strange: _Floats, states: _Ints, one: int, other: int) -> _Floats:
        """By how many bits two fields of strangers agree together more often than chance has it."""
        both = (states[:, one] >= 0) & (states[:, other] >= 0)
        pairs = float(strange[both].sum())
        shares = self._agreeing(one), self._agreeing(other)
        bits = np.zeros((2, 2))
        for i in (_SAME, _ALIKE):
            for j in (_SAME, _ALIKE):
                seen = float(strange[both & (states[:, one] == i) & (states[:, other] == j)].sum())
                bits[i, j] = self._excess(seen, pairs, shares[0][i], shares[1][j])
        return bits

    @staticmethod
    def _excess(seen: float, pairs: float, one: float, other: float) -> float:
        expected = pairs * one * other
        most = -np.log2(max(one, other, 1e-12))
        return float(min(max(np.log2((seen + _ROOM) / (expected + _ROOM)), 0.0), max(most, 0.0)))

    def _tree(self, strange: _Floats) -> list[Tie]:
        """The strongest ties that make no circle."""
        states, offers = self._states[0], []
        for (one, other), chance in self._chance.items():
            bits = chance.copy()
            both = (states[:, one] == _SAME) & (states[:, other] == _SAME)
            matched = float((self._met.counts[both] - strange[both]).sum())
            seen = max(self._joint.get((one, other), 0.0) - matched, float(strange[both].sum()))
            pairs = float(self._filled[one] * self._filled[other]) * self._possible
            shares = self._agreeing(one)[_SAME], self._agreeing(other)[_SAME]
            bits[_SAME, _SAME] = max(bits[_SAME, _SAME], self._excess(seen, pairs, *shares))
            offers.append((float(bits[0, 0] + 0.5 * (bits[0, 1] + bits[1, 0])), one, other, bits))
        group, ties = list(range(len(self._fields))), []
        for strength, one, other, bits in sorted(offers, key=lambda offer: (-offer[0], offer[1], offer[2])):
            if strength > _TIED and group[one] != group[other]:
                gone = group[other]
                group = [group[one] if place == gone else place for place in group]
                ties.append(Tie(one, other, tuple(tuple(float(x) for x in row) for row in bits)))
        return ties


def _believed(field: Field, proven: _Floats) -> _Floats:
    """How one entity's values are taken to agree: as proven pairs do, and a little as such values do elsewhere."""
    shares = np.array([level.share for level in field.holding.levels])
    for group in field.holding.groups:
        known = proven[group].sum()
        shares[group] = (proven[group] + _ELSEWHERE * shares[group]) / (known + _ELSEWHERE)
    return shares


def _shared(field: Field, amounts: _Floats) -> _Floats:
    """Make amounts the shares of each group of levels."""
    found = amounts.astype(float).copy()
    for group in field.holding.groups:
        found[group] /= max(float(found[group].sum()), 1e-12)
    return found.clip(min=_LEAST)


def _tally(places: _Ints, weights: _Floats, size: int) -> _Floats:
    return np.bincount(places, weights=weights, minlength=size).astype(np.float64)
