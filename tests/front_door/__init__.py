"""What the front door is tried with: every public callable with right arguments, and wrong things in place of each."""
