"""Names that a definition speaks of and that nobody ever says: events, properties and facts, mostly mistyped."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Final

import polars as pl

from idgraph.pql.activity import Activity
from idgraph.pql.quantity import Attribute, Node, ShareOf, TimeTo
from idgraph.pql.reading import near
from idgraph.pql.scope import property_of

__all__ = ["unknown"]

_SOME: Final = 100  # events that are looked at for what their properties are called


def unknown(nodes: Iterable[Node], activity: Activity, level: str) -> Iterator[tuple[str, str]]:
    """Find names that never occur, not after `now` either.

    Args:
        nodes: words of definitions and scores.
        activity: what happened, and what is known.
        level: of whom facts are asked.

    Returns:
        Each such name, and what is wrong, with the name that may have been meant.
    """
    every = list(nodes)
    events = sorted({name for node in every for name in _events_of(node)})
    asked = activity.history.select((pl.col("event") == name).any().alias(name) for name in events)
    there = asked.collect().row(0, named=True) if events else {}
    absent = [name for name in events if not there[name]]
    known = _names(activity) if absent else []
    yield from ((name, f"there is no event {name!r}{near(name, known)}") for name in absent)
    for names, name in sorted({(names, name) for node in every for names, name in _properties_of(node)}):
        if not set(names) & set(absent):
            yield from _no_property(names, name, activity)
    for name in sorted({name for node in every for name in _facts_of(node)}):
        yield from _no_fact(name, activity, level)


def _events_of(node: Node) -> tuple[str, ...]:
    """The events that a word names; points name theirs by what each is worth."""
    return (*getattr(node, "events", ()), *getattr(node, "weights", ()))


def _properties_of(node: Node) -> Iterator[tuple[tuple[str, ...], str]]:
    """The properties that a word reads, each with the events that should have it."""
    names = (*getattr(node, "where", ()), *([node.property] if hasattr(node, "property") else []))
    return ((_events_of(node), name) for name in names)


def _facts_of(node: Node) -> list[str]:
    if isinstance(node, Attribute):
        return [node.name]
    return [node.limit] if isinstance(node, ShareOf | TimeTo) and isinstance(node.limit, str) else []


def _names(activity: Activity) -> list[str]:
    """List the names of all events."""
    return sorted(activity.history.select(pl.col("event").drop_nulls().unique()).collect()["event"])


def _no_property(names: tuple[str, ...], name: str, activity: Activity) -> Iterator[tuple[str, str]]:
    rows = activity.history.select("event", "properties").drop_nulls("properties")
    rows = rows.filter(pl.col("event").is_in(list(names))) if names else rows
    if rows.filter(property_of(name).is_not_null()).head(1).collect().is_empty():
        described = rows.head(_SOME).collect()["properties"]
        known = sorted({key for text in described for key in json.loads(text)})
        yield name, f"no {' or '.join(names) or 'event'} has a property {name!r}{near(name, known)}"


def _no_fact(name: str, activity: Activity, level: str) -> Iterator[tuple[str, str]]:
    told = activity.told.filter(pl.col("value").is_not_null()).select("level", "name").unique().collect()
    known = told.filter(pl.col("level") == level)["name"].to_list()
    if name not in known:
        others = sorted(told.filter(pl.col("name") == name)["level"])
        elsewhere = f"; it is known of the level {' and '.join(others)}" if others else near(name, sorted(known))
        yield name, f"nothing is known of any {level} as {name!r}{elsewhere}"
