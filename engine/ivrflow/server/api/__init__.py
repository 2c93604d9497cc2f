"""The management API, `/v1`: what those who run the engine see and do, from programs of theirs.

`routes.py` is the table of all that can be asked; each resource has a module of functions from an
engine and what was asked to what is answered. `serving.py` speaks HTTP for all of them, and
`openapi.py` writes down what they take and give.
"""
