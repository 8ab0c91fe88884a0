"""Rebuild components that break a constraint: strongest evidence first, joining only groups that may be one."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from idgraph.normalise import normalise
from idgraph.schema import COUNT, NUMBER, TEXT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from idgraph.engines import Kernel

__all__ = ["FOUND", "ROWS", "Limits", "rebuild"]

# What goes in. `what` is record, value (a record holds one), link (two records), apart (two records that may not be
# one), unique (a record holds `other`, a code, of a type that allows one), limited (the same, of a type that another
# allows only so many of), or name.
ROWS: Final = {
    "component": COUNT,
    "what": TEXT,
    "record": COUNT,
    "other": COUNT,
    "type": TEXT,
    "value": TEXT,
    "rules": TEXT,
    "weight": NUMBER,
    "counted": COUNT,
}
# What comes out. `what` is record (`entity` and `core`: the smallest records of its group, and of that by strict
# evidence), value or link (evidence that is left out, with the reason, or of which only some rules are left), or edge
# (evidence that holds: record and other).
FOUND: Final = {
    "what": TEXT,
    "record": COUNT,
    "other": COUNT,
    "type": TEXT,
    "value": TEXT,
    "rules": TEXT,
    "weight": NUMBER,
    "reason": TEXT,
    "entity": COUNT,
    "core": COUNT,
}
_NAME_ODDS: Final = 10.0  # log2 odds of a name in common: one in a thousand strangers has one
_SHORTEST_PART: Final = 2  # an initial agrees with too many to tell anything
_WHOLE_NAME: Final = 2  # parts: a family has one in common


@dataclass(frozen=True)
class Limits:
    """What a group may be.

    Attributes:
        strict: the weight from which evidence needs no doubt, and which weak evidence must reach between dense groups.
        certain: the weight from which size tells nothing against evidence.
        dense: the records that make a group dense.
        records: most records of an entity, those of visitors and clickstreams not counted.
        parts: most groups by strict evidence in an entity.
        days: by unique type, how far apart two values have to be seen so that both may be right; None: never.
        at_most: by `<type>→<type>` how many values of the second one value of the first may meet.
        normaliser: of names.
    """

    strict: float
    certain: float
    dense: int
    records: int
    parts: int
    days: dict[str, float | None]
    at_most: dict[str, int]
    normaliser: str


def rebuild(limits: Limits) -> Kernel:
    """Make the kernel that rebuilds components.

    Evidence is taken by weight, the heaviest first; a value shared by few goes before one shared by many, then texts
    decide, so that the order of rows tells nothing. Each value joins its holders to the group that has most of them. A
    group that may not join it stays apart, and the others are joined none the less.

    Args:
        limits: what a group may be.

    Returns:
        A kernel from rows of whole components, in the columns of `ROWS`, to rows in those of `FOUND`.
    """

    def kernel(rows: pl.DataFrame) -> pl.DataFrame:
        ordered = _with_plain_names(rows, limits.normaliser).sort(
            "component", "what", "record", "other", "type", "value", nulls_last=True
        )
        found: list[tuple[Any, ...]] = []
        for _, part in groupby(ordered.iter_rows(), key=itemgetter(0)):
            found += _Component(limits, part).rebuilt()
        return pl.DataFrame(found, schema=_POLARS, orient="row")

    return kernel


_POLARS: Final = pl.Schema(
    {
        name: pl.String() if dtype == TEXT else pl.Float64() if dtype == NUMBER else pl.Int64()
        for name, dtype in FOUND.items()
    }
)


def _with_plain_names(rows: pl.DataFrame, normaliser: str) -> pl.DataFrame:
    """Normalise names, once for all components."""
    named = rows.filter(pl.col("what") == "name")
    plain = named.with_columns(normalise(normaliser, named["value"])["value"]).drop_nulls("value")
    return pl.concat([rows.filter(pl.col("what") != "name"), plain])


_Seen = tuple[float, float] | None  # the first and last day on which a value was seen; None where one is unknown


@dataclass
class _Group:
    """What is known of the records joined so far."""

    first: int
    records: int = 1
    counted: int = 0
    parts: int = 0
    dense: bool = False
    members: list[int] = field(default_factory=list)
    unique: dict[str, dict[int, _Seen]] = field(default_factory=dict)
    names: set[frozenset[str]] = field(default_factory=set)
    apart: set[int] = field(default_factory=set)


@dataclass
class _Node:
    """A value under one rule, or a link: what joins its holders."""

    rule: str
    type: str
    value: str
    weight: float
    link: bool = False
    holders: list[int] = field(default_factory=list)
    anchor: int | None = None
    reasons: dict[int, str] = field(default_factory=dict)

    @property
    def order(self) -> tuple[Any, ...]:
        return (-self.weight, len(self.holders), self.rule, self.type, self.value, self.holders)


class _Component:
    """One component while it is rebuilt."""

    def __init__(self, limits: Limits, rows: Iterable[tuple[Any, ...]]) -> None:
        self._limits = limits
        self._parent: dict[int, int] = {}
        self._groups: dict[int, _Group] = {}
        self._nodes: dict[tuple[Any, ...], _Node] = {}
        self._limited: dict[str, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
        self._held: dict[tuple[int, str], list[str]] = defaultdict(list)
        self._waiting: list[tuple[_Node, int, int]] = []
        self._core: dict[int, int] = {}
        for _, what, record, other, kind, value, rules, weight, counted in rows:
            self._take(what, record, other, kind, value, rules, weight, counted)

    def _take(
        self,
        what: str,
        record: int,
        other: int | None,
        kind: str | None,
        value: str | None,
        rules: str | None,
        weight: float | None,
        counted: int | None,
    ) -> None:
        group = self._groups.get(record)
        if group is None:
            group = self._groups[record] = _Group(record, members=[record])
            self._parent[record] = record
        if what == "record":
            group.counted = counted or 0
        elif what == "value":
            self._held[record, str(kind)].append(str(value))
            for rule in str(rules).split(","):
                node = self._nodes.setdefault(
                    (rule, kind, value), _Node(rule, str(kind), str(value), float(weight or 0))
                )
                node.weight = min(node.weight, float(weight or 0))
                node.holders.append(record)
        elif what == "link" and other is not None:
            node = _Node(str(rules), str(kind), str(value), float(weight or 0), link=True, holders=[record, other])
            self._nodes[(rules, kind, value, record, other)] = node
        elif what == "apart" and other is not None:
            group.apart.add(other)
        elif what == "unique" and other is not None:
            _see(group.unique.setdefault(str(kind), {}), {other: None if weight is None else (weight, weight)})
        elif what == "limited" and other is not None:
            self._limited[str(kind)][record].add(other)
        elif what == "name":
            group.names.add(frozenset(part for part in str(value).split() if len(part) >= _SHORTEST_PART))

    def rebuilt(self) -> Iterator[tuple[Any, ...]]:
        """Join, and say what came out."""
        ordered = sorted(self._nodes.values(), key=lambda node: node.order)
        for _, nodes in groupby(ordered, key=lambda node: node.weight):
            of_weight = list(nodes)
            if of_weight[0].weight < self._limits.strict:
                self._snapshot()
            for group in self._groups.values():
                group.dense = group.records >= self._limits.dense
            for node in of_weight:
                self._join(node)
            self._settle()
        self._snapshot()
        yield from self._records()
        yield from self._evidence()

    def _snapshot(self) -> None:
        """Remember the groups by strict evidence."""
        if not self._core:
            for group in self._groups.values():
                group.parts = 1
                self._core.update(dict.fromkeys(group.members, group.first))

    def _find(self, record: int) -> int:
        root = record
        while self._parent[root] != root:
            root = self._parent[root]
        while self._parent[record] != root:
            self._parent[record], record = root, self._parent[record]
        return root

    def _union(self, one: int, other: int) -> None:
        large, small = sorted((one, other), key=lambda root: (-self._groups[root].records, self._groups[root].first))
        into, gone = self._groups[large], self._groups.pop(small)
        self._parent[small] = large
        into.first = min(into.first, gone.first)
        into.records += gone.records
        into.counted += gone.counted
        into.parts += gone.parts
        into.dense |= gone.dense
        into.members += gone.members
        into.names |= gone.names
        into.apart |= gone.apart
        for kind, values in gone.unique.items():
            _see(into.unique.setdefault(kind, {}), values)

    def _join(self, node: _Node) -> None:
        held: dict[int, list[int]] = defaultdict(list)
        for record in node.holders:
            held[self._find(record)].append(record)
        ranked = sorted(held, key=lambda root: (-len(held[root]), self._groups[root].first))
        node.anchor = min(held[ranked[0]])
        if reason := self._too_much(ranked, node.weight):
            node.anchor = None
            node.reasons = dict.fromkeys(node.holders, reason)
            return
        met = self._met(node, held[ranked[0]])
        for other in ranked[1:]:
            reason = self._over(node, held[other], met) or self._conflict(self._find(node.anchor), other)
            if reason is None and self._groups[self._find(node.anchor)].dense and self._groups[other].dense:
                self._waiting.append((node, node.anchor, min(held[other])))
                reason = "weak_bridge"
            if reason:
                node.reasons |= dict.fromkeys(held[other], reason)
                continue
            for kind, values in self._met(node, held[other]).items():
                met[kind] |= values
            self._union(self._find(node.anchor), other)

    def _too_much(self, roots: list[int], weight: float) -> str | None:
        """Whether a value would make an entity of more than one has; it then joins nobody."""
        if len(roots) == 1 or weight >= self._limits.certain:
            return None
        groups = [self._groups[root] for root in roots]
        if sum(group.counted for group in groups) > self._limits.records:
            return "too_large"
        return "too_loose" if sum(group.parts for group in groups) > self._limits.parts else None

    def _met(self, node: _Node, records: Iterable[int]) -> dict[str, set[int]]:
        """The values of limited types that records bring to a value, by limit."""
        return {
            kind: set().union(*(self._limited[kind][record] for record in records))
            for kind in self._limits.at_most
            if kind.split("→")[0] == node.type and not node.link
        }

    def _over(self, node: _Node, records: Iterable[int], met: dict[str, set[int]]) -> str | None:
        for kind, values in self._met(node, records).items():
            if not values <= met[kind] and len(values | met[kind]) > self._limits.at_most[kind]:
                return "cardinality"
        return None

    def _conflict(self, one: int, other: int) -> str | None:
        """Why two groups may not be one, if they may not."""
        left, right = self._groups[one], self._groups[other]
        if any(self._find(record) == other for record in left.apart if record in self._parent) or any(
            self._find(record) == one for record in right.apart if record in self._parent
        ):
            return "cannot_link"
        for kind in left.unique.keys() & right.unique.keys():
            if _differ(left.unique[kind], right.unique[kind], self._limits.days[kind.split(" ")[0]]):
                return "unique"
        return None

    def _settle(self) -> None:
        """Join dense groups between which weak evidence, and their names, add up to strict evidence."""
        while True:
            odds: dict[tuple[int, int], dict[tuple[str, str], float]] = defaultdict(dict)
            for node, one, other in self._waiting:
                left, right = sorted((self._find(one), self._find(other)))
                if left != right and not self._may_not(left, right, node):
                    said = node.weight * min(self._share(left, node), self._share(right, node))
                    odds[left, right][node.type, node.value] = said
            sums = {pair: sum(said.values()) + self._name_odds(*pair) for pair, said in odds.items()}
            enough = [(-total, pair) for pair, total in sums.items() if total >= self._limits.strict]
            if not enough:
                return
            self._union(*min(enough)[1])

    def _may_not(self, one: int, other: int, node: _Node) -> str | None:
        """Why evidence may not join two groups, if it may not."""
        inside = [[record for record in node.holders if self._find(record) == root] for root in (one, other)]
        over = self._over(node, inside[1], self._met(node, inside[0]))
        return self._conflict(one, other) or self._too_much([one, other], node.weight) or over

    def _share(self, root: int, node: _Node) -> float:
        """How far a group stands behind a value, of 1: less where more of its records hold another of that type."""
        if node.link:
            return 1.0
        counts: dict[str, int] = defaultdict(int)
        for record in self._groups[root].members:
            for value in self._held.get((record, node.type), ()):
                counts[value] += 1
        most = max((count for value, count in counts.items() if value != node.value), default=0)
        return counts[node.value] / (counts[node.value] + most)

    def _name_odds(self, one: int, other: int) -> float:
        """What names say: for, where a name of the one has all parts of one of the other; against, where none meet."""
        pairs = [(left, right) for left in self._groups[one].names for right in self._groups[other].names]
        if any(len(left & right) >= _WHOLE_NAME and (left <= right or right <= left) for left, right in pairs):
            return _NAME_ODDS
        return -_NAME_ODDS if pairs and not any(left & right for left, right in pairs) else 0.0

    def _records(self) -> Iterator[tuple[Any, ...]]:
        for record in self._parent:
            entity = self._groups[self._find(record)].first
            yield ("record", record, None, None, None, None, None, None, entity, self._core[record])

    def _evidence(self) -> Iterator[tuple[Any, ...]]:
        """What is left out, and what holds."""
        kept: dict[tuple[int, str, str], list[str]] = defaultdict(list)
        lost: dict[tuple[int, str, str], str] = {}
        for key in sorted(self._nodes, key=lambda key: self._nodes[key].order):
            node = self._nodes[key]
            anchor = node.holders[0] if node.anchor is None else node.anchor
            root = self._find(anchor)
            whole = node.anchor is not None or all(self._find(record) == root for record in node.holders)
            inside = [record for record in node.holders if whole and self._find(record) == root]
            for record in sorted(set(inside) - {min(inside)}) if inside else ():
                yield ("edge", record, min(inside), node.type, None, node.rule, node.weight, None, None, None)
            if node.link:
                if len(inside) < len(node.holders):
                    reason = next(iter(node.reasons.values()), "cannot_link")
                    yield ("link", *node.holders, node.type, node.value, node.rule, None, reason, None, None)
                continue
            for record in node.holders:
                if record in inside:
                    kept[record, node.type, node.value].append(node.rule)
                else:
                    lost[record, node.type, node.value] = node.reasons.get(record, "cannot_link")
        for (record, kind, value), reason in lost.items():
            rules = ",".join(sorted(kept.get((record, kind, value), ()))) or None
            yield ("value", record, None, kind, value, rules, None, None if rules else reason, None, None)


def _see(values: dict[int, _Seen], more: Mapping[int, _Seen]) -> None:
    """Take in when values were seen, whichever comes first."""
    for value, seen in more.items():
        known = values.get(value, seen)
        values[value] = known and seen and (min(known[0], seen[0]), max(known[1], seen[1]))


def _differ(one: Mapping[int, _Seen], other: Mapping[int, _Seen], days: float | None) -> bool:
    """Whether two groups' values of a type that allows one cannot both be right."""
    for left, seen in one.items():
        for right, again in other.items():
            if left in other or right in one or left == right:
                continue
            if days is None or not seen or not again or max(seen[0] - again[1], again[0] - seen[1]) <= days:
                return True
    return False
