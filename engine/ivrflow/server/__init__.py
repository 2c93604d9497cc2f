"""The HTTP shell around the turn."""
