"""Expressions: Jinja2's grammar, and types, evaluation and filters of our own."""
