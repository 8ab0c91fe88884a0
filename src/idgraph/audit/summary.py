"""What a run did, in counts: merged, refused, and why. No values, so that it may be shown anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

if TYPE_CHECKING:
    from collections.abc import Mapping

    from idgraph.engines import Engine

__all__ = ["summary"]


def summary(frames: Mapping[str, nw.LazyFrame], engine: Engine) -> dict[str, Any]:
    """Count what came in, what it became, and what was refused.

    Args:
        frames: all frames of a graph.
        engine: what runs it.

    Returns:
        `records` by source and kind; `profiles`, `tenants`, `accounts` (of real records; stubs apart); `joined`
        (entities of several records); `members` by via; `suppressed` values and `rejects` by reason; `review` links.
    """

    def tally(name: str, *by: str) -> list[dict[str, Any]]:
        keys = [nw.col(column).cast(nw.String()) for column in by]
        counted = frames[name].select(*keys).group_by(*by).agg(nw.len().cast(nw.Int64()).alias("count"))
        return engine.collect(counted).sort("count", *by, descending=[True, *[False] * len(by)]).to_dicts()

    real = {name: frames[name].filter(~nw.col("stub")) for name in ("profiles", "tenants", "accounts")}
    several = {name: engine.count(frame.filter(nw.col("records") > 1)) for name, frame in real.items()}
    review = frames["links"].filter(nw.col("state") == "review")
    return {
        "records": tally("records", "source", "kind"),
        **{name: engine.count(frame) for name, frame in real.items()},
        "joined": several,
        "stubs": engine.count(frames["records"].filter(nw.col("stub"))),
        "members": tally("members", "via"),
        "suppressed": tally("suppressed", "type", "reason"),
        "rejects": tally("rejects", "source", "grain", "reason"),
        "review": engine.count(review),
    }
