"""Tables that say no more of their rows than what these are called: a list of companies, or of products.

Nothing in such a table could teach how far a name is to be trusted, for there is nothing to hold it against. So names
are believed: things that are called the same, or nearly, are one, however many rows are called so.

Of two lists each is held against the other. Things are seldom twice in one list: names that are as much alike within a
list are so by chance, and there are as many between the lists. What is left of those between them is of one thing. How
far a list says this of two follows from how many names it holds twice, and how many both hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from idgraph.linkage.crowds import FREE, TAKEN
from idgraph.linkage.fields import HOLDINGS
from idgraph.linkage.model import Model

if TYPE_CHECKING:
    from idgraph.linkage.patterns import Comparison, Decoded

__all__ = ["Control", "believed"]

# How many pairs of each level of a title (see `HOLDINGS`) are one thing; those nearly the same in whatever crowd.
_BELIEVED: Final = (0.995, 0.985, 0.6, 0.02, 0.002, 1e-6)
_SAME, _NEAR = 0, 1
_LEVELS: Final = HOLDINGS["title"].levels
_KNOWN: Final = 500.0  # what is believed counts as much as so many pairs
_CROWD: Final = 10.0  # and what is known of all crowds, of each of them
_FEWEST: Final = 1e-6  # a share that chance is divided by
_DIGITS: Final = 2


@dataclass(frozen=True)
class Control:
    """What one list shows of another.

    Attributes:
        within: how many pairs of rows of one of them show each level, for as many possible pairs as of both.
        without_equals: how likely neither of two rows has a name that both lists hold: of two in one list, and of one
            in each.
    """

    within: npt.NDArray[np.float64]
    without_equals: tuple[float, float]


def believed(
    comparison: Comparison,
    decoded: Decoded,
    counts: npt.NDArray[np.float64],
    rows: int,
    possible: float,
    control: Control | None = None,
) -> Model:
    """Make the model that says of each level what is believed of it.

    Args:
        comparison: how many rows hold a value; its one field is a title, alone.
        decoded: the patterns of candidate pairs.
        counts: the pairs that show them.
        rows: how many rows the table has.
        possible: how many pairs there could be.
        control: of two lists, what the one shows of the other.
    """
    (field,), levels = comparison.fields, decoded.levels[:, 0]
    size = len(field.holding.levels)
    shares = np.full(size, _BELIEVED[_NEAR])
    shares[: len(_BELIEVED)] = _BELIEVED
    met = np.bincount(levels[levels >= 0], counts[levels >= 0], size).astype(np.float64)
    if control is not None:
        shares = _held_against(shares, met, control)
    model = Model((field,), (), (), (), matches_per_row=max(float(met @ shares), 1.0) / max(rows, 1))
    m = np.array([level.share for level in field.holding.levels])
    bits = np.log2(shares / (1 - shares)) - model.prior(rows, possible)
    u = np.minimum(m / np.exp2(bits), 1.0)
    # `Model.parts` says the more of a value the fewer rows hold it; what is believed of the same name is all the same.
    held = max(comparison.held[0].get(0, 1), 1)
    rarest = round(2 * np.log2(held))
    alike = bits[0] - np.log2(m[0] * held) + (rarest - np.arange(rarest + 1)) / 2
    return Model(
        fields=(field,),
        m=(tuple(m.tolist()),),
        u=(tuple(u.tolist()),),
        ties=(),
        matches_per_row=model.matches_per_row,
        rarity=((tuple(np.round(alike, _DIGITS).tolist()),),),
    )


def _held_against(
    shares: npt.NDArray[np.float64], met: npt.NDArray[np.float64], control: Control
) -> npt.NDArray[np.float64]:
    """What is believed of levels, less what one list shows to be chance.

    Args:
        shares: what is believed.
        met: pairs of rows of two lists, by level.
        control: what one list shows.
    """
    twice = (control.within[_SAME] + 1) / (met[_SAME] + 1)  # names a list has twice, for each that both have
    if twice >= 1:
        return shares
    free, taken = np.array(FREE), np.array(TAKEN)
    in_one, across = (max(share, _FEWEST) for share in control.without_equals)
    within = control.within.copy()
    within[free] *= across / in_one
    lone = (within - twice * met) / (1 - twice)
    chance = np.clip(lone, 0, met)
    # Whoever has an equal in the other list has all that is like it in both lists, which is no control. But by chance
    # names are as near to these as to others.
    chance[taken] = np.minimum(chance[free] * (1 - across) / across, met[taken])
    # Where names are the same but hardly any nearly so, somebody may have left out what was the same within a list.
    expected = _LEVELS[_NEAR].share / _LEVELS[_SAME].share * met[_SAME]
    mistyped = float((met - lone)[free].sum()) / max(expected, 1.0)
    trust = min(max(mistyped, 0.0), 1.0) ** 2
    known = met * (1 - twice) ** 2
    right = 1 - chance / np.maximum(met, 1)
    learnt = (known * right + _KNOWN * shares) / (known + _KNOWN)
    for crowds in (free, taken):  # a crowd of few pairs is as others of its kind are
        mean = (known[crowds] @ right[crowds] + _KNOWN * shares[_NEAR]) / (known[crowds].sum() + _KNOWN)
        learnt[crowds] = (known[crowds] * right[crowds] + _CROWD * mean) / (known[crowds] + _CROWD)
    learnt[_SAME] = shares[_SAME]  # which is what the others are held against
    found: npt.NDArray[np.float64] = shares + trust * np.minimum(learnt - shares, 0)
    return found
