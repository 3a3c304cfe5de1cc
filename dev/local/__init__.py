"""The local stack: the whole system on one machine, with the throttling real. Development only."""
