"""How the pages are built: docstrings as text, pages of the repository in place, figures of the gallery, links."""
