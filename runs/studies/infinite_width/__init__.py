"""What would infinitely many particles do? Estimates beside every limit that is known, and five questions."""
