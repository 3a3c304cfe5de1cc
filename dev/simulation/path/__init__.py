"""The whole path in virtual time: clients, API processes and functions, SQS, consumer, table, and the operator."""
