"""What both functions tell of themselves: metrics, and where an error came from."""
