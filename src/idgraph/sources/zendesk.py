"""Zendesk: the people who ask for help, their organisations, and their tickets.

Agents are users too; they are the vendor's own people, and no records. An external id is of whichever system somebody
chose, so that it describes: who knows which maps the table.
Source: Zendesk's API reference, "Users" (roles), "Organizations", "Tickets".
"""

from __future__ import annotations

from typing import Final

from idgraph.sources.preset import Preset
from idgraph.sources.table import KindBy

__all__ = ["PRESETS"]

_DELETED: Final = "_fivetran_deleted"

PRESETS: Final = (
    Preset(
        source="zendesk_users",
        kind=KindBy("role", {"agent": "none", "admin": "none"}, otherwise="contact"),
        needs=("id", "email", "role", "organization_id", ("ticket_restriction", "restricted_agent")),
        id="id",
        id_type="zendesk_users.id",
        time="created_at",
        version="updated_at",
        deleted=_DELETED,
        identifiers={"email": "email", "phone": "phone"},
        attributes={"full_name": "name", "zendesk_external_id": "external_id"},
        belongs_to={"zendesk_organizations.id": "organization_id"},
    ),
    Preset(
        source="zendesk_organizations",
        kind="crm_account",
        needs=("id", "name", "shared_tickets", "shared_comments"),
        id="id",
        id_type="zendesk_organizations.id",
        time="created_at",
        version="updated_at",
        deleted=_DELETED,
        identifiers={"domain": "domain_names"},
        attributes={"name": "name", "zendesk_external_id": "external_id"},
    ),
    # Where a loader makes a table of the list: one row a domain.
    Preset(
        source="zendesk_organization_domains",
        kind=None,
        needs=("organization_id", "domain_name", "index"),
        refuses=("id", "name"),
        deleted=_DELETED,
        identifiers={"domain": "domain_name"},
        about={"zendesk_organizations": "organization_id"},
    ),
    Preset(
        source="zendesk_tickets",
        kind=None,
        needs=("id", "requester_id", "organization_id", "status", "subject"),
        identifiers={"zendesk_users.id": "requester_id"},
        belongs_to={"zendesk_organizations.id": "organization_id"},
        version="updated_at",
        event={"ticket_opened": "created_at"},
        event_id=("id",),
        properties={"topic": ("topic", "category", "type"), "priority": "priority", "channel": "via_channel"},
    ),
)
