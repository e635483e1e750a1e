"""The counter-based generator Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011) in torch integers.

Four 32-bit words are a fixed function of a counter (four words) and a key (two words), so any number of a stream can
be computed anywhere, in any order, on any device. Words are kept in int64 tensors with values below 2^32.
"""

import torch
from torch import Tensor

MASK = 0xFFFFFFFF
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10

Words = tuple[Tensor, Tensor, Tensor, Tensor]
#: Two words, one pair for all counters, or tensors that broadcast against them.
Key = tuple[int, int] | tuple[Tensor, Tensor]


def philox(counter: Words, key: Key) -> Words:
    """The four words at `counter`, tensors that broadcast against each other, under `key`."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(ROUNDS):
        high0, low0 = _multiply(MULTIPLIERS[0], c0)
        high1, low1 = _multiply(MULTIPLIERS[1], c2)
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0, k1 = (k0 + KEY_STEPS[0]) & MASK, (k1 + KEY_STEPS[1]) & MASK
    return c0, c1, c2, c3


def _multiply(constant: int, word: Tensor) -> tuple[Tensor, Tensor]:
    """High and low word of a 32 by 32 bit product; int64 holds its 64 bits, and its sign is masked away."""
    product = constant * word
    return (product >> 32) & MASK, product & MASK


def words(values: int, device: torch.device) -> Tensor:
    """One word as a tensor of shape [1]."""
    return torch.tensor([values & MASK], dtype=torch.int64, device=device)
