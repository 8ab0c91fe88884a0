"""What a run did, in counts: merged, refused, and why. No values, so that it may be shown anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from idgraph.audit.circles import circles
from idgraph.linkage.rules import JUDGEMENT_RULE

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
        (entities of several records); `members` by via; `events` by source; `suppressed` values, `cut` identifiers and
        `rejects` by reason; `overridden` (identifiers used although a list bars them) by type and reason; `review`:
        pairs of `links` in that state that nothing else decided; `judgements` by what became of them (used, rejected,
        review, cut; waiting for their records); `circles`: accounts with an owner and yet nobody at the top, because
        companies are said to own each other; `changes` since the previous result by level and change.
    """

    def tally(name: str, *by: str, of: nw.LazyFrame | None = None) -> list[dict[str, Any]]:
        keys = [nw.col(column).cast(nw.String()) for column in by]
        rows = (frames[name] if of is None else of).select(*keys)
        counted = rows.group_by(*by).agg(nw.len().cast(nw.Int64()).alias("count"))
        return engine.collect(counted).sort("count", *by, descending=[True, *[False] * len(by)]).to_dicts()

    real = {name: frames[name].filter(~nw.col("stub")) for name in ("profiles", "tenants", "accounts")}
    several = {name: engine.count(frame.filter(nw.col("records") > 1)) for name, frame in real.items()}
    cut = frames["identifiers"].filter(nw.col("state") == "cut")
    overridden = frames["identifiers"].filter((nw.col("state") == "used") & ~nw.col("reason").is_null())
    return {
        "records": tally("records", "source", "kind"),
        **{name: engine.count(frame) for name, frame in real.items()},
        "joined": several,
        "stubs": engine.count(frames["records"].filter(nw.col("stub"))),
        "members": tally("members", "via"),
        "events": tally("events", "source"),
        "suppressed": tally("suppressed", "type", "reason"),
        "overridden": tally("identifiers", "type", "reason", of=overridden),
        "rejects": tally("rejects", "source", "grain", "reason"),
        "review": engine.count(_undecided(frames)),
        "cut": tally("identifiers", "type", "reason", of=cut),
        "judgements": _judgements(frames, engine),
        "circles": engine.count(circles(frames).select("account_id").unique("account_id")),
        "changes": tally("changes", "level", "change"),
    }


def _undecided(frames: Mapping[str, nw.LazyFrame]) -> nw.LazyFrame:
    """The pairs that wait for a person: not those that other evidence made one, or that were judged to be different."""
    pair, links, by_judgement = ["left_id", "right_id"], frames["links"], nw.col("rule") == JUDGEMENT_RULE
    pairs = links.filter((nw.col("state") == "review") & ~by_judgement).select(pair).unique(pair)
    pairs = pairs.join(links.filter(by_judgement & (nw.col("state") == "rejected")).select(pair), on=pair, how="anti")
    placed = frames["assignments"].filter(nw.col("level") != "tenant")
    for end in ("left", "right"):
        ends = placed.select(nw.col("record_id").alias(f"{end}_id"), nw.col("entity_id").alias(end))
        pairs = pairs.join(ends, on=f"{end}_id")
    return pairs.filter(nw.col("left") != nw.col("right"))


def _judgements(frames: Mapping[str, nw.LazyFrame], engine: Engine) -> dict[str, int]:
    """Count judgements by what became of them; those on records that are not there wait."""
    judged = frames["links"].filter(nw.col("rule") == JUDGEMENT_RULE)
    states = engine.collect(judged.select(nw.col("state").cast(nw.String()))).to_series().to_list()
    known = frames["records"].select("record_id")
    waiting = frames["judgements"].filter(nw.col("revoked_at").is_null())
    absent = [waiting.join(known, left_on=end, right_on="record_id", how="anti") for end in ("left_id", "right_id")]
    pairs = nw.concat([frame.select("left_id", "right_id") for frame in absent]).unique(["left_id", "right_id"])
    found = {state: states.count(state) for state in sorted(set(states))}
    return found | ({"waiting": number} if (number := engine.count(pairs)) else {})
