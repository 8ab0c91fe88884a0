"""Mixpanel: the raw export of events, one JSON object a line or as a loader lays it out, and people's profiles.

The exported distinct_id is that of before a merge: a device's (`$device:…`) or a user's. An event is
told by its $insert_id with its name, time and distinct_id.
Source: Mixpanel's documentation, "Raw Event Export API", "Engage Query API", "Identifying users", "Event
Deduplication".
"""

from __future__ import annotations

from typing import Final

from idgraph.sources.preset import Preset

__all__ = ["PRESETS"]


def _spell(name: str) -> list[str]:
    """A reserved property has a dollar sign in the raw export, and none, or `mp_` in its place, in a warehouse."""
    bare = name.removeprefix("$")
    return [f"properties.{name}", bare, f"mp_{bare}"]


def _plain(name: str) -> list[str]:
    return [name, f"$properties.{name}", f"properties.{name}", name.removeprefix("$")]


# Group keys are named by whoever instruments the product; these are the usual names of the tenant.
_TENANTS: Final = ("company_id", "account_id", "tenant_id", "workspace_id")

PRESETS: Final = (
    Preset(
        source="mixpanel_events",
        kind="clickstream",
        needs=("distinct_id", "time", "$insert_id"),
        spell=_spell,
        time="time",
        identifiers={"app.user_id": "$user_id", "device": "$device_id", "mixpanel.distinct_id": "distinct_id"},
        belongs_to={"app.tenant_id": _TENANTS},
        event=("event", "name"),
        event_id=("$insert_id", "time", "distinct_id", ("event", "name")),
        properties="properties",
    ),
    Preset(
        source="mixpanel_people",
        kind="clickstream",
        needs=("$distinct_id", "$email", ("$last_seen", "$created", "$name")),
        refuses=("time", "$insert_id"),
        spell=_plain,
        id="$distinct_id",
        id_type="mixpanel.distinct_id",
        time="$created",
        version="$last_seen",
        identifiers={"email": "$email"},
        attributes={"full_name": "$name", "first_name": "$first_name", "last_name": "$last_name"},
    ),
)
