"""What a record is: its text, its rules, its item and its version. Pure: no AWS, no HTTP, no clock of its own."""
