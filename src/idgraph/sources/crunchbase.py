"""Crunchbase's organizations.csv and org_parents.csv: a reference of companies, and who owns them.

A domain there may be a social network's, whose page the company has for a website.
"""

from __future__ import annotations

from typing import Final

from idgraph.sources.preset import Preset

__all__ = ["PRESETS"]

PRESETS: Final = (
    Preset(
        source="crunchbase_organizations",
        kind="company",
        needs=("uuid", "name", "domain", ("legal_name", "homepage_url", "permalink")),
        id="uuid",
        id_type="crunchbase_organizations.id",
        version="updated_at",
        time="created_at",
        identifiers={"domain": ("domain", "homepage_url")},
        attributes={
            "name": "name",
            "legal_name": "legal_name",
            "country": "country_code",
            "city": "city",
            "employees": "employee_count",
        },
    ),
    Preset(
        source="crunchbase_org_parents",
        kind="company",
        needs=("uuid", "name", "parent_uuid", "parent_name"),
        id="uuid",
        id_type="crunchbase_organizations.id",
        version="updated_at",
        owned_by={"crunchbase_organizations.id": "parent_uuid"},
        attributes={"name": "name"},
    ),
)
