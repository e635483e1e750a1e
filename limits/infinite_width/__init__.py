"""The limit of infinitely many particles, after training, estimated from clouds of several widths with an error bar."""
