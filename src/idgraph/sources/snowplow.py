"""Snowplow: the table of atomic events.

A browser has a cookie of the site (`domain_userid`) and one of the collector (`network_userid`).
Source: Snowplow's documentation, "Canonical event model".
"""

from __future__ import annotations

from typing import Final

from idgraph.sources.preset import Preset

__all__ = ["PRESETS"]

_WHEN: Final = "collector_tstamp"  # of the two times the one that every event has

PRESETS: Final = (
    Preset(
        source="snowplow_events",
        kind="visitor",
        needs=("event_id", "domain_userid", "user_id", _WHEN),
        time=_WHEN,
        identifiers={"app.user_id": "user_id", "device": ("domain_userid", "network_userid")},
        event=("event_name", "event"),
        event_id=("event_id",),
        session="domain_sessionid",
        properties={
            "path": "page_urlpath",
            "title": "page_title",
            "referrer": "page_referrer",
            "campaign": "mkt_campaign",
            "source": "mkt_source",
            "medium": "mkt_medium",
        },
    ),
)
