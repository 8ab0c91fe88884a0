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
_METHOD: Final = """\
`saas_world({companies:,}, seed={seed}).with_usage()` knows which companies were ready to buy: three projects made and
two people invited within a week of the first sign-up, or 8,000 megabytes of files. The same is asked as a definition of
accounts, over the product's log alone; an account is the company that most of its events are of. *Recall* is the share
of the {ready} ready companies that some account was found ready for, *false alerts* are accounts whose company was not,
or was found already. Sales calls companies that it has in Salesforce, as it has {reachable} of the ready ones: *recall,
sales* is the share of these that an account was found ready for which holds a Salesforce account of theirs; *wrong
calls* are companies that were not ready, a Salesforce account of which is in an account found ready.

- **true**: each event counts for the company that its tenant truly is of.
- **resolved**: `resolve(*discover(…))` with its defaults.
- **exact evidence alone**: the same without the rule `similar`.
- **joined by hand**: each event counts for the Salesforce account whose id the product's table of tenants has, compared
  by its first 15 characters; without tenants, for that of a contact with the user's address, in lower case.
- **none**: each tenant by itself, or each user.

*Tenants named* is the log as it is, *users alone* the same log without its tenants: an event then counts for the
account that its user is known to belong to."""
_LEAK: Final = """\
Lift as `backtest` gives it: who had signed up at the beginning of each month, who of these was ready, and who bought in
the {horizon} after; summed over months, with the resolved identities as known then and as known today. *Ready* is the
definition above; the log names tenants, so hindsight adds nothing to it. *A user in the CRM* rests on identity alone:
somebody of the account uses the product and is a contact. Reps type users in as a deal opens, so today's graph tells of
buyers what nobody knew then. The intervals are Wilson's, of the share that bought."""
_HORIZON: Final = "28d"


def ready() -> Definition:
    """What truly makes a company ready, as a definition."""
    from idgraph.pql import Definition, count, first, total

    signup = first("signed_up")
    aha = ((count("project_created") >= 3) & (count("member_invited") >= 2)).within("7d", of=signup)
    quota = total("file_uploaded", "megabytes") >= 8_000
    return Definition(name="ready", version="1", level="account", when=aha | quota, among=signup)


def compare(companies: int) -> dict[str, Any]:
    """Score alerts by identity, and the lift of two definitions with identity as known then and today."""
    from idgraph.datasets import saas_world

    world = saas_world(companies, seed=_SEED).with_usage()
    graph = _resolved(world)
    events = _truly(world)
    scores = {"true": _score(_activity(events, "company"), world, _in_salesforce(world, "company"))}
    for log, of in {"tenants named": world, "users alone": _users_alone(world)}.items():
        found = {"resolved": graph if of is world else _resolved(of), "exact evidence alone": _resolved(of, "similar")}
        for name, one in found.items():
            scores[f"{name}, {log}"] = _score(_logged(one), world, _in_crm(one, world))
        column = "tenant_id" if of is world else "user_id"
        by_hand = _activity(events.join(_joined_by_hand(world, column), on=column, how="left"), "account")
        scores[f"joined by hand, {log}"] = _score(by_hand, world, _in_salesforce(world, "account"))
        scores[f"none, {log}"] = _score(_activity(events, column), world, None)
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


def _activity(events: pl.DataFrame, account: str) -> Activity:
    """The log with a column of it as accounts."""
    from idgraph.pql import Activity

    return Activity.from_frame(
        events, id="event_id", at="occurred_at", person="user_id", account=account, properties="properties"
    )


def _joined_by_hand(world: World, column: str) -> pl.DataFrame:
    """The Salesforce account that the tables themselves name for each tenant or user: the column, account."""
    import polars as pl

    if column == "tenant_id":
        named = world.tables["app_tenants"].select(column, account=_short("salesforce_account_id"))
    else:
        contacts = world.tables["salesforce_contacts"].select(
            account=_short("AccountId"), email=pl.col("Email").str.to_lowercase()
        )
        users = world.tables["app_users"].select(column, email=pl.col("email").str.to_lowercase())
        named = users.join(contacts, on="email").select(column, "account")
    return named.drop_nulls().sort(column, "account").unique(column, keep="first", maintain_order=True)


def _short(column: str) -> pl.Expr:
    """A Salesforce id by the 15 characters that both its spellings begin with."""
    import polars as pl

    return pl.col(column).str.slice(0, 15)


def _salesforce(world: World) -> pl.DataFrame:
    """The Salesforce accounts that are there, and of which company each is: record_id, company."""
    import polars as pl

    there = world.tables["salesforce_accounts"].filter(~pl.col("IsDeleted"))
    named = there.select(record_id=pl.format("salesforce_accounts:{}", "Id"))
    return world.company_truth.rename({"entity_id": "company"}).join(named, on="record_id", how="semi")


