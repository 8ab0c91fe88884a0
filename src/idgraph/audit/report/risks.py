"""Risks: what in a graph deserves a look first, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.collapse.decisions import decide
from idgraph.pql.spoken import many
from idgraph.schema import COUNT

if TYPE_CHECKING:
    from idgraph.audit.report.since import Difference
    from idgraph.config import Config
    from idgraph.engines import Engine

__all__ = ["Risk", "risks"]

Frames = Mapping[str, nw.LazyFrame]
_LARGE: Final = {"profiles": 50, "accounts": 200}  # records; seldom is one person or company more
_FEW: Final = 0.1  # of a source's records
_ENOUGH: Final = 100  # of what has fallen by half
_MANY: Final = 0.05  # of a source's rows


@dataclass(frozen=True)
class Risk:
    """One thing to look at.

    Attributes:
        grave: whether it may be wrong in many places at once; else it is only worth knowing.
        what: one sentence.
        where: the id of the section that shows it.
    """

    grave: bool
    what: str
    where: str


def risks(
    frames: Frames,
    summary: Mapping[str, Any],
    flow: pl.DataFrame,
    differing: Sequence[Difference],
    config: Config,
    engine: Engine,
) -> list[Risk]:
    """List what deserves a look, grave things first.

    Args:
        frames: all frames of a graph.
        summary: see `idgraph.audit.summary.summary`.
        flow: see `idgraph.audit.overview.flow`.
        differing: see `idgraph.audit.report.since.compared`; none where there is no earlier result.
        config: the settings of the run.
        engine: what runs it.
    """
    found = [
        *_contradictions(frames, engine),
        *_fallen(differing),
        *_large(frames, engine),
        *_alone(flow),
        *_rejected(summary),
        *_doubtful(frames, config, engine),
        *_homeless(flow),
        *_waiting(summary),
        *_torn(summary),
        *_circles(summary),
    ]
    return sorted(found, key=lambda risk: not risk.grave)


def _contradictions(frames: Frames, engine: Engine) -> Iterator[Risk]:
    if found := decide(engine.collect(frames["judgements"])).contradictions:
        some = _some(len(found), "judgement", "contradicts others and was", "contradict others and were")
        yield Risk(True, f"{some} left out.", "review")


def _fallen(differing: Sequence[Difference]) -> Iterator[Risk]:
    for what, before, after in differing:
        if before >= _ENOUGH and after < before / 2:
            yield Risk(True, f"There are {after:,} {what}; in the earlier result there were {before:,}.", "changes")


def _large(frames: Frames, engine: Engine) -> Iterator[Risk]:
    for name, most in _LARGE.items():
        sizes = engine.collect(frames[name].filter(nw.col("records") > most).select("records"))["records"].to_list()
        if sizes:
            largest = f"the largest has {max(sizes):,}"
            some = _some(len(sizes), name.removesuffix("s"), "has", "have")
            yield Risk(True, f"{some} more than {most} records; {largest}.", "sizes")


def _alone(flow: pl.DataFrame) -> Iterator[Risk]:
    total = pl.col("records").sum()
    joined = pl.col("records").filter(pl.col("profile") == "joined").sum()
    shares = flow.group_by("source").agg(records=total, joined=joined).filter(pl.col("records") > 0)
    for source, records, held in shares.sort("source").iter_rows():
        if held < _FEW * records:
            what = f"Of the {records:,} records of {source} {held / records:.0%} share a profile with another record."
            yield Risk(True, what, "flow")


def _rejected(summary: Mapping[str, Any]) -> Iterator[Risk]:
    rows: dict[str, int] = {}
    for row in summary["records"]:
        rows[row["source"]] = rows.get(row["source"], 0) + row["count"]
    refused: dict[str, int] = {}
    for row in summary["rejects"]:
        refused[row["source"]] = refused.get(row["source"], 0) + row["count"]
    for source, count in sorted(refused.items()):
        if count > _MANY * rows.get(source, 0):
            what = "1 row or value" if count == 1 else f"{count:,} rows or values"
            yield Risk(True, f"{what} of {source} could not be used.", "rejects")


def _doubtful(frames: Frames, config: Config, engine: Engine) -> Iterator[Risk]:
    joined = frames["profiles"].filter(~nw.col("stub") & (nw.col("records") > 1))
    doubtful = (nw.col("weakest_weight") < config.strict_weight).cast(COUNT)
    counted = engine.collect(joined.select(all=nw.len().cast(COUNT), doubtful=doubtful.sum())).row(0, named=True)
    if counted["doubtful"]:
        share = counted["doubtful"] / counted["all"]
        of_all = f"({share:.0%} of those of several records)"
        some = _some(counted["doubtful"], "profile", f"{of_all} needs", f"{of_all} need")
        yield Risk(False, f"{some} evidence that allows doubt.", "weakest")


def _homeless(flow: pl.DataFrame) -> Iterator[Risk]:
    none = int(flow.filter(accounts="none")["records"].sum())
    if none:
        share = none / int(flow["records"].sum())
        of_all = f"of people ({share:.0%})"
        some = _some(none, "record", f"{of_all} reaches", f"{of_all} reach")
        yield Risk(False, f"{some} no account.", "coverage")


def _waiting(summary: Mapping[str, Any]) -> Iterator[Risk]:
    if summary["review"]:
        yield Risk(False, f"{_some(summary['review'], 'pair', 'waits', 'wait')} for a person to decide.", "review")


def _torn(summary: Mapping[str, Any]) -> Iterator[Risk]:
    if cut := sum(row["count"] for row in summary["cut"]):
        some = _some(cut, "identifier", "was", "were")
        yield Risk(False, f"{some} cut from entities that would hold too much.", "suppressed")


def _circles(summary: Mapping[str, Any]) -> Iterator[Risk]:
    if summary["circles"]:
        said = "in a circle of owners, or owned by one, so that nobody is at the top"
        yield Risk(False, f"{_some(summary['circles'], 'account', 'is', 'are')} {said}.", "circles")


def _some(number: int, noun: str, one: str, several: str) -> str:
    return f"{many(number, noun)} {one if number == 1 else several}"
