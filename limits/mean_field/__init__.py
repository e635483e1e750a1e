"""Mean-field laws: the law of infinitely many particles while it moves, and its stationary measure."""
