"""How right a graph is against a known truth, by rule, and what its errors come from."""

from idgraph.audit.evaluation.evaluation import Evaluation, evaluation

__all__ = ["Evaluation", "evaluation"]
