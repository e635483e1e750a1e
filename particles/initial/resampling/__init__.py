"""New clouds from old ones: fewer particles, drawn by importance, and coordinates drawn from laws fitted to clouds."""
