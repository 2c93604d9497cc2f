"""Scenario tests: calls that are written down, made on the very interpreter that answers real ones.

A file `*.calltest.yaml` says what somebody does on the phone and what happens then. The platform is
emulated, time is simulated, look-ups and records are what the scenario says; all else is the
product: callbacks in their bytes, the turn, its store, the replies in theirs.
"""
