"""`python -m tests.bench.growth`: what new articles cost in a warehouse that is large already.

Fills a warehouse with `--articles` distinct articles. They are recombined from the sentences of real ones, which the
real pipeline has read once: their mentions and claims are replayed, with other names of persons, so that there are more
names in more articles. Then 1,000 articles are added, and then one. With `--light`, articles are short, and only their
words are counted. Each line has the seconds of processor time, and of the clock.
"""

from __future__ import annotations

import argparse
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import duckdb

import onrecord_resolution
import onrecord_tally
from onrecord import (
    Aggregator,
    Annotator,
    Article,
    Claim,
    ClaimSpan,
    Cleaner,
    Draft,
    Fetched,
    Ingestor,
    Item,
    Mention,
    Row,
    identify,
)
from onrecord.config.loading import parse_settings
from onrecord.model.report import RunReport
from onrecord.plugins.registry import Plugins
from onrecord.testing import run_plugins
from tests.unit.conftest import make_plugin

from . import corpus

MENTIONS = 40
"""Mentions per article."""
OUTLETS = 200


class Sentence(NamedTuple):
    """A sentence of a real article with what the pipeline found in it; places count from its start."""

    text: str
    mentions: list[dict[str, Any]]
    claims: list[dict[str, Any]]


def read_sentences(database: Path) -> list[Sentence]:
    """Read the sentences with names from a published warehouse."""
    with duckdb.connect(database, read_only=True) as connection:
        query = "select article_id, body from article where body <> ''"
        bodies = dict(connection.execute(query).fetchall())
        mentions = _by_article(connection, "select * exclude (run_id) from mention order by start_char")
        claims = _by_article(
            connection,
            """
            select
                claim.* exclude (run_id),
                list({'role': s.role, 'ordinal': s.ordinal, 'start': s.start_char, 'end': s.end_char}) as spans
            from claim
            join claim_span s using (claim_id)
            group by all
            """,
        )
    found = []
    for article_id, body in bodies.items():
        for part in re.finditer(r"\S.*?[.!?](?=\s|$)", body):
            first, last = part.span()
            inside = [m for m in mentions.get(article_id, ()) if first <= m["start_char"] and m["end_char"] <= last]
            if not inside or any(a["end_char"] > b["start_char"] for a, b in pairwise(inside)):
                continue
            places = {m["ordinal"]: place for place, m in enumerate(inside)}
            own = [
                {**c, "speaker_mention": places.get(c["speaker_mention"])}
                for c in claims.get(article_id, ())
                if all(first <= s["start"] and s["end"] <= last for s in c["spans"])
                and (c["speaker_mention"] is None or c["speaker_mention"] in places)
            ]
            for each in inside:
                each["start_char"], each["end_char"] = each["start_char"] - first, each["end_char"] - first
            for claim in own:
                claim["spans"] = [{**s, "start": s["start"] - first, "end": s["end"] - first} for s in claim["spans"]]
            found.append(Sentence(part[0], inside, own))
    return found


def _by_article(connection: duckdb.DuckDBPyConnection, query: str) -> dict[Any, list[dict[str, Any]]]:
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description or ()]
    found: dict[Any, list[dict[str, Any]]] = {}
    for values in cursor.fetchall():
        row = dict(zip(names, values, strict=True))
        found.setdefault(row["article_id"], []).append(row)
    return found


FIRST = ["Anna", "Boris", "Carla", "Dmitri", "Elena", "Farid", "Greta", "Hassan", "Irina", "Jonas", "Karim", "Lena"]
SYLLABLES = ["ba", "de", "ki", "lo", "mu", "na", "re", "si", "to", "va", "za", "pe"]


def make_name(chance: random.Random) -> str:
    """Make the name of a person: a few are everywhere, and most in few articles, as in the news."""
    rank = int(chance.paretovariate(0.6))
    last, rest = "", rank // 3
    while True:
        last += SYLLABLES[rest % len(SYLLABLES)]
        rest //= len(SYLLABLES)
        if not rest:
            break
    return last.title() if chance.random() < 0.4 else f"{FIRST[rank % len(FIRST)]} {last.title()}"


