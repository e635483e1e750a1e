"""Words of refusals: articles and plurals."""


def plural(words: str) -> str:
    """Words that name one thing as the name of several."""
    article, _, name = words.partition(" ")
    first, *rest = name.split(" ")
    if article not in ("a", "an"):
        return words
    return " ".join([f"{first}s", *rest]) if not rest or rest[0] == "of" else words


def with_article(name: str) -> str:
    """A name with a or an before it."""
    spelled = name[:1] in "AEFHILMNORSX" and not name[1:2].islower()
    return f"{'an' if spelled or name[:1] in 'AEIOaeio' else 'a'} {name}"
