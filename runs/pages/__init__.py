"""Pages: what a run stated, what was measured and its particles, as one HTML file that needs no network."""

from runs.pages.page import write_page

__all__ = ["write_page"]
