"""Connected components over integer codes, on one machine."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["smallest_member"]

Codes = npt.NDArray[np.integer]


def smallest_member(left: Codes, right: Codes) -> tuple[Codes, Codes]:
    """Find the connected components of an edge list.

    Args:
        left: integer codes, one an edge; memory grows with the largest.
        right: the codes at the edges' other ends, same length and dtype.

    Returns:
        The distinct codes that have an edge, ascending, and for each the smallest code of its component.

    >>> smallest_member(np.array([7, 3, 9]), np.array([3, 5, 9]))
    (array([3, 5, 7, 9]), array([3, 3, 3, 9]))
    """
    from scipy.sparse import coo_array  # half a second to import, which no other step needs
    from scipy.sparse.csgraph import connected_components

    present = np.zeros(int(max(left.max(initial=0), right.max(initial=0))) + 1, dtype=bool)
    present[left] = True
    present[right] = True
    nodes = np.flatnonzero(present)
    index = np.cumsum(present, dtype=np.int64) - 1
    size = len(nodes)
    graph = coo_array((np.ones(len(left), dtype=np.int8), (index[left], index[right])), shape=(size, size))
    count, labels = connected_components(graph, directed=False)
    smallest = np.empty(count, dtype=np.int64)
    smallest[labels[::-1]] = np.arange(size)[::-1]  # of repeated positions NumPy keeps the last written: the smallest
    return nodes.astype(left.dtype), nodes[smallest[labels]].astype(left.dtype)
