"""A seeded world: a SaaS company's exports of people and companies, with the truth about who is who."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl

from idgraph.datasets.accounts import hubspot_companies, organizations, salesforce_accounts
from idgraph.datasets.clicks import amplitude_events, segment_tables
from idgraph.datasets.companies import make_companies, make_tenants
from idgraph.datasets.crm import hubspot_contacts, salesforce_contacts, salesforce_leads
from idgraph.datasets.hostile import poison
from idgraph.datasets.links import links_truth
from idgraph.datasets.people import make_people
from idgraph.datasets.product import (
    USER_COLUMNS,
    add_kiosks,
    app_users,
    make_devices,
    make_visitors,
    sign_up_at_kiosks,
    workspaces,
)
from idgraph.datasets.rates import HOSTILE, USUAL
from idgraph.datasets.truth import membership_truth, table_truth
from idgraph.datasets.usage import make_usage

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["COMPANY_TABLES", "World", "saas_world"]

COMPANY_TABLES = ("salesforce_accounts", "hubspot_companies", "app_tenants", "crunchbase_organizations")


@dataclass(frozen=True)
class World:
    """Exports and the truth behind them.

    Attributes:
        tables: each export by the name of its source, columns and spelling as the system writes them.
        people_truth: record_id, entity_id of every person record; entities `per_…`, `vis_…` (anonymous visitors),
            `shared_…` (event combinations that several people left on one device, so nobody's).
        company_truth: record_id, entity_id of every tenant, CRM account and reference row; entities `cmp_…` and
            `wsp_…` (private workspaces).
        membership_truth: person_id, company_id: who works or worked where, whose consultant, whose workspace.
        links_truth: rule, left_record_id, right_record_id: pairs that the named link alone joins.
        usage_truth: which companies were ready to buy, when and by what, and which bought: see
            `idgraph.datasets.usage.Usage`; empty but in a world `with_usage`.
    """

    tables: dict[str, pl.DataFrame]
    people_truth: pl.DataFrame
    company_truth: pl.DataFrame
    membership_truth: pl.DataFrame
    links_truth: pl.DataFrame
    usage_truth: pl.DataFrame = field(default_factory=pl.DataFrame)

    def with_usage(self, seed: int = 0) -> World:
        """Add what companies did in the product, their plans, tickets and deals, and what made them buy.

        Args:
            seed: the same seed gives the same frames. What the world holds already stays; only contacts are added, whom
                reps typed in as deals opened.

        Returns:
            The world with the tables app_events, app_subscriptions, support_tickets and salesforce_opportunities.

        >>> world = saas_world(20, seed=1).with_usage()
        >>> world.usage_truth.columns[:3]
        ['company_id', 'cause', 'ready_by']
        """
        made = make_usage(np.random.default_rng([seed, 1]), self.tables, self.people_truth, self.company_truth)
        contacts = pl.concat([self.tables["salesforce_contacts"], made.contacts.drop("_entity")])
        added = made.contacts.select(record_id=pl.format("salesforce_contacts:{}", "Id"), entity_id="_entity")
        return replace(
            self,
            tables=dict(sorted({**self.tables, **made.tables, "salesforce_contacts": contacts}.items())),
            people_truth=pl.concat([self.people_truth, added]),
            usage_truth=made.truth,
        )

    def write(
        self, folder: str | Path, format: Literal["csv", "parquet"] = "csv", *, truth: bool = False
    ) -> list[Path]:
        """Write the exports as files that only their owner may read; Amplitude's as dated parts.

        Args:
            folder: made if missing; files of the same name are replaced.
            format: csv or parquet.
            truth: also write the truth, as Parquet, into the subfolder truth.

        Returns:
            The files written.
        """
        home = Path(folder)
        files = [
            (home / f"{name}.{format}", part)
            for source, table in self.tables.items()
            for name, part in _parts(source, table)
        ]
        if truth:
            names = ["people_truth", "company_truth", "membership_truth", "links_truth"]
            names += [] if self.usage_truth.is_empty() else ["usage_truth"]
            files += [
                (home / "truth" / f"{name.removesuffix('_truth')}.parquet", getattr(self, name)) for name in names
            ]
        for path, frame in files:
            _write_private(path, frame)
        return [path for path, _ in files]


def saas_world(companies: int, seed: int = 0, *, hostile: bool = False) -> World:
    """Make the exports of a SaaS company with so many companies around it.

    Args:
        companies: true companies in the world; about five known people and fifty exported rows each.
        seed: the same seed gives the same frames.
        hostile: more kiosks, booths, placeholders and role mailboxes, shared inboxes, and one poisoned value on 5 % of
            the people records.

    Returns:
        The world, see `World`.

    >>> world = saas_world(20, seed=1)
    >>> sorted(world.tables)[:3]
    ['amplitude_events', 'app_tenants', 'app_users']
    >>> world.people_truth.columns
    ['record_id', 'entity_id']
    """
    rates = HOSTILE if hostile else USUAL
    if companies < 1:
        message = f"companies must be 1 or more, not {companies}"
        raise ValueError(message)
    streams: Iterator[np.random.Generator] = iter(np.random.default_rng(seed).spawn(20))
    firms = make_companies(next(streams), companies)
    people = make_people(next(streams), firms, rates)
    tables = {
        "salesforce_accounts": salesforce_accounts(next(streams), firms),
        "hubspot_companies": hubspot_companies(next(streams), firms),
        "crunchbase_organizations": organizations(next(streams), firms),
    }
    tenants = make_tenants(next(streams), firms, tables["salesforce_accounts"])
    own = workspaces(next(streams), people, tenants)
    tables["app_tenants"] = pl.concat([tenants, own.drop("_person")])
    devices, visitors = make_devices(next(streams), people), make_visitors(next(streams), people)
    users = app_users(next(streams), people, devices, tenants, own)
    kiosks = add_kiosks(next(streams), users, rates)
    users = sign_up_at_kiosks(next(streams), users, kiosks)
    tables["salesforce_contacts"] = salesforce_contacts(
        next(streams), people, firms, tables["salesforce_accounts"], rates
    )
    tables["salesforce_leads"] = salesforce_leads(next(streams), people, firms, tables["salesforce_contacts"], rates)
    hubspot = hubspot_contacts(next(streams), people, firms, tables["hubspot_companies"], devices, rates)
    segment, booths = segment_tables(next(streams), people, users, devices, visitors, kiosks, hubspot, rates)
    tables["hubspot_contacts"] = _with_booths(hubspot, booths)
    tables |= segment
    tables["app_users"] = users.select(*USER_COLUMNS, "_entity", "_script")
    tables["amplitude_events"] = amplitude_events(next(streams), users, devices, visitors, kiosks)
    tables = poison(next(streams), tables, rates)
    return World(
        tables={name: table.select(pl.exclude("^_.*$")) for name, table in sorted(tables.items())},
        people_truth=pl.concat(
            [table_truth(name, table) for name, table in sorted(tables.items()) if name not in COMPANY_TABLES]
        ),
        company_truth=pl.concat([table_truth(name, tables[name]) for name in sorted(COMPANY_TABLES)]),
        membership_truth=membership_truth(people, firms, own),
        links_truth=links_truth(tables),
    )


def _with_booths(hubspot: pl.DataFrame, booths: pl.DataFrame) -> pl.DataFrame:
    held = hubspot.join(booths.rename({"hubspotutk": "_booth"}), on="hs_object_id", how="left", maintain_order="left")
    return held.with_columns(pl.coalesce("hubspotutk", "_booth").alias("hubspotutk")).drop("_booth")


def _parts(source: str, table: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    """An export tool that runs twice a year leaves dated files; everything else is one file."""
    if source != "amplitude_events":
        return [(source, table)]
    days = table["server_upload_time"].str.slice(0, 10)
    edges = ("2025-06-30", "2026-01-05", "2026-07-01")
    slices = zip(("", *edges[:-1]), edges, strict=True)
    return [(f"{source}_{last}", table.filter((days > first) & (days <= last))) for first, last in slices]


def _write_private(path: Path, frame: pl.DataFrame) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        if path.suffix == ".parquet":
            frame.write_parquet(file)
        else:
            frame.write_csv(file, datetime_format="%Y-%m-%d %H:%M:%S")
