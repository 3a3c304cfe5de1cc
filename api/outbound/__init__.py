"""To SQS: batches that requests share, each message confirmed or said not to be."""
