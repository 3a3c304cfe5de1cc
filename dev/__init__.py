"""Everything that is neither deployed nor run by an operator."""
