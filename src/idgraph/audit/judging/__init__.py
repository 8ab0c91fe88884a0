"""Judging: pairs and profiles side by side in a notebook, to say whether they are the same."""
