"""Compiled loops of the exact floor."""
