"""How an optional part of this project is installed: from its clone, since no package index has it."""


def installed_by(extra: str) -> str:
    """What to do for an extra, to end a sentence with."""
    return f"pip install -e '.[{extra}]' in the clone of meanfield-particles"
