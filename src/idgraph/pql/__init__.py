"""From events to product-qualified accounts: a qualification is a time, not a flag."""

from __future__ import annotations

from idgraph.pql.activity import Activity
from idgraph.pql.archetypes import archetypes, chances
from idgraph.pql.board import Board, board
from idgraph.pql.card import Scorecard
from idgraph.pql.definition import Definition
from idgraph.pql.forecast import Forecast, forecast
from idgraph.pql.habits import Communication, Features, communication, features, slipping
from idgraph.pql.json_schema import json_schema
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
    "Board",
    "Checklist",
    "Communication",
    "Definition",
    "Features",
    "Fit",
    "Forecast",
    "Points",
    "Scorecard",
    "active_days",
    "adoption",
    "archetypes",
    "at_least",
    "attribute",
    "board",
    "chances",
    "checklist",
    "communication",
    "consistency",
    "count",
    "distinct",
    "features",
    "first",
    "fit",
    "forecast",
    "growth",
    "json_schema",
    "points",
    "session_length",
    "sessions",
    "share_of",
    "since",
    "slipping",
    "spike",
    "streak",
    "time_to",
    "total",
]
