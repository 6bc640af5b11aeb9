"""The papers' claims, measured again: one script a paper."""
