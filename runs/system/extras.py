"""Instructions for the installation of optional parts of this project, from its clone."""


def installed_by(extra: str) -> str:
    """The command that installs an extra, as the end of a sentence."""
    return f"pip install -e '.[{extra}]' in the clone of meanfield-particles"
