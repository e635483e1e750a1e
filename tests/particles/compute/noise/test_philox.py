"""The counter-based generator: published answers, and products that do not overflow."""

import pytest
import torch

from particles.compute.noise.philox import MASK, MULTIPLIERS, _multiply, philox, words

#: Known answers of Philox4x32-10 published with Random123: counter, key, the four words.
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((MASK, MASK, MASK, MASK), (MASK, MASK), (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]

CPU = torch.device("cpu")


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN)
def test_published_answers(
    counter: tuple[int, int, int, int], key: tuple[int, int], answer: tuple[int, ...], device: torch.device
) -> None:
    """Assert that the published counters and keys give the published words, on every device."""
    first, second, third, fourth = (words(value, device) for value in counter)
    assert tuple(int(word) for word in philox((first, second, third, fourth), key)) == answer


def test_counters_broadcast() -> None:
    """Assert that a grid of counters gives what each counter gives by itself."""
    rows, columns = torch.arange(3)[:, None], torch.arange(5)[None, :]
    grid = philox((columns, rows, words(7, CPU), words(9, CPU)), (1, 2))
    for row in range(3):
        for column in range(5):
            one = philox((words(column, CPU), words(row, CPU), words(7, CPU), words(9, CPU)), (1, 2))
            assert [int(word[row, column]) for word in grid] == [int(word) for word in one]


def test_words_stay_words() -> None:
    """Assert that ten thousand counters give words from 0 to 2^32 - 1 in int64, both ends within reach."""
    four = torch.stack(philox((torch.arange(10_000), *(words(0, CPU) for _ in range(3))), (3, 4)))
    assert four.dtype == torch.int64
    assert 0 <= int(four.min()) < 2**21
    assert 2**32 - 2**21 < int(four.max()) <= MASK


@pytest.mark.parametrize("constant", MULTIPLIERS)
def test_product_is_exact(constant: int) -> None:
    """Assert that high and low word of a product are those of exact integers, up to the largest word."""
    values = [0, 1, 2, 0xFFFF, 0x10000, 0x80000000, 0x9E3779B9, MASK - 1, MASK]
    high, low = _multiply(constant, torch.tensor(values))
    assert high.tolist() == [constant * value >> 32 for value in values]
    assert low.tolist() == [constant * value & MASK for value in values]


def test_word_takes_the_low_bits() -> None:
    """Assert that a number beyond 32 bits is cut to its low word, so that its high word must be passed separately."""
    assert int(words(2**32 + 5, CPU)) == 5
