"""The study of kernel limits, file by file."""
