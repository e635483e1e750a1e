"""The risk between two clouds: paths of clouds and their barriers, and networks of which a part is dropped."""
