"""The limit of the networks of a study file: its points, folders, samples, tables, figure and the command."""
