"""Guards: which shared values may not link, and why. Each is a function from shared values to rows with a reason.

A *node* is an integer that names one value of one type within a run; a *shared* frame has one row for each record that
holds a value which some other record holds too: row, record, node, kind, source, holders (how many there are).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw

if TYPE_CHECKING:
    from collections.abc import Collection

    from idgraph.engines import Engine

__all__ = [
    "NOTES_OF_LISTS",
    "NOTES_THAT_BAR",
    "OWN_DOMAIN",
    "STATE_REASONS",
    "UNCLEAR",
    "bridging",
    "disagreeing",
    "of_several_people",
    "of_several_users",
    "over_limit",
    "related",
]

# The class a normaliser gave a value, and the reason it is suppressed for. Role mailboxes point to the account; a
# provider's, relay's or host's domain names no company.
NOTES_THAT_BAR: Final[dict[str, dict[str, str]]] = {
    "person": {"role": "role_mailbox", "placeholder": "placeholder"},
    "account": {
        "role": "role_mailbox",
        "placeholder": "placeholder",
        "free": "free_domain",
        "disposable": "disposable_domain",
        "relay": "relay_domain",
        "shared_host": "shared_host",
        "profile_host": "profile_host",
        "isp": "isp_domain",
    },
}

# Of those, the classes that come from lists, which the holder's name outranks: nobody is called like a made-up value.
NOTES_OF_LISTS: Final = tuple(note for note in NOTES_THAT_BAR["account"] if note not in {"role", "placeholder"})
OWN_DOMAIN: Final = "own_domain"

STATE_REASONS: Final[dict[str, str]] = {
    "null_like": "a text that says there is no value",
    "placeholder": "a made-up or test value",
    "role_mailbox": "a mailbox of a function, such as info@: it points to the account, not to a person",
    "free_domain": "a mail provider's domain",
    "disposable_domain": "a domain of throw-away addresses",
    "relay_domain": "a domain of forwarding addresses",
    "isp_domain": "a domain that is an access provider's and a company's",
    "shared_host": "a domain under which a host keeps many customers",
    "profile_host": "a social network, directory or code host, of a company that is not called so",
    OWN_DOMAIN: "on a list of such domains, and used all the same: the company that holds it is called so",
    "over_limit": "more records of one source hold it than one person or company would have",
    "several_users": "a device that several people were seen on",
    "names_disagree": "the names of those who hold it do not hang together",
    "ambiguous_domain": "it could mean several companies: see the review rows of `links`",
    "minority": "fewer of its people hold this domain than the majority asked for",
    "two_companies": "its people, or its own values, are of several companies: see the review rows of `links`",
    "consultant": "of the tenant's people one writes from it, who is in other tenants too",
    "left_out": "left out on request, to see what would be",
    "cannot_link": "a judgement says that the two are not one",
    "unique": "it would join two values of a type that allows one",
    "cardinality": "it would meet more values of another type than it may",
    "too_large": "it would join more records than one person or company has",
    "too_loose": "it would join more groups of records than hang together in one person or company",
    "weak_bridge": "alone it does not join two groups that stronger evidence holds together",
    "compared_apart": "what else was compared keeps the two apart",
    "names_differ": "all else agrees, but the names do not",
    "related": "one owns the other, or somebody owns both",
    "rivals": "it is hardly likelier than a link to somebody else, who is another person",
    "different": "judged to be different",
    "unsure": "judged, without an answer",
    "contradiction": "judged to be the same, and left out because it contradicts other judgements",
}

# Why a domain does not join a company to others although it may well be theirs: such pairs wait for a person.
UNCLEAR: Final = ("ambiguous_domain", "minority", "two_companies", "consultant")


def _rows(shared: nw.LazyFrame, found: nw.LazyFrame, reason: str) -> nw.LazyFrame:
    """All who hold one of the values found: row, reason."""
    held = shared.select("row", "node").join(found.select("node").unique("node"), on="node", how="semi")
    return held.select("row", nw.lit(reason).alias("reason"))


def over_limit(shared: nw.LazyFrame, limit: int, event_sources: Collection[str]) -> nw.LazyFrame:
    """Find values that too many own ids within one source hold; event tables repeat a person and are exempt."""
    many = shared.filter(nw.col("holders") > limit)  # few: the others need not be counted by source
    own = many.filter(~nw.col("source").is_in(list(event_sources))) if event_sources else many
    holders = own.group_by("node", "source").agg(nw.len().alias("holders"))
    return _rows(shared, holders.filter(nw.col("holders") > limit), "over_limit")


def of_several_users(shared: nw.LazyFrame, users: nw.LazyFrame) -> nw.LazyFrame:
    """Find devices that several users hold; two user ids that stronger evidence joins are one user.

    Args:
        shared: see the module.
        users: record, user: who a record is by stronger evidence, for records that carry a user id.
    """
    held = shared.join(users, on="record").group_by("node").agg(nw.col("user").n_unique().alias("users"))
    return _rows(shared, held.filter(nw.col("users") > 1), "several_users")


def of_several_people(shared: nw.LazyFrame, named: nw.LazyFrame, parts: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Find devices of people whose names do not hang together: see `disagreeing`.

    Args:
        shared: see the module.
        named: node, record (who stands for a person): the people on doubtful devices who have a name.
        parts: record, part: the parts of all their names.
        engine: what finds the groups.
    """
    found = _hanging_together(named, parts, engine).group_by("node").agg(nw.col("group").n_unique().alias("people"))
    return _rows(shared, found.filter(nw.col("people") > 1), "several_users")


