"""People whom no shared value joins: named ones are compared by name, address, employer and what else is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from idgraph.linkage.alike import LEAST_ROWS, Alike, facts_of, fields_of, filled, levels_of, links_of, with_fields
from idgraph.linkage.fields import HOLDINGS
from idgraph.linkage.persons import HOLDS, People, Persons, persons, proven
from idgraph.linkage.similar import keys_to_compare, similar
from idgraph.linkage.swapped import SWAPPED

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw
    import numpy.typing as npt

    from idgraph.config import Config
    from idgraph.engines import Engine
    from idgraph.linkage.fields import Field
    from idgraph.linkage.model import Model
    from idgraph.linkage.similar import Similar

__all__ = ["keys_of_people", "similar_people"]

_NAMES_DIFFER: Final = 0.05  # of one person's names; colleagues agree in all but their names
_ADDRESSES: Final = (0, 2)  # levels on which an address makes up for a name that differs: marriage, say


def similar_people(people: People, config: Config, engine: Engine, model: Model | None = None) -> Alike | None:
    """Link people who are alike.

    Args:
        people: what is known.
        config: which weight is strict.
        engine: what runs it.
        model: weights learnt before; default: learnt from these people.

    Returns:
        The links; None where no model was given and there are too few people to learn one from.

    Raises:
        ConfigError: the model is of another kind of table.
    """
    ready = _ready(people, engine, model)
    if ready is None:
        return None
    known, table, fields = ready
    taught = {} if model else proven(known, fields, engine)
    found = similar(table.drop("record", "first_seen"), fields, engine, model=model, proven=taught)
    links = links_of(found, table, _named_alike, config, engine)
    return Alike(links, found.model, facts_of(found, table, engine))


def keys_of_people(people: People, engine: Engine, model: Model | None = None) -> list[dict[str, Any]]:
    """How pairs to compare would be found; see `similar_people` and `idgraph.linkage.candidates.Candidates.keys`."""
    ready = _ready(people, engine, model)
    return [] if ready is None else keys_to_compare(ready[1], ready[2], engine)


def _ready(people: People, engine: Engine, model: Model | None) -> tuple[Persons, nw.LazyFrame, list[Field]] | None:
    """Who is compared, the table of them, and its fields; None where there are too few."""
    if model is None and engine.count(people.names) < LEAST_ROWS:
        return None
    known = persons(people, engine)
    rows = engine.count(known.table)
    fields = fields_of(model, HOLDS) if model else filled(known.table, rows, HOLDS, engine, names_differ=_NAMES_DIFFER)
    if rows < (2 if model else LEAST_ROWS) or not {"given", "family"} <= {field.name for field in fields}:
        return None
    return known, engine.checkpoint(with_fields(known.table, fields)), fields


def _named_alike(found: Similar, patterns: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether both names agree, or the address does."""
    levels = levels_of(found, patterns, "given", "family", "email")
    agrees = np.array([level.agrees > 0 for level in HOLDINGS["name"].levels])
    swapped = [place for place, level in enumerate(HOLDINGS["name"].levels) if level.name in SWAPPED]
    alike = agrees[levels["given"]] & (agrees[levels["family"]] | np.isin(levels["given"], swapped))
    return alike | np.isin(levels["email"], _ADDRESSES)
