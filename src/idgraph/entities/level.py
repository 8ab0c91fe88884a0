"""A level: its records collapsed over its evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

from idgraph.collapse.components import collapse
from idgraph.collapse.constraints import Held
from idgraph.entities.links import between, own_links
from idgraph.linkage.exact import names_of
from idgraph.schema import LEVELS

if TYPE_CHECKING:
    from idgraph.collapse.components import Collapsed
    from idgraph.config import Config
    from idgraph.engines import Engine
    from idgraph.entities.evidence import Evidence

__all__ = ["collapse_level", "records_of"]


def records_of(evidence: Evidence, level: str) -> nw.LazyFrame:
    """The records of a level."""
    return evidence.records.filter(nw.col("kind").is_in(list(LEVELS[level])))


def collapse_level(evidence: Evidence, level: str, config: Config, engine: Engine) -> Collapsed:
    """Collapse the records of one level; see `idgraph.collapse.components.collapse`."""
    records = records_of(evidence, level)
    facts = records.select("record", "record_id", "kind", "source", "first_seen")
    own = own_links(evidence, records, engine)
    edges = engine.checkpoint(
        nw.concat([evidence.edges[level], own.select("left", "right", nw.col("rule").cast(engine.word), "weight")])
    )
    held = _held(evidence, own, records, level, config, engine)
    return collapse(facts, edges, held, level, config, engine)


def _held(
    evidence: Evidence, own: nw.LazyFrame, records: nw.LazyFrame, level: str, config: Config, engine: Engine
) -> Held:
    """What may keep records of a level apart, and what joined them: tenants only their own ids."""
    columns = ["left", "right", "rule", "weight", "evidence"]
    found = evidence.links if level != "tenant" else None
    used = [] if found is None else [found.filter(nw.col("state") == "used").select(columns)]
    identifiers = evidence.identifiers["person" if level == "person" else "account"]
    if level == "tenant":
        identifiers = {n: frame for n, frame in identifiers.items() if config.type_of("account", n).kind == "tenant"}
    return Held(
        identifiers=identifiers,
        links=engine.checkpoint(nw.concat([own.select(columns), *(between(frame, records) for frame in used)])),
        apart=evidence.judged.filter(nw.col("verdict") == "different").select("left", "right"),
        names=names_of(records, level),
        aliases=evidence.aliases,
    )
