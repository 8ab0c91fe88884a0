"""Pendo: visitors and accounts, and what was done with pages and features, added up by the hour.

A visitor's and an account's id are those that the product gives: of its users and its tenants. A row of a visitor or an
account is of what was so at a time, and a visitor may be of several accounts.
Source: Pendo's engage API, "Aggregation"; the schemas of its visitors, accounts, events, pageEvents and featureEvents.
"""

from __future__ import annotations

import re
from typing import Final

from idgraph.sources.preset import Preset

__all__ = ["PRESETS"]


def _spell(name: str) -> list[str]:
    """`visitor_id` is `visitorId` in the API's own answers."""
    return [name, re.sub(r"_([a-z])", lambda match: match[1].upper(), name)]


def _spell_metadata(name: str) -> list[str]:
    """What is said of visitors and accounts is in the API's answers a part of `metadata`."""
    group, _, rest = name.partition("_")
    inside = f"metadata.agent.{rest}" if group == "agent" else f"metadata.auto.{name.replace('_', '')}"
    return [name, inside, *_spell(name)[1:]]


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
    Preset(
        source="pendo_visitors",
        kind="clickstream",
        needs=(("visitor_id", "id"), "id_hash", "first_visit", "last_visit", ("last_browser_name", "last_user_agent")),
        spell=_spell_metadata,
        id=("visitor_id", "id"),
        id_type="app.user_id",
        time="first_visit",
        version=("last_updated_at", "last_visit"),
        identifiers={"email": "agent_email"},
        attributes={"full_name": "agent_full_name"},
        belongs_to={"app.tenant_id": ("account_id", "account_ids")},
    ),
    Preset(
        source="pendo_accounts",
        kind="tenant",
        needs=(("account_id", "id"), "id_hash", "first_visit", "last_visit"),
        refuses=("visitor_id", "last_browser_name", "last_user_agent"),
        spell=_spell_metadata,
        id=("account_id", "id"),
        id_type="app.tenant_id",
        time="first_visit",
        version=("last_updated_at", "last_visit"),
        identifiers={"salesforce_accounts.id": "agent_salesforceaccountid"},
        attributes={"tenant_name": "agent_name", "plan": "agent_planlevel"},
    ),
    Preset(
        source="pendo_visitor_accounts",
        kind=None,
        needs=("visitor_id", "account_id", "visitor_last_updated_at"),
        time="visitor_last_updated_at",
        belongs_to={"app.tenant_id": "account_id"},
        about={"pendo_visitors": "visitor_id"},
    ),
    _rolled_up("pendo_events", "product_used", (), ("feature_id", *_PARAMETERS)),
    _rolled_up("pendo_page_events", "page_viewed", ("page_id", _PARAMETERS), ("feature_id",)),
    _rolled_up("pendo_feature_events", "feature_used", ("feature_id",), ()),
)
