"""Texts of figures with formulas between dollars, as plotly and HTML show them: letters, sub- and superscripts."""

import re

from markupsafe import Markup, escape

from runs.system.printable import printable

#: Commands of formulas and what they become; one that is not here becomes its name.
LETTERS = """
alpha=α beta=β gamma=γ delta=δ epsilon=ε zeta=ζ eta=η theta=θ kappa=κ lambda=λ mu=μ nu=ν xi=ξ pi=π rho=ρ sigma=σ tau=τ
phi=φ chi=χ psi=ψ omega=ω Gamma=Γ Delta=Δ Theta=Θ Lambda=Λ Sigma=Σ Phi=Φ Psi=Ψ Omega=Ω sum=Σ prod=Π int=∫ nabla=∇
partial=∂ infty=∞ cdot=· times=× pm=± leq=≤ geq=≥ le=≤ ge=≥ neq=≠ approx=≈ sim=~ to=→ rightarrow=→ in=∈ ell=ℓ sqrt=√
propto=∝ ll=≪ gg=≫ langle=⟨ rangle=⟩ prime=′ dots=… |=‖ rm= mathrm= mathbf= text= left= right= !=
"""
SIGNS = dict(pair.split("=") for pair in LETTERS.split())
SIGNS |= {",": "\u2009"} | dict.fromkeys((";", ":", " ", "quad", "qquad"), " ")
#: Marks over the letter that follows, as combining characters after it.
OVER = {"bar": "\u0304", "hat": "\u0302", "tilde": "\u0303", "dot": "\u0307", "overline": "\u0305"}
TOKEN = re.compile(r"\\([A-Za-z]+)\s*|\\(.)|([_^])|([{}])|(.)", re.DOTALL)
#: Formulas between dollars, a dollar behind a backslash being none.
FORMULA = re.compile(r"(?<!\\)\$(.*?)(?<!\\)\$", re.DOTALL)


def marked(text: str) -> Markup:
    """A text with its formulas as HTML of letters, <sub> and <sup>; everything else in it is escaped.

    plotly shows the same. A formula stands between dollars, as matplotlib has it; `\\$` is a dollar.
    """
    pieces = FORMULA.split(text)
    parts = (_formula(piece) if place % 2 else _plain(piece) for place, piece in enumerate(pieces))
    return Markup("").join(parts)


def spoken(text: str) -> str:
    """The text without marks, for a name that is read aloud."""
    return str(marked(text).striptags())


def _plain(text: str) -> Markup:
    return escape(" ".join(printable(line) for line in text.replace(r"\$", "$").splitlines() or [""]))


def _formula(text: str) -> Markup:
    tokens = [found.groups() for found in TOKEN.finditer(text)]
    shown, _ = _group(tokens, 0)
    return shown


def _group(tokens: list[tuple[str, ...]], place: int) -> tuple[Markup, int]:
    """What stands until the closing brace, or the end, and the place after it."""
    shown = Markup("")
    while place < len(tokens) and tokens[place][3] != "}":
        part, place = _next(tokens, place)
        shown += part
    return shown, place + 1


def _next(tokens: list[tuple[str, ...]], place: int) -> tuple[Markup, int]:
    """What the next token with its arguments becomes, and the place after it."""
    if place >= len(tokens):
        return Markup(""), place
    command, sign, script, brace, letter = tokens[place]
    place += 1
    if command == "frac":
        above, place = _next(tokens, place)
        below, place = _next(tokens, place)
        return above + Markup("/") + (Markup("({})").format(below) if len(below) > 1 else below), place
    if command in OVER:
        under, place = _next(tokens, place)
        return under + Markup(OVER[command]), place
    if script:
        part, place = _next(tokens, place)
        tag = "sub" if script == "_" else "sup"
        return Markup(f"<{tag}>") + part + Markup(f"</{tag}>"), place
    if brace == "{":
        return _group(tokens, place)
    name = command or sign
    text = SIGNS.get(name, name) if name else printable((letter or brace or "").replace("-", "−"))
    return escape(text), place
