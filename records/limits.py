"""The service quotas that limit a record, each with its unit and its source."""

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
MESSAGE_BYTES_MAX = 1_048_576
"""UTF-8 bytes of a message: body plus the names, types and values of its attributes."""
SEND_BATCH_BYTES_MAX = 1_048_576
"""Message bytes, summed over all entries of one SendMessageBatch."""
SEND_BATCH_ENTRIES_MAX = 10
"""Entries of one SendMessageBatch, DeleteMessageBatch or ChangeMessageVisibilityBatch."""

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
ITEM_BYTES_MAX = 409_600
"""Bytes of an item, attribute names included."""
PARTITION_KEY_BYTES_MAX = 2048
"""UTF-8 bytes of a partition key's value; at least 1."""
SORT_KEY_BYTES_MAX = 1024
"""UTF-8 bytes of a sort key's value."""
NAME_BYTES_MAX = 65_535
"""UTF-8 bytes of an attribute's name; at least 1."""
NESTING_DEPTH_MAX = 32
"""Brackets open at once in a record's JSON; the record itself is the first."""
NUMBER_DIGITS_MAX = 38
"""Significant digits of a number, leading and trailing zeros not counted."""
NUMBER_EXPONENT_MIN = -130
NUMBER_EXPONENT_MAX = 125
"""Exponents of a number's first significant digit: zero, or 1E-130 to 9.99…E+125 in magnitude."""

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
WRITE_UNIT_BYTES = 1024
"""Item bytes that one write unit pays for."""
