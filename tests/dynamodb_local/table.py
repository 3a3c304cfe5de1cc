"""The table that AWS's own engine judges by."""

TABLE_NAME = "table-name"
