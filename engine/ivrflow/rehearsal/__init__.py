"""Calls that nobody pays for: the engine behind the emulated platform, and people on the line."""
