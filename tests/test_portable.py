"""The steps are written once for all engines: nothing in them may mean something else, or nothing, on Spark.

Row logic is Polars (names on `pl`, in kernels) and is free. Relations are narwhals (names on `nw`): they are read here.
"""

import ast
import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src" / "idgraph"
STEPS = ("sources", "normalise", "linkage", "collapse", "entities", "audit")
FILES = sorted(
    [
        *(path for step in STEPS for path in (SOURCE / step).rglob("*.py")),
        *(SOURCE / name for name in ("pipeline.py", "graph.py", "pql/events.py")),
    ]
)
TIMES = {"observed_at", "first_seen", "last_seen", "at", "until", "since", "revoked_at"}
NUMBERS = {"COUNT", "NUMBER", "nw.Int64()", "nw.Int32()", "nw.Float64()"}
NOT_ALIKE = {
    "str.replace": "it raises on Spark; write replace_all",
    "dt.timestamp": "it raises on Spark; write idgraph.schema.microseconds",
    "dt.total_seconds": "it raises on Spark; compare times, or write a kernel",
    "mode": "of values as frequent Spark gives another; count, and take the first in an order",
    "first": "in a group it raises on Spark; write min, or unique(…, keep='first', order_by=…)",
    "last": "in a group it raises on Spark; write max, or unique(…, keep='last', order_by=…)",
    "map_batches": "of an expression it raises on Spark; write engine.map_batches",
    "join_asof": "it raises on Spark; write a kernel for engine.map_groups",
}
# What one task may hold: the records of an entity, what two of them have in common.
SMALL = {"'entity'", "'entity_id'", "'component'", "'part'", "'group'", "*_PAIR", "*_TORN"}
WINDOW = "one task sorts a group, and of a value or a source it may be huge; write engine.with_totals"
CLASSES = "is of ASCII letters on Spark and of all on Polars; write [0-9], [A-Za-z_] or \\p{L}"
BACKREFERENCE = "is $1 on Spark and ${1} on Polars; write a kernel"
CHANCE = "which row stays is chance on Spark; say order_by"
SECONDS = "a time is microseconds on Polars and seconds on Spark; write idgraph.schema.microseconds"


