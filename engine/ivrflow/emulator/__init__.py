"""A platform in a box: what the Voice API v1 does to whatever answers its callbacks, and no more.

It knows nothing of flows. It sends callbacks, reads the bytes of SVAML that come back, and keeps a
transcript of what every party heard and did. `Platform` is the pure core; `inprocess` runs it on a
simulated clock, `http` in real time.
"""
