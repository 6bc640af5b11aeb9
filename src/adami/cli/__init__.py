"""The command line: one command a file, thin."""

from adami.cli.app import main

__all__ = ["main"]
