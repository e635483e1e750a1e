"""Articles and plurals for the sentences of errors."""


def plural(words: str) -> str:
    """The plural of words such as "a number of"; other words stay as they are."""
    article, _, name = words.partition(" ")
    first, *rest = name.split(" ")
    if article not in ("a", "an"):
        return words
    return " ".join([f"{first}s", *rest]) if not rest or rest[0] == "of" else words


def with_article(name: str) -> str:
    """A name after its article, "a" or "an"."""
    spelled = name[:1] in "AEFHILMNORSX" and not name[1:2].islower()
    return f"{'an' if spelled or name[:1] in 'AEIOaeio' else 'a'} {name}"
