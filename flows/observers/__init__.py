"""What looks at a run: schedules, records, stopping, progress."""
