"""From events to product-qualified accounts: a qualification is a time, not a flag."""

from __future__ import annotations

from idgraph.pql.activity import Activity
from idgraph.pql.definition import Definition, definition_schema
from idgraph.pql.score import Checklist, Fit, Points, checklist, fit, points
from idgraph.pql.words import (
    active_days,
    adoption,
    at_least,
    attribute,
    consistency,
    count,
    distinct,
    first,
    growth,
    session_length,
    sessions,
    share_of,
    since,
    spike,
    streak,
    time_to,
    total,
)

__all__ = [
    "Activity",
    "Checklist",
    "Definition",
    "Fit",
    "Points",
    "active_days",
    "adoption",
    "at_least",
    "attribute",
    "checklist",
    "consistency",
    "count",
    "definition_schema",
    "distinct",
    "first",
    "fit",
    "growth",
    "points",
    "session_length",
    "sessions",
    "share_of",
    "since",
    "spike",
    "streak",
    "time_to",
    "total",
]
