"""The turn: one event, one commit, one reply."""
