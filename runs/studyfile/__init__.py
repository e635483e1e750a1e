"""Studies written as a TOML file: validated, expanded into runs, done one by one, continued where they were."""
