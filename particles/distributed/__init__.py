"""One cloud held by many processes."""
