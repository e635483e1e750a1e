"""What commands need of the machine and the terminal."""
