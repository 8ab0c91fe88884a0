"""Exact rules and their names: a type on a level joins all kinds of that level, unless a pair is switched off."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

from idgraph.errors import ConfigError
from idgraph.schema import LEVELS

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["ALIAS_RULE", "DEVICE_RULE", "JUDGEMENT_RULE", "NAMED_LINKS", "SIMILAR_RULE", "check_rule_names", "rules_of"]

# A merge or conversion that a source system itself recorded.
ALIAS_RULE: Final = "source_merge"
# What was left on a device of several users while only one of them can have had it: see `idgraph.linkage.devices`.
DEVICE_RULE: Final = "device_at"
# What a person, a rule or a source system judged to be one.
JUDGEMENT_RULE: Final = "judgement"
# People who are alike in name, address, employer and what else is known: see `idgraph.linkage.people`.
SIMILAR_RULE: Final = "similar"

NAMED_LINKS: Final[dict[str, str]] = {
    "visitor-lead": "a form cookie, or an identify call with an e-mail and no user id",
    "user-visitor": "sign-up or identify call; the visitor's earlier activity comes along",
    "clickstream-user": "user id or device",
    "contact-user": "e-mail",
    "contact-lead": "e-mail; a conversion that the CRM recorded is `source_merge`",
    "crm_account-tenant": "a company domain that most of the tenant's users share, or a CRM id the product holds",
}


def _pairs(level: str) -> set[str]:
    return {"-".join(sorted(pair)) for pair in combinations(LEVELS[level], 2)}


def check_rule_names(without: Collection[str], types: Collection[str]) -> None:
    """Refuse the name of a rule that does not exist.

    Args:
        without: names of rules to switch off.
        types: the identifier types of the run.

    Raises:
        ConfigError: a name is none of a type, a pair of kinds, both, `source_merge`, `device_at` or `similar`.
    """
    pairs = _pairs("person") | _pairs("account")
    for name in without:
        kind_pair = "-".join(sorted(name.rpartition(":")[2].split("-")))
        known_type = name.rpartition(":")[0] in {"", *types}
        if name not in {ALIAS_RULE, DEVICE_RULE, SIMILAR_RULE, *types} and not (kind_pair in pairs and known_type):
            msg = (
                f"there is no rule {name!r} to leave out. A rule is an identifier type ({', '.join(sorted(types))}), "
                f"a pair of kinds ({', '.join(sorted(NAMED_LINKS))} …), both, as 'email:contact-lead', "
                f"{ALIAS_RULE}, {DEVICE_RULE} or {SIMILAR_RULE}."
            )
            raise ConfigError(msg)


def rules_of(level: str, name: str, without: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Say which kinds a type joins, rule by rule.

    Switching a pair of kinds off splits the rule into the largest sets of kinds that hold no such pair: a visitor and
    a lead may then still meet through a user, but not directly.

    Args:
        level: person, tenant or account.
        name: the identifier type.
        without: what is switched off.

    Returns:
        Rule name to its kinds; empty where the type is switched off.

    >>> rules_of("account", "domain", ["crm_account-tenant"])
    {'domain:company-crm_account': ('company', 'crm_account'), 'domain:company-tenant': ('company', 'tenant')}
    """
    kinds = LEVELS[level]
    if name in without:
        return {}
    off = {
        "-".join(sorted(entry.rpartition(":")[2].split("-")))
        for entry in without
        if entry.rpartition(":")[0] in {"", name}
    }
    if not off:
        return {name: kinds}
    import networkx as nx  # slow to import, and seldom needed

    allowed: nx.Graph[str] = nx.Graph()
    allowed.add_nodes_from(kinds)
    allowed.add_edges_from(pair for pair in combinations(kinds, 2) if "-".join(sorted(pair)) not in off)
    cliques = sorted(tuple(sorted(clique)) for clique in nx.find_cliques(allowed))
    return {name: kinds} if len(cliques) == 1 else {f"{name}:{'-'.join(clique)}": clique for clique in cliques}