@dataclass
class Replay:
    """An article that is recombined from sentences, always the same one for its number."""

    body: str
    mentions: list[Row]
    claims: list[Row]

    @classmethod
    def make(cls, number: int, sentences: Sequence[Sentence]) -> Replay:
        """Recombine sentences, and put other persons in."""
        chance = random.Random(number)
        made = cls(f"Report {number}.", [], [])
        while len(made.mentions) < MENTIONS:
            made._add(chance.choice(sentences), number, chance)
        return made

    def _add(self, sentence: Sentence, number: int, chance: random.Random) -> None:
        text, shifts, done = "", [], 0
        offset, before = len(self.body) + 1, len(self.mentions)
        for each in sentence.mentions:
            text += sentence.text[done : each["start_char"]]
            start = len(text)
            is_person = each["kind"] == "name" and each["label"] == "person"
            text += make_name(chance) if is_person else each["text"]
            done = each["end_char"]
            shifts.append((each["start_char"], each["end_char"], start, len(text)))
            self.mentions.append(
                Mention.model_construct(
                    ordinal=len(self.mentions), kind=each["kind"], label=each["label"], text=text[start:],
                    start_char=offset + start, end_char=offset + len(text),
                )
            )  # fmt: skip
        text += sentence.text[done:]
        self.body += f" {text}"

        def move(place: int, *, is_end: bool) -> int:
            moved = place
            for old_start, old_end, start, end in shifts:
                if old_start < place < old_end:
                    return end if is_end else start
                if place >= old_end:
                    moved = place - old_end + end
            return moved

        for claim in sentence.claims:
            claim_id = identify("claim", number, len(self.claims), offset)
            speaker = claim["speaker_mention"]
            self.claims.append(
                Claim.model_construct(
                    **{name: claim[name] for name in Claim.model_fields if name in claim}
                    | {"claim_id": claim_id, "ordinal": len(self.claims),
                       "speaker_mention": None if speaker is None else before + speaker}
                )
            )  # fmt: skip
            for span in claim["spans"]:
                start, end = move(span["start"], is_end=False), move(span["end"], is_end=True)
                self.claims.append(
                    ClaimSpan.model_construct(
                        claim_id=claim_id, role=span["role"], ordinal=span["ordinal"], text=text[start:end],
                        start_char=offset + start, end_char=offset + end,
                    )
                )  # fmt: skip


class Numbers(Ingestor):
    """Lists articles by number, and makes them when they are fetched."""

    name, version, schemes = "numbers", "1", ("number",)

    def __init__(self, count: int, sentences: Sequence[Sentence]) -> None:
        self.count, self.sentences = count, sentences

    def discover(self) -> Iterator[Item]:
        """List all numbers."""
        return (Item(f"number:{number}", "1") for number in range(self.count))

    def fetch(self, item: Item) -> Fetched:
        """Make an article."""
        number = int(item.uri.removeprefix("number:"))
        body = Replay.make(number, self.sentences).body if self.sentences else f"Word{number % 5000} number {number}."
        published = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(hours=number % 30_000)
        known = {"headline": str(number), "outlet": f"Outlet {number % OUTLETS}", "published": published.isoformat()}
        return Fetched(body.encode(), "text/plain", known)


class Reads(Cleaner):
    """Takes the metadata as they are."""

    name, version = "reads", "1"

    def clean(self, draft: Draft) -> None:
        """Set headline, outlet and date."""
        draft.headline, draft.outlet = draft.metadata["headline"], draft.metadata["outlet"]
        draft.published_at = draft.metadata["published"]


class Replayed(Annotator):
    """Replays what the pipeline found in the sentences."""

    version = "1"

    def __init__(self, name: str, writes: Sequence[type[Row]], sentences: Sequence[Sentence]) -> None:
        self.name, self.writes, self.sentences = name, writes, sentences

    def annotate(self, article: Article) -> list[Row]:
        """Return the rows of an article."""
        replay = Replay.make(int(article.headline or ""), self.sentences)
        if replay.body != article.body:
            raise ValueError(f"the body is not that of {article.headline}")
        return replay.mentions if self.name == "entities" else replay.claims


