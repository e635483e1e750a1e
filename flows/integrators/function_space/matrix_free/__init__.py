"""Implicit steps in function space by products with J and J^T alone: no n k by n k matrix is formed."""
