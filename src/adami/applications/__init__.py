"""Methods met with the data of one field each: a package a field."""

from adami._lazy import attach

__all__, __getattr__, __dir__ = attach(__name__, {})
