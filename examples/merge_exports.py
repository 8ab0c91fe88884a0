"""From a folder of exports to people and companies, with a look at one link and at how much is right.

    python examples/merge_exports.py [folder to write]

The exports are made up, so that the truth about them is known. With your own, begin at `discover`.
"""

import sys
import tempfile
from pathlib import Path

import idgraph as ig
from idgraph.datasets import saas_world


def main(out: Path) -> None:
    # A software company with 60 customers exports its CRM, product, website and analytics: 17 files.
    world = saas_world(60, seed=7)
    exports = out / "exports"
    world.write(exports)

    # Each file is recognised by its columns.
    found = ig.discover(exports)
    for file in found.recognised:
        print(f"{file.path.name}: {file.source}, by {', '.join(file.by)}")

    # Link what shares identifiers, refuse identifiers that too many share, collapse the rest.
    graph = ig.resolve(*found, config=ig.Config(region="US"))
    print(f"\n{graph}")

    # What was refused, and why.
    refused = graph.suppressed.group_by("type", "reason").len("values").sort("values", "type", descending=True)
    for kind, reason, values in refused.iter_rows():
        print(f"{values:>5} values of type {kind}: {reason}")

    # Why two records of one profile are one person.
    left, right = graph.example()
    explanation = graph.explain(left, right)
    print(f"\n{explanation}")
    assert explanation.same
    assert explanation.weakest is not None

    # How much is right. Only a made-up world, or a sample that people have labelled, can say that.
    people = graph.evaluate(world.people_truth)
    companies = graph.evaluate(world.company_truth, level="account")
    print(f"\npeople:    precision {people.precision:.3f}, recall {people.recall:.3f}")
    print(f"companies: precision {companies.precision:.3f}, recall {companies.recall:.3f}")

    # One file for each frame, and run.json. Written at once or not at all; only its owner can read it.
    folder = graph.write(out / "graph")
    print(f"\nwritten to {folder}: {', '.join(sorted(path.name for path in folder.iterdir()))}")
    assert ig.open(folder).counts() == graph.counts()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as scratch:
            main(Path(scratch))
