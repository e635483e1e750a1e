"""claims.csv and its table: what is written is read back, damage is refused, and a violated theorem is told apart."""

import io
import math
from dataclasses import astuple, replace
from pathlib import Path

import pytest
import torch
from rich.console import Console

from limits.theorems import Assumption, Statement, Verdict, as_published, from_above, in_order, unchecked
from runs.study.claims import CLAIMS, Claim, claims_in, claims_table, is_violated, number, read_claims, write_claims
from runs.system.refusal import Refusal
from tests.draws import normals

THEOREM = Statement('|K_t - K_0| <= B, "so it is"; 1 | 2', "somebody, theorem 4.1")
FOUND = Statement("movement falls\nwith gamma [0, 1]", "somebody, figure 2", proven=False)
ASSUMED = (Assumption("gamma > 0, (it is 0.5)", True), Assumption('m = 3; "wide"', False))

CLAIMED = (
    Claim("E0.1", from_above(THEOREM, ASSUMED[:1], torch.tensor(2.0), torch.tensor(1.0))),
    Claim("E0.1", in_order(FOUND, (), normals(4, seed=1).tolist(), [0.1] * 4)),
    Claim("E0.2", as_published(FOUND, (), 0.1 + 0.2, 0.05, 1.0 / 3.0, math.nan)),
    Claim("E0.2", unchecked(THEOREM, ASSUMED)),
    Claim("E0.3", from_above(THEOREM, (), torch.tensor(0.0), torch.tensor(-1.0))),
)


def same(one: Claim, other: Claim) -> bool:
    """Whether two claims are equal in every field, NaN being equal to itself."""
    return repr(astuple(one)) == repr(astuple(other))


def shown(claims: tuple[Claim, ...]) -> str:
    """The table as a wide terminal shows it."""
    console = Console(file=io.StringIO(), width=250)
    console.print(claims_table(claims))
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def test_claims_are_read_as_they_were_written(tmp_path: Path) -> None:
    """Assert that every field comes back with all its digits, NaN and infinity too, and nothing else is left behind."""
    path = tmp_path / CLAIMS
    write_claims(path, CLAIMED)
    write_claims(path, CLAIMED)
    back = read_claims(path)
    assert len(back) == len(CLAIMED) and all(map(same, back, CLAIMED))
    assert math.isinf(back[-1].result.margin) and back[3].result.failing == ('m = 3; "wide"',)
    assert [place.name for place in tmp_path.iterdir()] == [CLAIMS]
    head = path.read_text().splitlines()[0]
    assert head == "experiment,statement,source,proven,bound,measured,error,verdict,margin,assumptions"


def test_table_names_what_is_stated_and_what_was_found() -> None:
    """Assert that experiment, statement, source, numbers and verdict stand in the table, and brackets are kept."""
    said = shown(CLAIMED)
    for word in ("E0.2", "with gamma [0, 1]", "somebody, figure 2 (empirical)", "somebody, theorem 4.1", "undecided"):
        assert word in said, word
    assert 'assumption fails: m = 3; "wide"' in said
    assert "5 claims: 2 holds, " in said and "1 assumption fails" in said
    assert "0.333" in said and number(math.nan) == "-"
    assert "nothing is stated" in shown(())


def test_table_is_steered_by_nobody() -> None:
    """Assert that marks of a terminal or of the table in a statement are shown and not obeyed."""
    steering = replace(CLAIMED[0], result=replace(CLAIMED[0].result, statement="\x1b[2J[bold]loud[/bold]"))
    assert "\\x1b[2J[bold]loud[/bold]" in shown((steering,))


def test_only_a_proven_theorem_is_an_alarm() -> None:
    """Assert that a violated finding is none, while a violated theorem is, and one that is undecided is not."""
    one = torch.tensor(1.0)
    violated = Claim("E0", from_above(FOUND, (), one, 2.0 * one))
    assert violated.result.verdict is Verdict.VIOLATED
    assert not is_violated([violated, *CLAIMED])
    assert is_violated([*CLAIMED, Claim("E0", from_above(THEOREM, (), one, 2.0 * one))])
    assert not is_violated([Claim("E0", from_above(THEOREM, (), one, 2.0 * one, error=one))])


def test_claims_of_folders_below_are_found(tmp_path: Path) -> None:
    """Assert that experiments get the folder's name, that a table hides those below it, and an empty one is one."""
    for name, claims in (("one", CLAIMED[:2]), ("two/deep", CLAIMED[2:]), ("two/deep/er", CLAIMED), ("none", ())):
        (tmp_path / name).mkdir(parents=True)
        write_claims(tmp_path / name / CLAIMS, claims)
    names = [claim.experiment for claim in claims_in(tmp_path)]
    assert names == ["one E0.1", "one E0.1", "two/deep E0.2", "two/deep E0.2", "two/deep E0.3"]
    assert [claim.experiment for claim in claims_in(tmp_path / "one")] == ["E0.1", "E0.1"]
    assert claims_in(tmp_path / "none") == ()


def test_folders_without_claims_are_refused(tmp_path: Path) -> None:
    """Assert that a file, nothing, and a folder in which there is no table are told in a sentence."""
    (tmp_path / "file").write_text("")
    for name in ("file", "nothing"):
        with pytest.raises(Refusal, match="is no folder: name the folder of a study's results"):
            claims_in(tmp_path / name)
    with pytest.raises(Refusal, match=r"There is no claims.csv in .* nor below"):
        claims_in(tmp_path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("holds", "perhaps"),
        (",True,", ",yes,"),
        (",2.0,", ",two,"),
        (",2.0,", ",2.0,2.0,"),
        ("[[", "["),
        ("true]]", "true]"),
        ("somebody", "somebod\udcff"),
    ],
)
def test_damaged_claims_are_refused(tmp_path: Path, old: str, new: str) -> None:
    """Assert that a changed verdict, number or cell, and bytes that are no text, are refused with the line."""
    path = tmp_path / CLAIMS
    write_claims(path, CLAIMED)
    path.write_bytes(path.read_text().replace(old, new, 1).encode(errors="surrogateescape"))
    with pytest.raises(Refusal, match=r"is damaged at line \d+: run the study again, which writes it"):
        read_claims(path)


def test_files_of_other_columns_are_refused(tmp_path: Path) -> None:
    """Assert that another table, an empty file and a folder of the name are no claims."""
    path = tmp_path / CLAIMS
    for text in ("", "a,b\n1,2\n", "experiment,statement\n"):
        path.write_text(text)
        with pytest.raises(Refusal, match="has no columns experiment, statement"):
            read_claims(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(Refusal, match=r"cannot be read \(a folder\)"):
        read_claims(path)
