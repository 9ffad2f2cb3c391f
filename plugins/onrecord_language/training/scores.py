"""Precision, recall and F1 of spans."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field


@dataclass
class SpanCounts:
    """Exact matches by label: right, found and gold."""

    right: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    gold: Counter[str] = field(default_factory=Counter)

    def add(self, label: str, found: Iterable[Hashable], gold: Iterable[Hashable]) -> None:
        """Count one text's items of one label."""
        ours, theirs = set(found), set(gold)
        self.right[label] += len(ours & theirs)
        self.found[label] += len(ours)
        self.gold[label] += len(theirs)

    def f1(self, *labels: str) -> float:
        """Return F1 in percent over these labels together, or over all."""
        chosen = labels or tuple(self.gold)
        right, found, gold = (sum(counts[label] for label in chosen) for counts in (self.right, self.found, self.gold))
        return 200 * right / (found + gold) if found + gold else 0.0

    def precision(self, label: str) -> float:
        """Return precision in percent."""
        return 100 * self.right[label] / max(self.found[label], 1)

    def recall(self, label: str) -> float:
        """Return recall in percent."""
        return 100 * self.right[label] / max(self.gold[label], 1)
