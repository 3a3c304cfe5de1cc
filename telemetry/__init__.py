"""What both functions report: metrics and traceback frames; and what the depth of a queue is, for all who read it."""
