"""Randomness that is the same on every machine and in every run: dice seeded from text."""

import math
import random
from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")


def seed(*parts: object) -> int:
    """A number that depends on the parts only. Python's own `hash()` differs from process to process."""
    text = "\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big")


class Dice:
    """A small stream of choices. Built on `random()` alone, whose sequence Python promises to keep."""

    __slots__ = ("roll",)

    def __init__(self, *parts: object) -> None:
        self.roll = random.Random(seed(*parts)).random

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self.roll()

    def whole(self, low: int, high: int) -> int:
        return low + int(self.roll() * (high - low + 1))

    def chance(self, share: float) -> bool:
        return self.roll() < share

    def pick(self, choices: Sequence[T]) -> T:
        return choices[int(self.roll() * len(choices))]

    def some(self, choices: Sequence[T], count: int) -> list[T]:
        """Up to `count` different choices, in the order drawn."""
        rest = list(choices)
        return [rest.pop(int(self.roll() * len(rest))) for _ in range(min(count, len(rest)))]

    def log_normal(self, median: float, sigma: float) -> float:
        spread = math.sqrt(-2 * math.log(1 - self.roll())) * math.cos(2 * math.pi * self.roll())
        return median * math.exp(sigma * spread)
