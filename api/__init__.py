"""HTTP in, messages out: the FastAPI app in front of the queue."""
