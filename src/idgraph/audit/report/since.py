"""Since: how a graph differs from an earlier one, in counts and ids."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

import narwhals.stable.v2 as nw

from idgraph.audit import overview
from idgraph.audit.summary import summary
from idgraph.entities.carry import Churn, churn
from idgraph.schema import TEXT

if TYPE_CHECKING:
    from idgraph.engines import Engine

__all__ = ["Difference", "compared", "id_churn"]

Frames = Mapping[str, nw.LazyFrame]
_TOTALS: Final = ("profiles", "tenants", "accounts", "review")


class Difference(NamedTuple):
    """A count that is another one than before."""

    what: str
    before: int
    after: int


def compared(before: Frames, after: Frames, engine: Engine) -> list[Difference]:
    """Give the counts in which two graphs differ: records by source, entities, evidence by rule, values refused."""
    old, new = _counts(before, engine), _counts(after, engine)
    return [
        Difference(what, old.get(what, 0), new.get(what, 0))
        for what in dict.fromkeys([*new, *old])
        if old.get(what, 0) != new.get(what, 0)
    ]


def id_churn(before: Frames, after: Frames, engine: Engine) -> Churn:
    """Count which records and entities have another id than before; see `idgraph.entities.carry.churn`."""
    placed = [frames["assignments"] for frames in (before, after)]
    old, new = (frame.select("record_id", nw.col("level").cast(TEXT), "entity_id") for frame in placed)
    return churn(engine.native(old), engine.native(new))


def _counts(frames: Frames, engine: Engine) -> dict[str, int]:
    facts = summary(frames, engine)
    counted: dict[str, int] = {}
    for row in facts["records"]:
        what = f"records of {row['source']}"
        counted[what] = counted.get(what, 0) + row["count"]
    words = {"review": "links that wait"}
    counted |= {words.get(name, name): facts[name] for name in _TOTALS}
    counted |= {f"{name} of several records": facts["joined"][name] for name in facts["joined"]}
    for evidence, rule, state, number in overview.used(frames, engine).iter_rows():
        if state == "used":
            counted[f"{evidence}s by {rule}"] = number
    for kind, reason, values, _ in overview.refused(frames, engine).iter_rows():
        counted[f"suppressed {kind}, {reason}"] = values
    return counted
