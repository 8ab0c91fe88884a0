"""Intercom: leads and users who wrote or were written to, their companies, and who is of which.

A user's external id and a company's `company_id` are those that the product gives; `id` is Intercom's own. A lead's
external id Intercom makes up. What the product calls a company is what its people call their workspace.
Source: Intercom's API reference, "Contacts" (role, external_id), "Companies".
"""

from __future__ import annotations

from typing import Final

from idgraph.sources.preset import Preset
from idgraph.sources.table import KindBy, ValueIf

__all__ = ["PRESETS"]

_DELETED: Final = "_fivetran_deleted"

PRESETS: Final = (
    Preset(
        source="intercom_contacts",
        kind=KindBy("role", {"user": "contact"}, otherwise="lead"),
        needs=("id", "role", "external_id", "workspace_id", "email"),
        id="id",
        id_type="intercom_contacts.id",
        time="created_at",
        version="updated_at",
        deleted=_DELETED,
        identifiers={
            "email": "email",
            "phone": "phone",
            "app.user_id": ValueIf("external_id", where={"role": "user"}),
        },
        attributes={
            "full_name": "name",
            "city": ("location_city", "location.city"),
            "country": ("location_country", "location.country"),
        },
    ),
    Preset(
        source="intercom_companies",
        kind="crm_account",
        needs=("id", "company_id", "session_count", "user_count", ("remote_created_at", "monthly_spend")),
        id="id",
        id_type="intercom_companies.id",
        time="created_at",
        version="updated_at",
        deleted=_DELETED,
        # Of a company that a lead names Intercom makes up the id; what nobody else holds joins nobody.
        identifiers={"app.tenant_id": "company_id", "domain": "website"},
        attributes={
            "tenant_name": "name",
            "industry": "industry",
            "employees": "size",
            "plan": ("plan_name", "plan.name"),
        },
    ),
    Preset(
        source="intercom_contact_companies",
        kind=None,
        needs=("contact_id", "company_id", "contact_updated_at"),
        time="contact_updated_at",
        deleted=_DELETED,
        belongs_to={"intercom_companies.id": "company_id"},
        about={"intercom_contacts": "contact_id"},
    ),
)
