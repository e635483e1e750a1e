"""What training does to the function while the kernel stays put, and how far that is from a real run."""
