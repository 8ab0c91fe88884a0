"""What identity is worth: which accounts are found ready, with the true identities, with those found, and with none."""

from __future__ import annotations

from dataclasses import replace
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from benches.harness import Candidate, Scale, measure, table

if TYPE_CHECKING:
    import polars as pl

    import idgraph as ig
    from idgraph.datasets.world import World
    from idgraph.pql import Activity, Definition

__all__ = ["bench", "compare"]

_SEED: Final = 1
_COMPANIES: Final = 1_000
_METHOD: Final = """\
`saas_world({companies:,}, seed={seed}).with_usage()` knows which companies were ready to buy: three projects made and
two people invited within a week of the first sign-up, or 8,000 megabytes of files. The same is asked as a definition of
accounts, over the product's log alone. *Recall* is the share of ready companies that some account was found ready
for; an account is the company that most of its events are of. *False alerts* are accounts found ready whose company was
not, or was found already. *In the CRM* are found companies whose account, so found, holds a Salesforce
account of that company: whom sales can call.

- **true**: each event counts for the company that its tenant truly is of.
- **resolved**: `resolve(*discover(…))` with its defaults.
- **exact evidence alone**: the same without the rule `similar`.
- **none**: each tenant by itself, or each user where the log names no tenants.

*Tenants named* is the log as it is, *users alone* the same log without its tenants: an event then counts for the
account that its user is known to belong to."""
_LEAK: Final = """\
Lift as `backtest` gives it: at the beginning of each month, who was ready, and who bought within {horizon}; summed over
months whose horizon is over, with the resolved identities as known then and as known today. *Two visitors* is a second
definition, two different people of the account seen on the website, which rests on identities more: a visitor counts
for an account once it is known who that was. Sums are over months, so an account that is asked in several counts in
each of them. Today's graph asks more accounts, those of visitors whom nobody knew then: that raises its lift."""
_HORIZON: Final = "60d"


def ready() -> Definition:
    """What truly makes a company ready, as a definition."""
    from idgraph.pql import Definition, count, first, total

    aha = ((count("project_created") >= 3) & (count("member_invited") >= 2)).within("7d", of=first("signed_up"))
    quota = total("file_uploaded", "megabytes") >= 8_000
    return Definition(name="ready", version="1", level="account", when=aha | quota)


def compare(companies: int) -> dict[str, Any]:
    """Score alerts by identity, and the lift of two definitions with identity as known then and today."""
    from idgraph.datasets import saas_world

    world = saas_world(companies, seed=_SEED).with_usage()
    graph = _resolved(world)
    scores: dict[str, dict[str, Any]] = {"true": _score(_by_column(world, "company"), world)}
    for log, of in {"tenants named": world, "users alone": _users_alone(world)}.items():
        found = {"resolved": graph if of is world else _resolved(of), "exact evidence alone": _resolved(of, "similar")}
        for name, one in found.items():
            scores[f"{name}, {log}"] = _score(_logged(one), world, _in_crm(one, world))
        scores[f"none, {log}"] = _score(_by_column(world, "tenant_id" if of is world else "user_id"), world)
    return {"alerts": scores, "lift": _lifts(graph)}


def _resolved(world: World, *without: str) -> ig.Graph:
    from idgraph import Config, discover, resolve

    with TemporaryDirectory() as folder:
        world.write(folder)
        return resolve(*discover(folder), config=Config(without=without))


def _users_alone(world: World) -> World:
    """The world with a log that names no tenants, as many logs do not."""
    return replace(world, tables={**world.tables, "app_events": world.tables["app_events"].drop("tenant_id")})


def _truly(world: World) -> pl.DataFrame:
    """The events of the log with the company that each is truly of: event_id, company and the columns of the log."""
    import polars as pl

    tenants = world.company_truth.select(
        pl.col("record_id").str.strip_prefix("app_tenants:").alias("tenant_id"), company="entity_id"
    )
    return world.tables["app_events"].unique("event_id").join(tenants, on="tenant_id", how="left")


def _by_column(world: World, account: str) -> Activity:
    """The log with a column of it as accounts."""
    from idgraph.pql import Activity

    return Activity.from_frame(
        _truly(world), id="event_id", at="occurred_at", person="user_id", account=account, properties="properties"
    )


