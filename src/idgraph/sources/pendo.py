"""Pendo: what visitors did with pages and features, added up by the hour.

A visitor's and an account's id are those that the product gives: of its users and its tenants.
Source: Pendo's engage API, "Aggregation"; the schemas of its events, pageEvents and featureEvents.
"""

from __future__ import annotations

import re
from typing import Final

from idgraph.sources.preset import Preset

__all__ = ["PRESETS"]


def _spell(name: str) -> list[str]:
    """`visitor_id` is `visitorId` in the API's own answers."""
    return [name, re.sub(r"_([a-z])", lambda match: match[1].upper(), name)]


_HOUR: Final = ("timestamp", "hour", "day", "first_time")
_PARAMETERS: Final = ("param_parameter", "parameters")


def _rolled_up(source: str, event: str, needs: tuple[str | tuple[str, ...], ...], refuses: tuple[str, ...]) -> Preset:
    """A table of one hour's events a row; rows of one hour differ by address and browser."""
    return Preset(
        source=source,
        kind="clickstream",
        needs=("visitor_id", "account_id", _HOUR, "num_events", *needs),
        refuses=refuses,
        spell=_spell,
        time=_HOUR,
        identifiers={"app.user_id": "visitor_id"},
        belongs_to={"app.tenant_id": "account_id"},
        event={event: _HOUR},
        count="num_events",
        event_id=(
            "visitor_id",
            "account_id",
            _HOUR,
            "feature_id",
            "page_id",
            "app_id",
            "remote_ip",
            "user_agent",
            _PARAMETERS,
        ),
        properties={"feature": "feature_id", "page": "page_id", "minutes": "num_minutes", "app": "app_id"},
    )


PRESETS: Final = (
    _rolled_up("pendo_events", "product_used", (), ("feature_id", *_PARAMETERS)),
    _rolled_up("pendo_page_events", "page_viewed", ("page_id", _PARAMETERS), ("feature_id",)),
    _rolled_up("pendo_feature_events", "feature_used", ("feature_id",), ()),
)
