"""The law of infinitely many particles, on its way and at rest."""
