"""What is read of the queues and of the table, beside the event loop."""
