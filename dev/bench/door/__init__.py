"""What a record costs at the door: Forebay's API beside the cheapest route there can be, and beside the tutorial's."""
