"""Amplitude's event export: who (user_id), on what (device_id), and whom Amplitude took it for (amplitude_id).

A raw export keeps the amplitude_id of before a merge, and a shared device gives several users one.
Source: Amplitude's documentation, "Export API" and "Track unique users".
"""

from __future__ import annotations

from typing import Final

from idgraph.sources.preset import Preset

__all__ = ["PRESETS"]

# Group types are named by whoever instruments the product; these are the usual names of the tenant.
_TENANT_GROUPS: Final = ("org", "organization", "company", "account", "tenant", "workspace")

PRESETS: Final = (
    Preset(
        source="amplitude_events",
        kind="clickstream",
        needs=("amplitude_id", "device_id", "user_id", ("event_type", "event_time")),
        time=("event_time", "client_event_time", "server_upload_time"),
        identifiers={"app.user_id": "user_id", "device": "device_id", "amplitude_id": "amplitude_id"},
        belongs_to={"app.tenant_id": tuple(f"groups.{name}" for name in _TENANT_GROUPS)},
        event="event_type",
        event_id=(("uuid", "$insert_id", "_insert_id"),),
        session="session_id",
        properties="event_properties",
    ),
)
