"""Questions put to the simulator: data sources, studies, figures and the command line."""
