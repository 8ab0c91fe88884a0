"""Thresholds: what becomes of whole entities, not of pairs, as links by a model have to be likelier."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.audit.metrics import evaluate
from idgraph.entities.again import decided
from idgraph.entities.evidence import Evidence, evidence_of
from idgraph.entities.level import collapse_level
from idgraph.errors import ConfigError, mistaken
from idgraph.schema import COUNT, TEXT

if TYPE_CHECKING:
    from idgraph.config import Config
    from idgraph.engines import Engine

__all__ = ["PROBABILITIES", "thresholds"]

Frames = Mapping[str, nw.LazyFrame]
# Of links by likeness a run keeps none below even odds.
PROBABILITIES: Final = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999)
_ASKED: Final = "asked"  # the state of links that a threshold decides on
_SCORES: Final = ("precision", "recall", "f1", "bcubed_precision", "bcubed_recall", "bcubed_f1")


def thresholds(
    frames: Frames,
    level: str,
    probabilities: Sequence[float] | None,
    truth: Any,  # noqa: ANN401 - a frame of any library, or None
    config: Config,
    engine: Engine,
) -> pl.DataFrame:
    """Collapse a level once for each threshold, with all its constraints.

    Asked are the links that a model gave a probability, used or in review because they are not likely enough; those
    that wait or were left apart for another reason stay so. Nothing is weighed anew, and all other evidence stays; what
    likeness took for different people of one chain of links, it took for that at the graph's own threshold.

    Args:
        frames: those of a graph.
        level: person or account.
        probabilities: what a link has to be likely; default those of `PROBABILITIES`, and the graph's own.
        truth: record_id, entity_id, to score the entities with; see `idgraph.audit.metrics.evaluate`.
        config: the settings of the run.
        engine: what runs it.

    Returns:
        probability, own (whether the graph itself was made so: from the least likely link that it uses on), links (of
        those asked, how many are used), expected (the share of these that is right by their own probabilities; null
        where there is none), entities, joined (those of several records), largest (records), pairs (of
        records that are one); with a truth precision, recall and f1 of pairs, and bcubed_precision, bcubed_recall,
        bcubed_f1. Records known only by reference count too.

    Raises:
        ConfigError: no link has a probability, or a threshold is none.
    """
    again = decided(frames, engine)
    links = again["links"].with_columns(nw.col("state").cast(TEXT))
    used, waits = nw.col("state") == "used", (nw.col("state") == "review") & nw.col("reason").is_null()
    of_model = (nw.col("level").cast(TEXT) == level) & ~nw.col("probability").is_null()
    own = engine.collect(links.filter(of_model & used).select(nw.col("probability").min()))["probability"][0]
    asked = nw.when(of_model & (used | waits)).then(nw.lit(_ASKED)).otherwise("state")
    evidence = evidence_of({**again, "links": links.with_columns(state=asked)}, config, engine)
    known = evidence.links
    if known is None or not engine.count(known.filter(nw.col("state") == _ASKED)):
        msg = f"no link on level {level} has a probability, so none can be more or less likely than a threshold"
        raise ConfigError(msg)
    rows = []
    for probability in _chosen(probabilities, own):
        likely = (nw.col("state") == _ASKED) & (nw.col("probability") >= probability)
        joining = engine.checkpoint(known.filter(likely).with_columns(state=nw.lit("used")))
        also = replace(evidence, links=nw.concat([known, joining]))
        placed = _placed(also, joining, level, config, engine)
        scores = {} if truth is None else _scores(placed, level, truth, engine)
        odds = engine.collect(joining.select("probability"))["probability"]
        told = {"probability": probability, "own": probability == own, "links": odds.len(), "expected": odds.mean()}
        rows.append({**told, **_sizes(placed, engine), **scores})
    return pl.DataFrame(rows)


def _chosen(probabilities: Sequence[float] | None, own: float | None) -> list[float]:
    """The thresholds, in order."""
    usual = PROBABILITIES if own is None else (*PROBABILITIES, own)
    chosen = sorted({*_numbers(usual if probabilities is None else probabilities)})
    if not chosen or not 0 < chosen[0] <= chosen[-1] <= 1:
        msg = f"a threshold is a probability above 0 and up to 1; got {', '.join(map(str, chosen)) or 'none'}"
        raise ConfigError(msg)
    return chosen


def _numbers(asked: object) -> list[float]:
    """Refuse what is not several numbers."""
    if isinstance(asked, str) or not isinstance(asked, Iterable):
        raise mistaken("probabilities", asked, "several of them: [0.9, 0.99]")
    numbers = list(asked)
    for one in numbers:
        if isinstance(one, bool) or not isinstance(one, int | float):
            raise mistaken("probabilities", one, "numbers: [0.9, 0.99]")
    return numbers


def _placed(evidence: Evidence, joining: nw.LazyFrame, level: str, config: Config, engine: Engine) -> nw.LazyFrame:
    """Collapse the level with some links used besides all other evidence: record_id, entity_id."""
    edges = joining.select("left", "right", nw.col("rule").cast(engine.word), "weight")
    every = {**evidence.edges, level: nw.concat([evidence.edges[level], edges])}
    found = collapse_level(replace(evidence, edges=every), level, config, engine).records
    ids = evidence.records.select("record", "record_id")
    named = engine.lookup(found.select("record", "entity"), "record", ids, "record", {"record_id": "record_id"})
    return engine.checkpoint(named.select("record_id", entity_id="entity"))


def _sizes(placed: nw.LazyFrame, engine: Engine) -> dict[str, int]:
    sizes = placed.group_by("entity_id").agg(nw.len().cast(COUNT).alias("size"))
    counted = engine.collect(sizes.group_by("size").agg(nw.len().cast(COUNT).alias("n")))
    several = counted.filter(pl.col("size") > 1)
    return {
        "entities": int(counted["n"].sum()),
        "joined": int(several["n"].sum()),
        "largest": max(counted["size"].to_list(), default=0),
        "pairs": int((counted["n"] * counted["size"] * (counted["size"] - 1)).sum()) // 2,
    }


def _scores(placed: nw.LazyFrame, level: str, truth: Any, engine: Engine) -> dict[str, float]:  # noqa: ANN401
    found = {"assignments": placed.with_columns(level=nw.lit(level))}
    scores = evaluate(found, truth, level, None, engine).as_dict()
    return {name: scores[name] for name in _SCORES}
