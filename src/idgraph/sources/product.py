"""The product's own database: its users, its tenants, and a log of what they did."""

from __future__ import annotations

from typing import Final

from idgraph.sources.preset import Preset

__all__ = ["PRESETS"]

_TENANT: Final = ("tenant_id", "workspace_id")
_WHEN: Final = ("occurred_at", "happened_at", "timestamp", "event_time", "created_at")

PRESETS: Final = (
    Preset(
        source="app_users",
        kind="user",
        needs=("user_id", "email", _TENANT),
        refuses=("event", "event_type", "anonymous_id", "received_at"),
        id="user_id",
        id_type="app.user_id",
        time=("created_at", "signed_up_at"),
        version="updated_at",
        deleted="deleted",
        identifiers={
            "email": ("email", "work_email"),
            "phone": "phone",
            "device": ("signup_visitor_id", "anonymous_id"),
        },
        attributes={"full_name": "name", "first_name": "first_name", "last_name": "last_name", "title": "title"},
        belongs_to={"app.tenant_id": _TENANT},
    ),
    Preset(
        source="app_tenants",
        kind="tenant",
        needs=(_TENANT, "name"),
        refuses=("user_id", "email", "event", "id", "amount", "invoice_id", "subscription_id"),
        id=_TENANT,
        id_type="app.tenant_id",
        time="created_at",
        version="updated_at",
        deleted="deleted",
        identifiers={"domain": "domain", "salesforce_accounts.id": "salesforce_account_id"},
        # People call their workspace what they like; what a company is called is for the CRM to say.
        attributes={"tenant_name": "name", "plan": "plan"},
    ),
    Preset(
        source="app_events",
        kind="clickstream",
        needs=("user_id", ("event", "event_name"), _WHEN),
        refuses=(
            *("anonymous_id", "amplitude_id", "distinct_id", "device_id", "user_pseudo_id", "domain_userid"),
            *("email", "received_at"),
        ),
        time=_WHEN,
        identifiers={"app.user_id": "user_id"},
        belongs_to={"app.tenant_id": _TENANT},
        event=("event", "event_name"),
        event_id=(("event_id", "id"),),
        session="session_id",
        count="count",
        properties="properties",
    ),
)
