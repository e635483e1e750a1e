"""How a cloud begins: laws of positions, and masses."""
