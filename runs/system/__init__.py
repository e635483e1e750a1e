"""The machine and the terminal: files, memory, signals, launchers, and texts that are printed."""
