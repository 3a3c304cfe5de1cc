"""The table in AWS's own DynamoDB engine."""

TABLE_NAME = "table-name"
