"""How far the runs in a folder of results are, read from the folder while they go on."""
