"""The results of a study's runs: index, table, figure and summary."""
