"""The operator's commands: where the buffer stands, and what becomes of the dead letters."""