def faults(code: str) -> list[tuple[int, str]]:
    """What does not mean the same on every engine: the line, and what and why."""
    tree = ast.parse(code)
    constants = {
        target.id: ast.unparse(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    calls = {call: False for call in ast.walk(tree) if isinstance(call, ast.Call)}
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef) and "nw." in signature(function):
            calls |= {call: True for call in ast.walk(function) if isinstance(call, ast.Call)}
    found = [
        (call.lineno, fault)
        for call, inside in calls.items()
        if isinstance(call.func, ast.Attribute) and is_relational(call.func.value, inside=inside)
        for fault in faults_of(call, call.func, constants)
    ]
    return sorted(set(found))


def signature(function: ast.FunctionDef) -> str:
    """The types a function takes and gives: those of narwhals say that it is of relations."""
    types = [argument.annotation for argument in (*function.args.args, *function.args.kwonlyargs)]
    return " ".join(ast.unparse(given) for given in (*types, function.returns) if given)


def is_relational(receiver: ast.expr, *, inside: bool) -> bool:
    """Whether a method is one of narwhals: its chain begins with `nw`, or with a name of a function of relations."""
    root = receiver
    while isinstance(root, ast.Attribute | ast.Call | ast.Subscript | ast.BinOp | ast.UnaryOp):
        if isinstance(root, ast.Attribute) and root.attr == "collect":  # Polars from here on
            return False
        inner = {ast.Call: "func", ast.BinOp: "left", ast.UnaryOp: "operand"}
        root = getattr(root, inner.get(type(root), "value"))
    name = root.id if isinstance(root, ast.Name) else ""
    return name == "nw" or (inside and name not in {"pl", "engine", "self", "re"})


def faults_of(call: ast.Call, method: ast.Attribute, constants: dict[str, str]) -> list[str]:
    over = method.value.attr if isinstance(method.value, ast.Attribute) else ""
    name = f"{over}.{method.attr}" if over in {"str", "dt"} else method.attr
    said = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
    given = [ast.unparse(argument) for argument in call.args]
    found = [NOT_ALIKE[name]] if name in NOT_ALIKE else []
    if name in {"str.contains", "str.replace_all"} and "literal" not in said:
        pattern = " ".join(constants.get(text, text) for text in (*given, *said.values())).replace("\\\\", "\\")
        found += [f"{sign} {CLASSES}" for sign in re.findall(r"\\[wdsbWDSB]", pattern)]
        found += [f"{sign} {BACKREFERENCE}" for sign in re.findall(r"\$\{?\d", pattern)]
    if name == "unique" and said.get("keep") in {"'first'", "'last'"} and "order_by" not in said:
        found.append(CHANCE)
    # Where a few ranks are asked for, each task keeps its own first rows before a group comes together.
    ranks = isinstance(method.value, ast.Call) and ast.unparse(method.value.func).endswith(".rank")
    if name == "over" and not ranks and set(given) - SMALL:
        found.append(WINDOW)
    if name == "cast" and NUMBERS & set(given) and ast.unparse(method.value) in {f"nw.col('{time}')" for time in TIMES}:
        found.append(SECONDS)
    return [f"{name}: {fault}" for fault in found]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_relations_mean_the_same_on_every_engine(path):
    assert faults(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("nw.col('file').str.replace('a', 'b')", "str.replace: it raises on Spark"),
        (r"nw.col('a').str.contains(r'^\w+$')", r"str.contains: \w is of ASCII letters on Spark"),
        ("PATTERN: Final = r'^[\\\\d]+$'\nnw.col('a').str.replace_all(PATTERN, '')", r"str.replace_all: \d"),
        ("nw.col('a').str.replace_all('(a)', '${1}')", "${1 is $1 on Spark"),
        ("nw.col('a').mode()", "mode: of values as frequent"),
        ("frame.group_by('a').agg(nw.col('b').first())", "first: in a group"),
        ("frame.group_by('a').agg(nw.col('b').sort().last())", "last: in a group"),
        ("(nw.col('a') - nw.col('b')).dt.total_seconds()", "dt.total_seconds: it raises on Spark"),
        ("nw.col('a').map_batches(len)", "map_batches: of an expression"),
        ("def step(one: nw.LazyFrame):\n    return one.join_asof(one, on='a')", "join_asof: it raises on Spark"),
        ("def step(one: nw.LazyFrame):\n    return one.unique('a', keep='first')", "unique: which row stays is chance"),
        ("nw.len().over('value')", "over: one task sorts a group"),
        ("nw.col('observed_at').cast(COUNT)", "cast: a time is microseconds on Polars"),
    ],
)
def test_what_differs_is_found(code, said):
    ((_, fault),) = faults(code)
    assert said in fault


@pytest.mark.parametrize(
    "code",
    [
        "pl.col('file').str.replace(r'\\d', '')",
        "nw.col('file').str.replace_all(r'\\d', '', literal=True)",
        r"nw.col('file').str.contains(r'^\p{L}[0-9]\.')",
        "def kernel(rows: pl.DataFrame):\n    return rows.join_asof(rows, on='a')",
        "def step(one: nw.LazyFrame, engine: Engine):\n    return engine.map_batches(one, kernel, schema)",
        "def step(one: nw.LazyFrame, engine: Engine):\n    return engine.collect(one)['a'].mode().first()",
        "def step(one: nw.LazyFrame):\n    return one.unique('a', keep='first', order_by=['b'])",
        "nw.col('records').cast(COUNT)",
        "nw.col('weight').min().over('entity', 'part')",
        "nw.col('record_id').rank('ordinal').over(*value)",
    ],
)
def test_what_agrees_is_left_alone(code):
    assert faults(code) == []
