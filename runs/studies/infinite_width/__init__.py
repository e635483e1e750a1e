"""What would infinitely many particles do? Estimates beside every known limit, and five questions."""
