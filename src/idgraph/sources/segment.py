"""Segment's warehouse tables: identifies, users, tracks, pages, groups and aliases.

A column appears only once it has held a value, and `id` is a message in one table and a user in another.
Source: Segment's documentation, "Warehouse schemas".
"""

from __future__ import annotations

from typing import Final

from idgraph.sources.preset import Preset

__all__ = ["PRESETS"]

_WHO: Final = {"app.user_id": "user_id", "device": "anonymous_id"}
_WHEN: Final = ("received_at", "timestamp", "sent_at")
_WHERE: Final = {"app.tenant_id": "context_group_id"}
_PAGE: Final = {
    "path": ("path", "context_page_path"),
    "title": ("title", "context_page_title"),
    "referrer": ("referrer", "context_page_referrer"),
    "campaign": "context_campaign_name",
    "source": "context_campaign_source",
    "medium": "context_campaign_medium",
}
_ELSE: Final = ("amplitude_id", "domain_userid", "tenant_id")

PRESETS: Final = (
    Preset(
        source="segment_identifies",
        kind="visitor",
        needs=("id", "anonymous_id", "user_id", "received_at", ("email", "hubspotutk", "name", "traits")),
        refuses=(*_ELSE, "event", "path", "group_id", "previous_id"),
        time=_WHEN,
        identifiers={**_WHO, "email": "email", "hubspotutk": "hubspotutk"},
        attributes={"full_name": "name", "first_name": "first_name", "last_name": "last_name", "title": "title"},
    ),
    Preset(
        source="segment_users",
        kind="clickstream",
        needs=("id", "received_at", "email"),
        refuses=(*_ELSE, "anonymous_id", "user_id", "group_id"),
        id="id",
        id_type="app.user_id",
        time=_WHEN,
        identifiers={"email": "email"},
        attributes={"full_name": "name", "first_name": "first_name", "last_name": "last_name", "title": "title"},
    ),
    Preset(
        source="segment_tracks",
        kind="visitor",
        needs=("id", "anonymous_id", "event", ("received_at", "sent_at")),
        refuses=(*_ELSE, "group_id", "previous_id"),
        time=_WHEN,
        identifiers=_WHO,
        belongs_to=_WHERE,
        event="event",
        event_id=("id",),
        properties=_PAGE,
    ),
    Preset(
        source="segment_pages",
        kind="visitor",
        needs=("id", "anonymous_id", ("path", "url"), ("received_at", "sent_at")),
        refuses=(*_ELSE, "event", "group_id"),
        time=_WHEN,
        identifiers=_WHO,
        belongs_to=_WHERE,
        event={"page_viewed": _WHEN},
        event_id=("id",),
        properties=_PAGE,
    ),
    Preset(
        source="segment_groups",
        kind="visitor",
        needs=("id", "group_id", ("received_at", "sent_at"), ("anonymous_id", "user_id")),
        refuses=(*_ELSE, "event", "previous_id"),
        time=_WHEN,
        identifiers=_WHO,
        belongs_to={"app.tenant_id": "group_id"},
    ),
    # The former id may be a visitor's or a user's. Both are said; what nobody else holds joins nobody.
    Preset(
        source="segment_aliases",
        kind="visitor",
        needs=("id", "user_id", "previous_id", ("received_at", "sent_at")),
        refuses=(*_ELSE, "event", "group_id"),
        time=_WHEN,
        identifiers={"app.user_id": ("user_id", "previous_id"), "device": "previous_id"},
    ),
)
