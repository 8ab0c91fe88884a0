"""Subscriptions of a plain table: what tenants pay for, from when, and what their plan allows."""

from __future__ import annotations

from typing import Final

from idgraph.sources.preset import Preset

__all__ = ["PRESETS"]

_TENANT: Final = ("tenant_id", "workspace_id")
_SINCE: Final = ("started_at", "valid_from", "start_date")

PRESETS: Final = (
    Preset(
        source="app_subscriptions",
        kind=None,
        needs=(_TENANT, "plan", _SINCE),
        refuses=("user_id", "email", "current_period_end"),
        belongs_to={"app.tenant_id": _TENANT},
        time=_SINCE,
        event={"plan_started": _SINCE, "plan_ended": ("ended_at", "valid_to", "canceled_at")},
        event_id=(("subscription_id", "id"),),
        properties={"plan": "plan", "price": ("price", "mrr", "amount")},
        attributes={
            "plan": "plan",
            "seats": ("seats", "seat_limit"),
            "projects_limit": ("projects_limit", "project_limit"),
            "storage_limit": ("storage_limit", "plan_bytes"),
        },
    ),
)
