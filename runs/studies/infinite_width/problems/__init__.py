"""What is asked, one family of networks a file, with the answers that are known."""
