"""How the table's capacity is used: Forebay's drain beside the alternatives, and beside what is possible at best."""
