"""Tables that say no more of their rows than what these are called: a list of companies, or of products.

Nothing in such a table could teach how far a name is to be trusted, for there is nothing to hold it against. So names
are believed: things that are called the same, or nearly, are one, however many rows are called so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from idgraph.linkage.model import Model

if TYPE_CHECKING:
    import numpy.typing as npt

    from idgraph.linkage.patterns import Comparison, Decoded

__all__ = ["believed"]

# How many pairs of each level of a title (see `HOLDINGS`) are one thing.
_BELIEVED: Final = (0.995, 0.985, 0.6, 0.02, 0.002, 1e-6)
_DIGITS: Final = 2


def believed(
    comparison: Comparison, decoded: Decoded, counts: npt.NDArray[np.float64], rows: int, possible: float
) -> Model:
    """Make the model that says of each level what is believed of it.

    Args:
        comparison: how many rows hold a value; its one field is a title.
        decoded: the patterns of candidate pairs.
        counts: the pairs that show them.
        rows: how many rows the table has.
        possible: how many pairs there could be.
    """
    (field,), levels = comparison.fields, decoded.levels[:, 0]
    shares = np.array(_BELIEVED)
    met = np.bincount(levels[levels >= 0], counts[levels >= 0], len(shares))
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
