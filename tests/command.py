"""The command line, as a person or a CI job runs it."""

from collections.abc import Callable

Cli = Callable[..., tuple[int, str, str]]
"""Takes arguments; returns exit code, what was shown and what was told."""
