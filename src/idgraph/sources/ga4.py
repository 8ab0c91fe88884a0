"""Google Analytics 4: the events of browsers and apps, as BigQuery has them or a loader lays them flat.

A session's id is unique only beside that of its browser, so that visits are told by pauses.
Source: Google's documentation, "BigQuery Export schema" (user_pseudo_id, user_id).
"""

from __future__ import annotations

from typing import Final

from idgraph.sources.preset import Preset

__all__ = ["PRESETS"]

_WHEN: Final = ("event_timestamp", "timestamp")
_BUNDLE: Final = ("event_bundle_sequence_id", "bundle_sequence_id")
_NAME: Final = ("event_name", "name")

PRESETS: Final = (
    Preset(
        source="ga4_events",
        kind="visitor",
        needs=("user_pseudo_id", "user_id", _WHEN, _NAME),
        time=_WHEN,
        identifiers={"app.user_id": "user_id", "device": "user_pseudo_id"},
        event=_NAME,
        event_id=(
            "user_pseudo_id",
            _WHEN,
            _NAME,
            ("event_bundle_sequence_id", "bundle_sequence_id"),
            "batch_event_index",
        ),
        properties={
            "platform": "platform",
            "campaign": ("traffic_source.name", "traffic_source_name"),
            "source": ("traffic_source.source", "traffic_source_source"),
            "medium": ("traffic_source.medium", "traffic_source_medium"),
        },
    ),
)
