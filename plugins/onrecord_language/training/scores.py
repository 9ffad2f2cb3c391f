"""How well spans were found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field


@dataclass
class Tally:
    """Exact matches by label: right, found, and there to be found."""

    right: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    gold: Counter[str] = field(default_factory=Counter)

    def add(self, label: str, found: Iterable[Hashable], gold: Iterable[Hashable]) -> None:
        """Count one text's things of one label."""
        ours, theirs = set(found), set(gold)
        self.right[label] += len(ours & theirs)
        self.found[label] += len(ours)
        self.gold[label] += len(theirs)

    def f1(self, *labels: str) -> float:
        """F1 in percent over these labels together, or over all."""
        chosen = labels or tuple(self.gold)
        right, found, gold = (sum(counts[label] for label in chosen) for counts in (self.right, self.found, self.gold))
        return 200 * right / (found + gold) if found + gold else 0.0

    def precision(self, label: str) -> float:
        """Precision in percent."""
        return 100 * self.right[label] / max(self.found[label], 1)

    def recall(self, label: str) -> float:
        """Recall in percent."""
        return 100 * self.right[label] / max(self.gold[label], 1)
