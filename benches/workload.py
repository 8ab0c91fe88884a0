"""The exports that the exact path is measured on: where they are, and what their columns mean."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benches.harness import prepared

if TYPE_CHECKING:
    import idgraph as ig

__all__ = ["VALUES", "Workload"]

_HOME: Final = Path(__file__).parent

# Identifier type to the columns that hold its values, by table. A user's own id is a value too: visitors refer to it.
VALUES: Final[dict[str, dict[str, str]]] = {
    "email": {"app_users": "email", "crm_contacts": "email", "crm_leads": "email"},
    "phone": {"crm_contacts": "phone", "crm_leads": "phone"},
    "device": {"app_users": "signup_device_id", "crm_leads": "form_device_id", "web_visitors": "device_id"},
    "app.user_id": {"app_users": "user_id", "web_visitors": "user_id"},
}


@dataclass(frozen=True)
class Workload:
    """One size of it.

    Attributes:
        records: how many rows all tables have together.
    """

    records: int

    @property
    def folder(self) -> Path:
        """Where it is written."""
        return _HOME / "data" / str(self.records)

    @property
    def tables(self) -> list[Path]:
        """The exports."""
        names = ("app_users", "crm_contacts", "crm_leads", "web_visitors")
        return [self.folder / f"{name}.parquet" for name in names]

    @property
    def truth(self) -> Path:
        """record_id, entity_id, reachable_id; see `benches.data.make`."""
        return self.folder / "truth.parquet"

    @property
    def edges(self) -> Path:
        """left, right: places of records in the truth; see `benches.data.make`."""
        return self.folder / "edges.parquet"

    @property
    def results(self) -> Path:
        """A folder for what candidates write, on the same disk."""
        return _HOME / "results" / f"{self.records}-{os.getpid()}"

    def ensure(self) -> dict[str, Any]:
        """Make it, unless it is there as the present generator makes it; say what it holds."""
        given = {"records": self.records, "folder": str(self.folder)}
        return prepared(self.folder, _HOME / "data.py", "benches.data:make", given)

    def sources(self) -> list[ig.Source]:
        """Map the exports for idgraph."""
        from idgraph import Source

        users, contacts, leads, visitors = map(str, self.tables)
        names = {"first_name": "first_name", "last_name": "last_name"}
        return [
            Source(
                "app_users",
                kind="user",
                data=users,
                id="user_id",
                id_type="app.user_id",
                time="created_at",
                identifiers={"email": "email", "device": "signup_device_id"},
                attributes={"full_name": "name"},
            ),
            Source(
                "crm_contacts",
                kind="contact",
                data=contacts,
                id="id",
                time="created_at",
                identifiers={"email": "email", "phone": "phone"},
                attributes=names,
            ),
            Source(
                "crm_leads",
                kind="lead",
                data=leads,
                id="id",
                time="created_at",
                identifiers={"email": "email", "phone": "phone", "device": "form_device_id"},
                attributes=names,
            ),
            Source(
                "web_visitors",
                kind="visitor",
                data=visitors,
                id="id",
                time="first_seen_at",
                identifiers={"device": "device_id", "app.user_id": "user_id"},
            ),
        ]
