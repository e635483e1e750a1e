"""Damaged and malicious trajectories through every command that reads one: a sentence or an answer, no traceback."""

import json
import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.runs.inspect.recorded import recorded
from tests.runs.study.smoke import spoken

POSITION = "particles/cloud/position"
MODULE = "h5md/modules/meanfield_particles"
#: What one command may ask for beyond what the process has already.
MEMORY = 2**30
#: A number in the file outside, which must never be seen.
SECRET = 8675309.0

Damage = Callable[[Path, Path], None]


def cut(numerator: int) -> Damage:
    """So many sixteenths of the file are left."""
    return lambda path, _: path.write_bytes(path.read_bytes()[: path.stat().st_size * numerator // 16]) and None


def flipped(start: int) -> Damage:
    """Every bit of 16 bytes in the headers is the other one."""

    def damage(path: Path, _: Path) -> None:
        content = bytearray(path.read_bytes())
        content[start : start + 16] = bytes(255 - byte for byte in content[start : start + 16])
        path.write_bytes(content)

    return damage


def edited(change: Callable[[h5py.File, Path], object]) -> Damage:
    """The content is changed through HDF5."""

    def damage(path: Path, outside: Path) -> None:
        with h5py.File(path, "r+") as file:
            change(file, outside)

    return damage


def replaced(name: str, make: Callable[[h5py.File, Path], object]) -> Damage:
    """Another thing has the name."""

    def change(file: h5py.File, outside: Path) -> None:
        del file[name]
        file[name] = make(file, outside)

    return edited(change)


def stored(name: str, **options: object) -> Damage:
    """A dataset of these options has the name."""

    def change(file: h5py.File, outside: Path) -> None:
        del file[name]
        chosen = {key: value(outside) if callable(value) else value for key, value in options.items()}
        file.create_dataset(name, **chosen)

    return edited(change)


def attribute(name: str, value: object) -> Damage:
    """Another value of an attribute of our module."""
    return edited(lambda file, _: file[MODULE].attrs.__setitem__(name, value))


def written(name: str, text: str | bytes) -> Damage:
    """Another text."""
    return stored(name, data=text)


def giant_text(path: Path, _: Path) -> None:
    """A variable-length text that says it is four gigabytes long."""
    with h5py.File(path, "r+") as file:
        text = file["parameters/configuration"]
        place, length = text.id.get_offset(), len(text.asstr()[()].encode())
    if place is None:
        return
    content = bytearray(path.read_bytes())
    if int.from_bytes(content[place : place + 4], "little") == length:
        content[place : place + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(content)


def unknown_filter(path: Path, _: Path) -> None:
    """Frames behind a filter that nobody has."""
    with h5py.File(path, "r+") as file:
        del file[f"{POSITION}/value"]
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_chunk((1, 3, 2))
        properties.set_filter(32999, h5py.h5z.FLAG_OPTIONAL, (1, 2))
        space = h5py.h5s.create_simple((4, 3, 2))
        made = h5py.h5d.create(file[POSITION].id, b"value", h5py.h5t.NATIVE_DOUBLE, space, properties)
        value = h5py.Dataset(made)
        value.attrs["cloud_dtype"], value.attrs["device"] = np.bytes_("float64"), np.bytes_("cpu")
        for number in range(4):
            made.write_direct_chunk((number, 0, 0), bytes(48), 0)


def virtual(file: h5py.File, outside: Path) -> None:
    """Masses that are a view into another file."""
    layout = h5py.VirtualLayout((3,), np.float64)
    layout[:] = h5py.VirtualSource(str(outside), "particles/cloud/mass", (3,))
    del file["particles/cloud/mass"]
    file.create_virtual_dataset("particles/cloud/mass", layout)


def huge_steps(file: h5py.File, _: Path) -> None:
    """More records than any memory holds."""
    for name in ("step", "time", "value"):
        file[f"{POSITION}/{name}"].resize(2**40, axis=0)
    file[f"{POSITION}/step"][-1] = 1


def values(name: str, number: float) -> Damage:
    """A number everywhere in a dataset."""
    return edited(lambda file, _: file[name].__setitem__(..., number))


NAMES = ("configuration", "provenance")
TEXTS = {
    "not JSON": "{",
    "a list": "[1]",
    "deep": "[" * 100_000,
    "deep object": '{"a":' * 5000 + "1" + "}" * 5000,
    "a long number": '{"a": ' + "9" * 10_000 + "}",
    "half a character": '{"a": "\\ud800"}',
    "a command to the terminal": '{"a\\u001b[2J": "\\u001b]0;x\\u0007"}',
    "empty": "{}",
    "no UTF-8": b"\xff\xfe",
}
DAMAGE: dict[str, Damage] = {
    **{f"cut to {share}/16": cut(share) for share in range(16)},
    **{f"flipped at {start}": flipped(start) for start in (0, 8, 16, 32, 48, 64, 80, 96, 128, 160, 192, 256, 400, 512)},
    **{f"flipped at {start}": flipped(start) for start in range(768, 20_000, 1024)},
    **{
        f"{name} {kind}": written({"configuration": "parameters/", "provenance": MODULE + "/"}[name] + name, text)
        for name in NAMES
        for kind, text in TEXTS.items()
    },
    **{
        f"without {name}": edited(lambda file, _, name=name: file.__delitem__(name))
        for name in (
            *("h5md", "particles", "observables", "parameters", MODULE, "particles/cloud", "particles/cloud/mass"),
            *(POSITION, f"{POSITION}/step", f"{POSITION}/time", f"{POSITION}/value", "parameters/configuration"),
            *(f"{MODULE}/provenance", f"{MODULE}/opened", "observables/risk/value", "observables/risk/time"),
        )
    },
    **{
        f"{name} of dtype {kind}": stored(name, data=np.zeros(shape, kind))
        for name, shape in (
            *((f"{POSITION}/value", (4, 3, 2)), (f"{POSITION}/step", 4), ("particles/cloud/mass", 3)),
            *(("observables/risk/value", 4), ("observables/risk/step", 4), ("observables/risk/time", 4)),
        )
        for kind in ("S4", "c16", "?", "f2", ">f8", "V8", "u8")
    },
    **{
        f"{name} of shape {shape}": stored(name, data=np.zeros(shape))
        for name in (f"{POSITION}/value", f"{POSITION}/time", "particles/cloud/mass", "observables/risk/value")
        for shape in ((), (0,), (3, 3), (4, 0, 2), (4, 3, 2, 1))
    },
    **{
        f"{name} is {number}": values(name, number)
        for name in (
            *("particles/cloud/mass", f"{POSITION}/value", f"{POSITION}/time", "observables/risk/value"),
            *("observables/risk/time", "observables/mean/value"),
        )
        for number in (np.nan, np.inf, -1.0, 1e308, 0.0)
    },
    **{f"steps are {number}": values(f"{POSITION}/step", number) for number in (-1, -5, 2**62)},
    "version of text": attribute("version", "one"),
    "version of floats": attribute("version", np.array([np.nan, 1.0])),
    "version in the future": attribute("version", np.array([9, 0])),
    "version empty": attribute("version", h5py.Empty("i8")),
    "complete of text": attribute("complete", "yes"),
    "complete of an array": attribute("complete", np.zeros(3)),
    "external link": replaced(f"{POSITION}/value", lambda f, o: h5py.ExternalLink(str(o), f"{POSITION}/value")),
    "external observable": replaced("observables/risk", lambda f, o: h5py.ExternalLink(str(o), "observables/risk")),
    "external parameters": replaced("parameters", lambda f, o: h5py.ExternalLink(str(o), "parameters")),
    "soft cycle": replaced("observables/risk", lambda f, o: h5py.SoftLink("/observables/risk")),
    "dangling link": replaced("particles/cloud/mass", lambda f, o: h5py.SoftLink("/nothing")),
    "hard cycle": replaced("observables/risk", lambda f, o: f["observables"]),
    "root as a child": replaced("particles/cloud/mass", lambda f, o: f["/"]),
    "datasets as groups": replaced("observables/risk", lambda f, o: f["particles/cloud/mass"]),
    "raw storage outside": stored(
        "particles/cloud/mass", shape=(3,), dtype="f8", external=lambda outside: [(str(outside), 0, 24)]
    ),
    "virtual masses": edited(virtual),
    "object references": replaced("particles/cloud/mass", lambda f, o: np.array([f.ref] * 3, dtype=h5py.ref_dtype)),
    "lists of numbers": stored("particles/cloud/mass", shape=(3,), dtype=h5py.vlen_dtype(np.float64)),
    "more masses than memory": stored("particles/cloud/mass", shape=(2**45,), dtype="f8", chunks=(1024,)),
    "one enormous chunk": stored("observables/risk/value", shape=(4,), dtype="f8", chunks=(2**28,), maxshape=(None,)),
    "more records than memory": edited(huge_steps),
    "a giant text": giant_text,
    "an unknown filter": unknown_filter,
}
COMMANDS = {
    "info": ("info", "{file}"),
    "json": ("info", "{file}", "--json"),
    "csv": ("export", "{file}", "--to", "csv"),
    "npz": ("export", "{file}", "--to", "npz"),
    "mdanalysis": ("export", "{file}", "--to", "mdanalysis"),
    "plot": ("plot", "{file}", "--out", "{folder}"),
}


@pytest.fixture
def bounded_memory() -> Iterator[None]:
    """No more than `MEMORY` may be asked for beyond what the process has."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """A file, and the one outside of it, whose numbers are secret."""
    folder = tmp_path_factory.mktemp("sound")
    outside = recorded(folder / "outside.h5")
    with h5py.File(outside, "r+") as file:
        file[f"{POSITION}/value"][...] = SECRET
        file["observables/risk/value"][...] = SECRET
    return recorded(folder / "run.h5").read_bytes(), outside.read_bytes()


@pytest.mark.validation
@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_a_sentence_or_an_answer(
    tmp_path: Path, sound: tuple[bytes, bytes], bounded_memory: None, kind: str
) -> None:
    """Assert that every command ends with exit code 0, or 2 and one sentence, and shows nothing of another file."""
    path, outside = tmp_path / "run.h5", tmp_path / "outside.h5"
    path.write_bytes(sound[0])
    outside.write_bytes(sound[1])
    DAMAGE[kind](path, outside)
    for name, command in COMMANDS.items():
        code, out, err = spoken(*(part.format(file=path, folder=tmp_path / "plots") for part in command))
        assert code in (0, 2), name
        assert (err == "") == (code == 0) and err.count("\n") <= 1, name
        assert "8675309" not in out.replace(",", "").replace(".", ""), name
        out.encode()
        assert "\x1b" not in out + err, name
    table = tmp_path / "run.csv"
    assert not table.exists() or "8675309" not in table.read_text()


def test_damage_is_of_many_kinds() -> None:
    """Assert that there are at least fifty ways, and that none leaves the text of the parameters valid by accident."""
    assert len(DAMAGE) >= 50
    assert json.loads(TEXTS["empty"]) == {}
