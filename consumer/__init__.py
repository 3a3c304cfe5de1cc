"""Messages in, items out: the Lambda function that drains the queue into the table."""
