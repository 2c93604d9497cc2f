"""How the model's values keep their place in the author's file."""

PLACE = "@"
"""The encoded name of fields that hold a place; the canonical closure leaves them out."""
