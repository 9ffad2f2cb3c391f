"""`python -m tests.bench.cleaning`: megabytes of plain text cleaned per second.

Measured in one process, in its processor time: for the cleaners alone, and for all of cleaning with decoding, rows and
fingerprints. The texts are the five seeds, and generated articles, clean and corrupted.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from pathlib import Path

from onrecord import Document, Draft, decode
from onrecord.stages.clean import build_article, clean_document
from tests.cleaning import CLEANERS, document
from tests.corruption.articles import generate_article
from tests.corruption.boilerplate import SEEN
from tests.corruption.corrupt import Corruption, corrupt, random_corruption

SEEDS = Path(__file__).parents[2] / "seeds"
ARTICLES = 300


def main() -> int:
    """Run the benchmark and print its results."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.cleaning", description=__doc__)
    parser.add_argument("--times", type=int, default=3, help="number of measurements, of which the best is printed")
    parser.add_argument("--cleaners", action="store_true", help="print the share of each cleaner too")
    arguments = parser.parse_args()
    print(f"{'MB a second':<28}{'texts':>7}{'KB each':>9}{'cleaners':>10}{'read+cleaners':>15}{'all of cleaning':>17}")
    clean_document(document("Read once beforehand, so that no text bears the cost of loading a model."), CLEANERS, "en")
    for name, documents in corpora().items():
        size = sum(len(document.content) for document in documents)
        shares = Counter[str]()
        figures = [
            min(times)
            for times in zip(*(measure_cleaning(documents, shares) for _ in range(arguments.times)), strict=True)
        ]
        alone, with_reading, everything = (size / seconds / 1e6 for seconds in figures)
        print(
            f"{name:<28}{len(documents):>7}{size / len(documents) / 1000:>9.1f}"
            f"{alone:>10.1f}{with_reading:>15.1f}{everything:>17.1f}"
        )
        if arguments.cleaners:
            total = shares.total()
            print("  ", ", ".join(f"{name} {seconds / total:.0%}" for name, seconds in shares.most_common(12)))
    return 0


def corpora() -> dict[str, list[Document]]:
    """Return the documents by category."""
    chance = random.Random(2024)
    articles = [generate_article(chance) for _ in range(ARTICLES)]
    seeds = [path.read_text(encoding="utf-8") for path in sorted(SEEDS.glob("*.txt"))]
    texts = {
        "seeds": seeds * (ARTICLES // len(seeds)),
        "articles, a line each": [corrupt(each, Corruption(loose=False), SEEN, chance).text for each in articles],
        "articles, wrapped": [corrupt(each, Corruption(width=72), SEEN, chance).text for each in articles],
        "articles, corrupted": [corrupt(each, random_corruption(chance), SEEN, chance).text for each in articles],
    }
    return {name: [document(text) for text in some] for name, some in texts.items()}


def measure_cleaning(documents: list[Document], shares: Counter[str]) -> tuple[float, float, float]:
    """Return seconds for the cleaners, with decoding, and for the whole stage."""
    begun = time.process_time()
    drafts = []
    for each in documents:
        draft = Draft(each, cleaners=CLEANERS)
        draft.read(decode(each.content))
        drafts.append(draft)
    read = time.process_time()
    for draft in drafts:
        for cleaner in CLEANERS:
            before = time.process_time()
            draft.cleaner = cleaner.name
            cleaner.clean(draft)
            shares[cleaner.name] += time.process_time() - before
    done = time.process_time()
    for draft in drafts:
        build_article(draft, "en")
    made = time.process_time()
    return done - read, done - begun, made - begun


if __name__ == "__main__":
    sys.exit(main())
