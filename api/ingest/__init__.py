"""POST /records: from a request's bytes to the messages that are sent."""