def _in_salesforce(world: World, entity: str) -> pl.DataFrame:
    """Which companies have a Salesforce account: entity_id (the company, or the short id of the account), company."""
    import polars as pl

    short = pl.col("record_id").str.strip_prefix("salesforce_accounts:").str.slice(0, 15)
    ids = pl.col("company") if entity == "company" else short
    return _salesforce(world).select("company", entity_id=ids).unique()


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

    placed: pl.DataFrame = graph.assignments.filter(pl.col("level") == "account").select("record_id", "entity_id")
    return placed.join(_salesforce(world), on="record_id").select("entity_id", "company").unique()


def _score(activity: Activity, world: World, in_crm: pl.DataFrame | None) -> dict[str, int]:
    """Count the ready companies that are found, and those that sales can call; and what is false of either."""
    truth = _truly(world).select("event_id", "company").drop_nulls()
    events = activity.events.select("event_id", entity_id="account_id").drop_nulls().collect()
    most = events.join(truth, on="event_id").group_by("entity_id", "company").len()
    most = most.sort("len", "company", descending=[True, False]).unique("entity_id", keep="first", maintain_order=True)
    alerts = ready().reached(activity).select("entity_id")
    true = world.usage_truth.drop_nulls("ready_at").select(company="company_id")
    found = alerts.join(most, on="entity_id").join(true, on="company", how="semi")["company"].n_unique()
    counts = {"ready": true.height, "alerts": alerts.height, "found": found}
    counts["reachable"] = true.join(_in_salesforce(world, "company"), on="company", how="semi").height
    if in_crm is None:
        return {**counts, "called": 0, "wrong": 0}
    called = alerts.join(in_crm, on="entity_id").select("company").unique()
    right = called.join(true, on="company", how="semi").height
    return {**counts, "called": right, "wrong": called.height - right}


def _lifts(graph: ig.Graph) -> list[dict[str, Any]]:
    """Sum each definition's backtest over months whose horizon is over."""
    import polars as pl

    from idgraph.pql import Definition, attribute, first
    from idgraph.pql.study import backtest

    activity = _with_known_users(graph)
    when = attribute("known_users") >= 1
    known = Definition(name="a user in the CRM", version="1", level="account", when=when, among=first("signed_up"))
    rows: list[dict[str, Any]] = []
    for definition in (ready(), known):
        found = backtest(definition, first("plan_ended"), activity, every="1mo", horizon=_HORIZON, capacity=20)
        counts = pl.col("asked", "wins", "qualified", "hits").sum()
        summed = found.filter("mature").group_by("identity").agg(counts).sort("identity", descending=True)
        rows += [{"definition": definition.name, **row} for row in summed.to_dicts()]
    return rows


def _with_known_users(graph: ig.Graph) -> Activity:
    """A graph's activity, and of each account as a fact how many of its people are users and contacts."""
    import polars as pl

    from idgraph.pql.activity import FACTS

    activity = graph.activity()
    both = graph.profiles.filter(pl.col("user_records") > 0, pl.col("contact_records") > 0)
    members = graph.members.join(both.select(profile_id="entity_id"), on="profile_id")
    counted = members.group_by("account_id").agg(pl.col("profile_id").n_unique())
    facts = counted.select(
        level=pl.lit("account"),
        entity_id="account_id",
        name=pl.lit("known_users"),
        value=pl.col("profile_id").cast(pl.String),
        at=pl.lit(None, FACTS["at"]),
    )
    told = pl.concat([activity.told, facts.lazy()])
    return replace(activity, told=told, known=lambda at: _with_known_users(graph.as_of(at)))


def bench(scale: Scale) -> str:
    """Measure; give the tables in Markdown."""
    given = {"companies": scale.companies}
    found = measure([Candidate("worth", "benches.worth:compare", given)], 1)["worth"].facts
    head = ["identity", "alerts", "recall", "false alerts", "recall, sales", "wrong calls"]
    scores = table(head, [_row(name, one) for name, one in found["alerts"].items()])
    head = ["definition", "identity", "asked", "bought", "qualified", "of these bought", "share", "lift", "interval"]
    lifts = table(head, [_lift(row) for row in found["lift"]])
    truth = found["alerts"]["true"]
    told = _METHOD.format(**given, seed=_SEED, ready=truth["ready"], reachable=truth["reachable"])
    return f"{told}\n\n{scores}\n\n{_LEAK.format(horizon=_HORIZON)}\n\n{lifts}"


def _row(name: str, one: dict[str, int]) -> list[str]:
    recall, sales = one["found"] / one["ready"], one["called"] / one["reachable"]
    false = one["alerts"] - one["found"]
    return [name, str(one["alerts"]), f"{recall:.3f}", str(false), f"{sales:.3f}", str(one["wrong"])]


def _lift(row: dict[str, Any]) -> list[str]:
    from scipy.stats import binomtest

    counts = [str(row[name]) for name in ("asked", "wins", "qualified", "hits")]
    share, base = row["hits"] / row["qualified"], row["wins"] / row["asked"]
    low, high = binomtest(row["hits"], row["qualified"]).proportion_ci(method="wilson")
    interval = f"{low / base:.2f} to {high / base:.2f}"
    return [row["definition"], row["identity"], *counts, f"{share:.3f}", f"{share / base:.2f}", interval]
