"""Load from outside: users that post records, and the verification that nothing of what was accepted is lost. A
development tool; nothing of it is deployed.
"""
