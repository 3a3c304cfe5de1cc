"""The load generator: users that post records, and a check that no accepted record is lost. Development only."""
