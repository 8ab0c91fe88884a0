"""Support tickets of a plain table. What they are about tells a lead from trouble."""

from __future__ import annotations

from typing import Final

from idgraph.sources.preset import Preset

__all__ = ["PRESETS"]

_WHO: Final = ("requester_email", "email", "user_id")

PRESETS: Final = (
    Preset(
        source="support_tickets",
        kind=None,
        needs=(("ticket_id", "id"), ("topic", "category"), _WHO, ("created_at", "opened_at")),
        refuses=("requester_id", "event", "event_type", "received_at", "hs_object_id"),
        identifiers={"email": ("requester_email", "email"), "app.user_id": "user_id"},
        belongs_to={"app.tenant_id": ("tenant_id", "workspace_id")},
        version="updated_at",
        event={"ticket_opened": ("created_at", "opened_at"), "ticket_closed": ("closed_at", "solved_at")},
        event_id=(("ticket_id", "id"),),
        properties={"topic": ("topic", "category"), "priority": "priority"},
    ),
)
