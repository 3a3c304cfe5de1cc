"""What a record is: its text, its validation, its item and its version. Pure: no AWS calls, no HTTP, no clock."""
