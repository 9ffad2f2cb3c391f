"""`python -m tests.bench.memory`: memory of a worker and of the run, per thousand distinct articles.

The articles are made of the corpus's paragraphs, each with some words that no other article has, as in real news. They
pass through the whole engine with all built-in plugins and one worker. The exit status is 1 if a worker's memory grew
by more than a tenth after the first quarter of a stage.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import random
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from onrecord import Fetched, Ingestor, Item, hookimpl
from onrecord.config.loading import parse_settings
from onrecord.plugins.registry import Plugins
from onrecord.run.engine import STAGES, start_run
from onrecord.stages import discover
from onrecord.workers import Workers, imap
from onrecord.workers.machine import measure_memory
from onrecord.workers.processes import Processes
from onrecord.workers.runner import WORKER_STAGES

from . import corpus

NEW_WORDS = 10
"""Words of each article that are new. The thousandth article of PolNeAR has about as many."""


class Inventions(Ingestor):
    """Makes articles of paragraphs."""

    name, version, schemes = "inventions", "1", ("invented",)

    def __init__(self, paragraphs: Sequence[str], articles: int, words: int) -> None:
        self.paragraphs, self.articles, self.words = paragraphs, articles, words

    def discover(self) -> list[Item]:
        return [Item(f"invented:{number}", "1") for number in range(self.articles)]

    def fetch(self, item: Item) -> Fetched:
        chance = random.Random(item.uri)
        chosen: list[str] = []
        while sum(paragraph.count(" ") for paragraph in chosen) < self.words:
            chosen.append(chance.choice(self.paragraphs))
        text = "\n\n".join(chosen)
        for _ in range(NEW_WORDS):
            new = "".join(chance.choice(("ba", "lo", "ri", "men", "tus", "dor", "vik", "esh")) for _ in range(5))
            begin = chance.randrange(len(text))
            text = text[:begin] + re.sub(r"\b[A-Z][a-z]+\b", new.capitalize(), text[begin:], count=1)
        return Fetched(text.encode(), "text/plain", {"language": "en", "outlet": f"Outlet {chance.randrange(50)}"})


def main() -> int:
    """Run the benchmark and print its results."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.memory", description=__doc__)
    parser.add_argument("--corpora", help="folder of the corpora; ONRECORD_CORPORA by default")
    parser.add_argument("--articles", type=int, default=20_000, help="number of articles")
    parser.add_argument("--words", type=int, default=250, help="words of each")
    arguments = parser.parse_args()
    corpora = corpus.folder(arguments.corpora)
    if corpora is None:
        print("skipped")
        return 0
    source = ModuleType("inventions")
    ingestor = Inventions(read_paragraphs(corpora), arguments.articles, arguments.words)
    source.register_ingestors = hookimpl(lambda register: register(ingestor))  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory(prefix="onrecord-bench-") as place:
        settings = {"warehouse": f"{place}/warehouse", "plugins_dir": f"{place}/plugins", "workers": {"processes": 1}}
        return measure_run(Plugins(parse_settings(settings), [source]))


def read_paragraphs(corpora: Path) -> list[str]:
    """Return the longer paragraphs of the corpus's articles."""
    found = []
    for part in corpus.PARTS:
        with lzma.open(corpora / f"{part}.jsonl.xz", "rt", encoding="utf-8") as lines:
            found += [text.strip() for line in lines for text in json.loads(line)["text"].split("\n\n")]
    return sorted({text for text in found if 60 < len(text) < 1000})


def measure_run(plugins: Plugins) -> int:
    """Run all stages, and print the memory per thousand articles; returns the exit status."""
    runner = Processes(plugins.settings, 1)
    print(f"{'MB of memory':<14}{'articles':>9}{'worker':>9}{'run':>9}")
    grew = False
    with start_run(plugins) as run, Workers(plugins, runner) as team:
        for name, each in run.ingestors.items():
            run.record_listing(name, discover(each))
        for stage in STAGES:
            done, shown, worker = 0, 0, [0.0]
            for result in imap(team, run.batches(stage, team.processes(stage))):
                run.load(result)
                done += len(next(iter(result.replaced.values())))
                workers = [*runner._idle, *runner._busy]
                worker.append(max([0, *(each.memory for each in workers)]) / 1e6)
                if done // 1000 > shown:
                    shown = done // 1000
                    print(f"{stage:<14}{done:>9,}{worker[-1]:>9,.0f}{run_memory():>9,.0f}", flush=True)
            later = worker[len(worker) // 4 :]
            if stage in WORKER_STAGES:
                print(f"{'':<14}after the first quarter from {later[0]:,.0f} to {max(later):,.0f}")
                grew = grew or max(later) > 1.1 * later[0]
        runner.release()
        for name in run.aggregators:
            run.aggregate(name)
            print(f"{name:<14}{'':>9}{'':>9}{run_memory():>9,.0f}", flush=True)
        run.check()
        print(f"{'check':<14}{'':>9}{'':>9}{run_memory():>9,.0f}")
        run.publish()
        print(f"{'publish':<14}{'':>9}{'':>9}{run_memory():>9,.0f}")
    return int(grew)


def run_memory() -> float:
    """Return the megabytes of this process."""
    return measure_memory(os.getpid()) / 1e6


if __name__ == "__main__":
    sys.exit(main())
