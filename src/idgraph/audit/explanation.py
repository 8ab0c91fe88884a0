"""Explanation: why two records are one entity, or why not, to print and for machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from idgraph.audit.belonging import Standing
from idgraph.audit.compared import Compared
from idgraph.errors import mask, mask_id
from idgraph.linkage.rules import ALIAS_RULE, SIMILAR_RULE

__all__ = ["Explanation", "Step"]


@dataclass(frozen=True)
class Step:
    """One step of a path: two records and what joins them.

    Attributes:
        left_id, right_id: the records.
        rule: the rule, or `source_merge`.
        type, value: the shared identifier; for a link, the rule and what supports it.
        weight: log2 odds of the weaker end.
        parts: of likeness, what each comparison adds to the weight, and the values it compared: they add up to it.
    """

    left_id: str
    right_id: str
    rule: str
    type: str
    value: str
    weight: float
    parts: tuple[Compared, ...] = ()

    @property
    def shown(self) -> str:
        """The value as it may be shown; which column a merge was recorded in is no value of anybody."""
        if self.rule == SIMILAR_RULE:
            return ""
        return self.value if self.rule == ALIAS_RULE or not self.value else mask(self.value)


@dataclass(frozen=True)
class Explanation:
    """Whether two records share an entity, and what says so.

    Attributes:
        left_id, right_id: the records asked for.
        level: person or account; None where one is a person and the other a company.
        same: whether they share an entity.
        steps: the path of used evidence between them; empty where they do not. Of a person and a company that it
            belongs to, the path over the strongest membership.
        reasons: where they do not, what could have joined them and did not.
        parts: where they do not, what each comparison by likeness says of the two: as it was when they were compared;
            else by the average of how rare values are.
        standing: of a person and a company, how the one belongs to the other; None where nothing says so.
        accounts: of a person and a company, all accounts of the person, the primary first; see `Standing`.
    """

    left_id: str
    right_id: str
    level: str | None
    same: bool
    steps: list[Step] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    parts: list[Compared] = field(default_factory=list)
    standing: Standing | None = None
    accounts: list[Standing] = field(default_factory=list)

    @property
    def member(self) -> bool:
        """Of a person and a company, whether the one belongs to the other, or did. A membership is no link."""
        return self.standing is not None and self.standing.state == "used"

    @property
    def weakest(self) -> Step | None:
        """The step with the least weight, the first of several."""
        return min(self.steps, key=lambda step: step.weight, default=None)

    def __str__(self) -> str:
        """A few lines for a terminal; values are masked."""
        two = f"{mask_id(self.left_id)} and {mask_id(self.right_id)}"
        said = f"{two} are one {self.level}:" if self.same else f"{two} are not one"
        if self.left_id == self.right_id:
            said = f"{mask_id(self.left_id)} is asked twice: one record, of one {self.level}"
        if self.level is None:
            said = f"{two} are a person and a company; {self._belongs()}"
        lines = [said, *self._path()]
        lines += [f"  {reason}" for reason in self.reasons] + _lines(self.parts, "    ")
        if self.accounts:
            lines.append("  accounts of the person:")
            lines += [f"    {place}. {one}" for place, one in enumerate(self.accounts, 1)]
        return "\n".join(lines)

    def _belongs(self) -> str:
        """Whether the person belongs to the company."""
        match self.standing:
            case None:
                return "the person does not belong to it"
            case Standing(state="review"):
                return "whether the person belongs to it waits for somebody to decide:"
            case Standing(until=None):
                return "the person belongs to it:"
            case Standing(until=until):
                return f"the person belonged to it until {until:%Y-%m-%d}:"

    def _path(self) -> list[str]:
        """The steps, the weakest marked."""
        lines = []
        for step in self.steps:
            mark = "   ← weakest" if step is self.weakest and len(self.steps) > 1 else ""
            lines.append(
                f"  {mask_id(step.left_id)} — {f'{step.type} {step.shown}'.strip()} — {mask_id(step.right_id)}"
                f"   (rule {step.rule}, weight {step.weight:g}){mark}"
            )
            lines += _lines(step.parts, "      ")
        return lines

    def as_dict(self) -> dict[str, Any]:
        """Give the same for machines; values are masked here too."""
        steps = [
            {
                "left_id": mask_id(step.left_id),
                "right_id": mask_id(step.right_id),
                "rule": step.rule,
                "type": step.type,
                "value": step.shown,
                "weight": step.weight,
                "weakest": step is self.weakest,
                "parts": [part.as_dict() for part in step.parts],
            }
            for step in self.steps
        ]
        return {
            "left_id": mask_id(self.left_id),
            "right_id": mask_id(self.right_id),
            "level": self.level,
            "same": self.same,
            "steps": steps,
            "reasons": self.reasons,
            "parts": [part.as_dict() for part in self.parts],
            "member": self.member,
            "accounts": [one.as_dict() for one in self.accounts],
        }


def _lines(parts: Sequence[Compared], indent: str) -> list[str]:
    """Parts as a table for a terminal, the one that says least marked."""
    rows = [(part.field, part.level, part.shown, f"{part.weight:+.1f}") for part in parts]
    wide = [max((len(row[place]) for row in rows), default=0) for place in range(4)]
    least = min((part.weight for part in parts if part.field not in {"prior", "ceiling"}), default=0.0)
    marks = ["   ← weakest" if part.weight == least and len(parts) > 1 else "" for part in parts]
    return [
        f"{indent}{row[0]:<{wide[0]}}  {row[1]:<{wide[1]}}  {row[2]:<{wide[2]}}  {row[3]:>{wide[3]}}{mark}"
        for row, mark in zip(rows, marks, strict=True)
    ]