def _logged(graph: ig.Graph) -> Activity:
    """What the log alone tells, with the accounts of a graph."""
    import polars as pl

    activity = graph.activity()
    own = activity.history.filter(pl.col("source") == "app_events")
    named = own.with_columns(pl.col("event_id").str.strip_prefix("app_events:"))
    return replace(activity, history=named)


def _in_crm(graph: ig.Graph, world: World) -> pl.DataFrame:
    """Which accounts of a graph hold a Salesforce account of which company: entity_id, company."""
    import polars as pl

    placed = graph.assignments.filter(pl.col("level") == "account").select("record_id", "entity_id")
    crm = world.company_truth.filter(pl.col("record_id").str.starts_with("salesforce_accounts:"))
    return placed.join(crm.rename({"entity_id": "company"}), on="record_id").select("entity_id", "company").unique()


def _score(activity: Activity, world: World, in_crm: pl.DataFrame | None = None) -> dict[str, Any]:
    """Count the ready companies that are found, the alerts that are false, and the found ones whom sales can call."""
    truth = _truly(world).select("event_id", "company").drop_nulls()
    events = (
        activity.events.select("event_id", entity_id="account_id").drop_nulls().collect().join(truth, on="event_id")
    )
    most = events.group_by("entity_id", "company").len().sort("len", "company", descending=[True, False])
    of_company = most.unique("entity_id", keep="first").select("entity_id", "company")
    alerts = ready().reached(activity).select("entity_id").join(of_company, on="entity_id", how="left")
    true = world.usage_truth.drop_nulls("ready_at").select(company="company_id")
    right = alerts.join(true, on="company", how="semi")
    found = right["company"].n_unique()
    known = (
        None if in_crm is None else right.join(in_crm, on=["entity_id", "company"], how="semi")["company"].n_unique()
    )
    return {"ready": true.height, "alerts": alerts.height, "found": found, "in_crm": known}


def _lifts(graph: ig.Graph) -> list[dict[str, Any]]:
    """Sum each definition's backtest over months whose horizon is over."""
    import polars as pl

    from idgraph.pql import Definition, first
    from idgraph.pql.study import backtest

    activity = graph.activity()
    web = Definition(name="two visitors", version="1", level="account", when=first("page_viewed").by(users=2))
    rows: list[dict[str, Any]] = []
    for definition in (ready(), web):
        found = backtest(definition, first("plan_ended"), activity, every="1mo", horizon=_HORIZON, capacity=20)
        counts = pl.col("asked", "wins", "qualified", "hits").sum()
        summed = found.filter("mature").group_by("identity").agg(counts).sort("identity", descending=True)
        rows += [{"definition": definition.name, **row} for row in summed.to_dicts()]
    return rows


def bench(scale: Scale) -> str:
    """Measure; give the tables in Markdown."""
    companies = min(scale.companies, _COMPANIES)
    found = measure([Candidate("worth", "benches.worth:compare", {"companies": companies})], 1)["worth"].facts
    head = ["identity", "ready", "alerts", "recall", "false alerts", "in the CRM"]
    scores = table(head, [_row(name, one) for name, one in found["alerts"].items()])
    head = ["definition", "identity", "asked", "bought", "ready", "ready and bought", "precision", "lift"]
    lifts = table(head, [_lift(row) for row in found["lift"]])
    told = _METHOD.format(companies=companies, seed=_SEED)
    return f"{told}\n\n{scores}\n\n{_LEAK.format(horizon=_HORIZON)}\n\n{lifts}"


def _row(name: str, one: dict[str, Any]) -> list[str]:
    false = one["alerts"] - one["found"]
    in_crm = "–" if one["in_crm"] is None else str(one["in_crm"])
    return [name, str(one["ready"]), str(one["alerts"]), f"{one['found'] / one['ready']:.3f}", str(false), in_crm]


def _lift(row: dict[str, Any]) -> list[str]:
    precision = row["hits"] / row["qualified"]
    counts = [str(row[name]) for name in ("asked", "wins", "qualified", "hits")]
    lift = precision / (row["wins"] / row["asked"])
    return [row["definition"], row["identity"], *counts, f"{precision:.3f}", f"{lift:.2f}"]
