"""What every member of a family must keep, as functions: each takes a member and fails with the claim it breaks.

A member of the library is handed to all of its family's functions, a planted one to the function that must reject it.
"""
