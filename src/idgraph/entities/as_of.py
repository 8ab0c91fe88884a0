"""A graph's own frames as evidence once more, as far as they were known at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw

from idgraph.entities.again import EVIDENCE, TOLD, decided
from idgraph.schema import TIME

if TYPE_CHECKING:
    from idgraph.engines import Engine

__all__ = ["Known", "known_at"]

_SAID_BY_OTHERS: Final = (("record_id", "record_known_at"), ("company_record_id", "company_known_at"))


@dataclass(frozen=True)
class Known:
    """What was known at a time.

    Attributes:
        frames: by name, in the columns of `idgraph.schema.FRAMES`.
        left_out: for records and each frame of evidence, the rows of which nobody knows since when they were known.
        later: the rows that came later.
    """

    frames: dict[str, nw.LazyFrame]
    left_out: dict[str, int]
    later: dict[str, int]


def known_at(frames: Mapping[str, nw.LazyFrame], at: datetime, engine: Engine) -> Known:
    """Keep what was known, and what had happened, at a time.

    A record is known since it was first seen; one that was never dated since the first of its identifiers; a stub since
    the first evidence that refers to it. An identifier without time that is the record's own id is known since the
    record is. Evidence is known since its time, and not before the records that it is about.

    Args:
        frames: records, identifiers, links, memberships, hierarchy, aliases, judgements and rejects of a graph.
        at: in UTC; what became known at that moment was known.
        engine: what runs it.

    Returns:
        The frames, and how many rows they lack. Attributes and the flag `deleted` are today's. A last_seen that came
        later is the last time known by then, a judgement revoked later is none revoked, and a membership that ended
        later goes on. What a collapse makes anew (links of aliases and judgements, pairs in review and memberships by
        domain) is in no frame and not counted.
    """
    own = decided(frames, engine)
    dates = engine.checkpoint(_dates(own, at, engine))
    records = own["records"].join(dates.drop("native_id"), on="record_id").with_columns(_fate("since", (), at))
    marked = {name: _marked(own[name], name, dates, at) for name in EVIDENCE if name in own}
    counts = {name: _counts(frame, engine) for name, frame in (("records", records), *marked.items())}
    marked["records"] = records.with_columns(_known("last_seen", at, nw.max_horizontal("first_seen", "latest")))
    if "judgements" in marked:
        marked["judgements"] = marked["judgements"].with_columns(_known("revoked_at", at, nw.lit(None).cast(TIME)))
    marked["memberships"] = marked["memberships"].with_columns(_known("until", at, nw.lit(None).cast(TIME)))
    kept = {
        name: frame.filter(nw.col("fate") == "known").select(own[name].collect_schema().names())
        for name, frame in marked.items()
    }
    past = nw.col("at").is_null() | (nw.col("at") <= at)  # a fact without a time has always been so
    told = {name: own[name].filter(past) for name in TOLD if name in own}
    if "events" in told:
        told["events"] = told["events"].with_columns(_unless_later(*names, at) for names in _SAID_BY_OTHERS)
    return Known(
        frames={**own, **kept, **told},
        left_out={name: counts.get(name, {}).get("undated", 0) for name in ("records", *EVIDENCE)},
        later={name: counts.get(name, {}).get("later", 0) for name in ("records", *EVIDENCE)},
    )


def _unless_later(name: str, since: str, at: datetime) -> nw.Expr:
    """A cell that was known at a time, or null; one without a time was known with its row."""
    return nw.when(nw.col(since).is_null() | (nw.col(since) <= at)).then(nw.col(name)).alias(name)


def _dates(own: Mapping[str, nw.LazyFrame], at: datetime, engine: Engine) -> nw.LazyFrame:
    """Say since when each record is known, and when it was last known by then: record_id, native_id, since, latest."""
    observed = nw.col("observed_at")
    held = own["identifiers"].select("record_id", "observed_at", nw.when(observed <= at).then(observed).alias("latest"))
    spans = held.group_by("record_id").agg(observed.min().alias("earliest"), nw.col("latest").max())
    columns = ("record_id", "native_id", "first_seen", "stub")
    dated = own["records"].select(*columns).join(spans, on="record_id", how="left")
    dated = dated.with_columns(nw.coalesce("first_seen", "earliest").alias("since"))
    dated = engine.checkpoint(dated.drop("first_seen", "earliest"))
    referred = _referred(own, dated)
    found = dated.join(referred, on="record_id", how="left").with_columns(
        nw.coalesce("since", "referred").alias("since")
    )
    return found.drop("stub", "referred")


def _referred(own: Mapping[str, nw.LazyFrame], dated: nw.LazyFrame) -> nw.LazyFrame:
    """Date stubs by the first evidence that refers to them from a record that is known: record_id, referred."""
    references = [
        own[name].select(nw.col(one).alias("record_id"), nw.col(other).alias("other"), nw.col(known).alias("time"))
        for name, (known, ends) in EVIDENCE.items()
        if len(ends) == 2
        for one, other in (ends, ends[::-1])
    ]
    stubs = dated.filter(nw.col("stub") & nw.col("since").is_null()).select("record_id")
    others = dated.filter(~nw.col("since").is_null()).select(nw.col("record_id").alias("other"), "since")
    found = nw.concat(references).filter(~nw.col("time").is_null()).join(stubs, on="record_id", how="semi")
    first = found.join(others, on="other").with_columns(nw.max_horizontal("time", "since").alias("referred"))
    return first.group_by("record_id").agg(nw.col("referred").min())


def _marked(evidence: nw.LazyFrame, name: str, dates: nw.LazyFrame, at: datetime) -> nw.LazyFrame:
    """Say of each row of evidence whether it was known: the column fate."""
    known, ends = EVIDENCE[name]
    for end in ends:
        since = dates.select(
            nw.col("record_id").alias(end), nw.col("since").alias(f"{end}_since"), nw.col("native_id").alias("own_id")
        )
        evidence = evidence.join(since if name == "identifiers" else since.drop("own_id"), on=end, how="left")
    observed = nw.col(known)
    if name == "identifiers":  # who knows a record knows its id
        own_id = nw.when(nw.col("value") == nw.col("own_id")).then(nw.col("record_id_since"))
        observed = nw.coalesce(known, own_id)
    marked = evidence.with_columns(observed.alias("known_since"))
    return marked.with_columns(_fate("known_since", tuple(f"{end}_since" for end in ends), at))


def _known(time: str, at: datetime, otherwise: nw.Expr) -> nw.Expr:
    """A time if it was known, and something else if it came later."""
    return nw.when(nw.col(time) > at).then(otherwise).otherwise(nw.col(time)).alias(time)


def _fate(known: str, ends: tuple[str, ...], at: datetime) -> nw.Expr:
    """What becomes of a row by its own time, and then by the times of the records that it is about."""
    fate: nw.Expr = nw.lit("known")
    for columns in (ends, (known,)):
        for column in columns:
            fate = nw.when(nw.col(column) > at).then(nw.lit("later")).otherwise(fate)
        for column in columns:
            fate = nw.when(nw.col(column).is_null()).then(nw.lit("undated")).otherwise(fate)
    return fate.alias("fate")


def _counts(marked: nw.LazyFrame, engine: Engine) -> dict[str, int]:
    return dict(engine.collect(marked.group_by("fate").agg(nw.len().alias("rows"))).select("fate", "rows").iter_rows())