class FirstWord(Row):
    """The first word of an article."""

    word: str


class FirstWords(Annotator):
    """The light annotator."""

    name, version, writes = "first_words", "1", (FirstWord,)

    def annotate(self, article: Article) -> Iterator[Row]:
        """Yield the first word."""
        yield FirstWord(word=article.body.split()[0])


class WordUse(Row, key=("word",)):
    """How many articles begin with a word."""

    word: str
    articles: int


class WordUses(Aggregator):
    """The light aggregator."""

    name, version, writes, requires = "word_uses", "1", (WordUse,), ("first_words",)
    groups = ("select word from first_word",)
    queries = {
        WordUse: "select word, count(*) as articles from first_word semi join touched using (word) group by word"
    }


def processor_seconds() -> float:
    """Return the processor time of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measure(plugins: Plugins) -> tuple[RunReport, float, float]:
    """Run once; returns the report, and the seconds of processor time and of the clock."""
    processor, clock = processor_seconds(), time.perf_counter()
    report = run_plugins(plugins)
    if report.failed:
        raise SystemExit(f"the run failed: {report.run.message}")
    return report, processor_seconds() - processor, time.perf_counter() - clock


def print_run(what: str, measured: tuple[RunReport, float, float], first: RunReport | None = None) -> None:
    """Print the cost of a run, and of its steps beside those of the first run."""
    report, processor, clock = measured
    print(f"\n{what}: {processor:.2f} s of processor time, {clock:.2f} s by the clock")
    before = {step.component: step.wall_seconds for step in first.steps} if first else {}
    for step in report.steps:
        share = f"{step.wall_seconds / before[step.component]:8.1%}" if before.get(step.component) else ""
        print(f"  {step.stage:<10}{step.component:<20}{step.rows:>12,} rows{step.wall_seconds:>10.3f} s{share}")
    print(
        f"  largest memory of the process so far: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB"
    )


def read_real_articles(folder: Path) -> list[Sentence]:
    """Run the real pipeline over the seeds, or 100 articles of a corpus, and return the sentences."""
    corpora = corpus.folder()
    if corpora:
        corpus.write_out(corpora, folder / "inbox", 100)
        (folder / "onrecord.toml").write_text('[plugins.files]\npaths = ["inbox"]\n')
    config = folder / "onrecord.toml" if corpora else Path("seeds/onrecord.toml")
    command = [sys.executable, "-m", "onrecord", "run", "-c", str(config), "-w", str(folder / "real")]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return read_sentences(folder / "real" / "onrecord.duckdb")


def main() -> None:
    """Run the benchmark and print its results."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.growth", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--articles", type=int, default=100_000)
    parser.add_argument("--light", action="store_true")
    parser.add_argument("--folder", type=Path, help="where the warehouse is made; a temporary folder by default")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="onrecord-bench-", dir=arguments.folder) as place:
        sentences = [] if arguments.light else read_real_articles(Path(place))
        source = Numbers(arguments.articles, sentences)
        own: list[Any] = [source, Reads()]
        others: list[ModuleType] = []
        if arguments.light:
            own += [FirstWords(), WordUses()]
        else:
            own += [Replayed("entities", (Mention,), sentences), Replayed("claims", (Claim, ClaimSpan), sentences)]
            others = [onrecord_resolution, onrecord_tally]
            print(f"{len(sentences):,} real sentences")
        settings = parse_settings({"warehouse": str(Path(place) / "warehouse"), "run": {"batch_size": 1000}})
        plugins = Plugins(settings, [make_plugin(*own), *others], installed=False)
        first = measure(plugins)
        print_run(f"{arguments.articles:,} articles, from nothing", first)
        for more, what in ((1000, "1,000 new articles"), (1, "1 new article"), (0, "nothing new")):
            source.count += more
            print_run(what, measure(plugins), first[0])
        for file in sorted((Path(place) / "warehouse").glob("*.duckdb")):
            print(f"{file.name}: {file.stat().st_size / 1e6:,.0f} MB")


if __name__ == "__main__":
    main()
