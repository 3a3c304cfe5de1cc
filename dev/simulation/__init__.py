"""The drain in virtual time: the real consumer against a simulated queue, event source mapping and throttled table.

One clock, one seed: a run that fails fails the same way again. Tests and benchmarks share it.
"""