def disagreeing(
    shared: nw.LazyFrame, named: nw.LazyFrame, parts: nw.LazyFrame, agreement: float, reason: str, engine: Engine
) -> nw.LazyFrame:
    """Find values whose holders' names do not hang together, and of those with a majority the holders outside it.

    Two names hang together if they have a part in common, or each does with a third: Bob Smith and Bob Smyth, and so
    Robert Smith. Typing and nicknames leave one group; people who share a mailbox or a switchboard are several. Where
    more than half are one group, only the others are barred: one wrong address must not part a person's records.

    Args:
        shared: see the module.
        named: node, record: the holders of doubtful values who have a name.
        parts: record, part: the parts of their names.
        agreement: the share of the named holders that must be in one group.
        reason: what to call it.
        engine: what finds the groups.
    """
    members = _hanging_together(named, parts, engine)
    sized = engine.with_totals(members, ["node", "group"], size=nw.len())
    doubtful = engine.with_totals(sized, ["node"], all=nw.len(), largest=nw.col("size").max())
    doubtful = engine.checkpoint(doubtful.filter(nw.col("largest") < agreement * nw.col("all")))
    torn = doubtful.filter(nw.col("largest") * 2 <= nw.col("all"))
    outside = doubtful.filter((nw.col("largest") * 2 > nw.col("all")) & (nw.col("size") < nw.col("largest")))
    apart = shared.select("row", "node", "record").join(
        outside.select("node", "record"), on=["node", "record"], how="semi"
    )
    return nw.concat([_rows(shared, torn, reason), apart.select("row", nw.lit(reason).alias("reason"))])


def _hanging_together(named: nw.LazyFrame, parts: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Group those who hold something by the parts of their names: node, record, holder, group; no part, no row."""
    holders = engine.number(named.select("node", "record"), "holder")
    held = engine.checkpoint(holders.join(parts, on="record"))
    alike = engine.with_totals(held.select("node", "part", "holder"), ["node", "part"], first=nw.col("holder").min())
    groups = engine.components(alike.select(nw.col("holder").alias("left"), nw.col("first").alias("right")))
    once = held.select("node", "record", "holder").unique("holder")
    return engine.lookup(once, "holder", groups, "node", {"group": "component"})


def bridging(leading: nw.LazyFrame, named: nw.LazyFrame, parts: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Find the values by which a tenant would join companies that are called otherwise.

    An id is the product's own word of whose a tenant is, and what leads to a company of such a name stays.

    Args:
        leading: node (a tenant), record (a company it leads to), row (of the value that does; null for an id).
        named: node, record: the tenants and companies of `leading`, each two once, of companies with names.
        parts: record, part: the parts of their names.
        engine: what finds the groups.

    Returns:
        row, reason.
    """
    members = _hanging_together(named, parts, engine).select("node", "record", "group")
    spread = members.group_by("node").agg(nw.col("group").min().alias("one"), nw.col("group").max().alias("other"))
    torn = members.join(spread.filter(nw.col("one") != nw.col("other")).select("node"), on="node", how="semi")
    found = engine.checkpoint(leading.join(torn, on=["node", "record"]))
    said = found.filter(nw.col("row").is_null()).select("node", "group").unique(["node", "group"])
    rows = found.filter(~nw.col("row").is_null()).join(said, on=["node", "group"], how="anti")
    return rows.select("row", nw.lit("two_companies").alias("reason")).unique("row")


def related(shared: nw.LazyFrame, hierarchy: nw.LazyFrame) -> nw.LazyFrame:
    """Find values that a company and its owner both hold: they are a group's, and name neither.

    Args:
        shared: see the module.
        hierarchy: child, parent (records).
    """
    held = shared.select("node", "record")
    children = held.join(hierarchy.select(nw.col("child").alias("record"), "parent"), on="record")
    parents = held.select("node", nw.col("record").alias("parent"))
    return _rows(shared, children.join(parents, on=["node", "parent"]), "ambiguous_domain")
