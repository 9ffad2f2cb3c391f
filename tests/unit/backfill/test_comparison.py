"""`onrecord diff`: which rows a staged version would change, derived from the tables' classes alone."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any
from uuid import UUID

import pytest

from onrecord import Annotator, Article, Fetched, References, Row, Span, identify
from onrecord.backfill import Selection, find_staged_version, start_backfill
from onrecord.backfill.comparison import Comparison, Difference, compare
from onrecord.errors import LockedError, OnrecordError
from onrecord.plugins.registry import Plugins
from onrecord.stages import perform
from onrecord.testing import Sandbox
from onrecord.warehouse.lock import lock_warehouse

BODY = "Anna Smith told Bert Jones that Cora left."


class Word(Span, key=("ordinal",)):
    """A table of places."""

    ordinal: int
    label: str


class Saying(Row, key=("ordinal",)):
    """A table whose places are those of the spans that refer to it."""

    saying_id: UUID
    ordinal: int
    who: str | None
    sure: float


class SayingSpan(Span, key=("saying_id", "role")):
    """The spans."""

    saying_id: Annotated[UUID, References("saying")]
    role: str


class Topic(Row, key=("saying_id",)):
    """A table whose places are those of the rows that its key refers to, by an id."""

    saying_id: Annotated[UUID, References("saying")]
    topic: str


class Gender(Row, key=("word",)):
    """The same, by a number."""

    word: Annotated[int, References("word", "ordinal")]
    gender: str


class Link(Row, key=("one", "other")):
    """A table whose rows have two places each."""

    one: Annotated[int, References("word", "ordinal")]
    other: Annotated[int, References("word", "ordinal")]
    kind: str = "knows"


class Scene(Row, key=("number",)):
    """A table with an integer as its key, to which its spans refer."""

    number: int
    mood: str


class SceneSpan(Span, key=("number",)):
    """The spans."""

    number: Annotated[int, References("scene")]


class Remark(Row, key=("ordinal",)):
    """A table without places, with a key that only counts."""

    ordinal: int
    remark: str


class Tally(Row, key=("letter", "year")):
    """A table without places, with a key that means something."""

    letter: str
    year: int
    times: int | None


class Size(Row):
    """A table with a row per article."""

    words: int
    note: dict[str, Any] | None = None


class Recites(Annotator):
    """Yields the rows that it was told to, for the article with that body."""

    name, version, writes = (
        "recites",
        "1",
        [Word, Saying, SayingSpan, Topic, Gender, Link, Scene, SceneSpan, Remark, Tally, Size],
    )

    def __init__(self, rows: Mapping[str, Sequence[Row]], version: str) -> None:
        self.rows, self.version = rows, version

    def annotate(self, article: Article) -> Iterator[Row]:
        if article.body not in self.rows:
            raise ValueError("no rows for this one")
        yield from self.rows[article.body]


def word(text: str, ordinal: int = 0, label: str = "person", body: str = BODY) -> Word:
    start = body.index(text)
    return Word(start_char=start, end_char=start + len(text), text=text, ordinal=ordinal, label=label)


def saying(who: str, said: str, ordinal: int = 0, sure: float = 1.0) -> list[Row]:
    saying_id = identify("saying", who, said)
    spans = [
        SayingSpan(saying_id=saying_id, role=role, text=text, start_char=BODY.index(text),
                   end_char=BODY.index(text) + len(text))
        for role, text in (("source", who), ("content", said))
    ]  # fmt: skip
    return [Saying(saying_id=saying_id, ordinal=ordinal, who=who, sure=sure), *spans]


def topic(who: str, said: str, topic: str) -> Topic:
    return Topic(saying_id=identify("saying", who, said), topic=topic)


def scene(text: str, number: int, mood: str) -> list[Row]:
    start = BODY.index(text)
    return [Scene(number=number, mood=mood),
            SceneSpan(number=number, text=text, start_char=start, end_char=start + len(text))]  # fmt: skip


@pytest.fixture
def diff(tmp_path: Path, plugin_of: Callable[..., ModuleType]) -> Callable[..., dict[str, Difference]]:
    """Compare rows with other ones, of an article with the body above or of several."""

    def compared(before: Any, after: Any, examples: int = 3) -> dict[str, Difference]:
        return {found.table: found for found in comparison(tmp_path, plugin_of, before, after, examples).tables}

    return compared


def comparison(
    folder: Path, plugin_of: Callable[..., ModuleType], before: Any, after: Any, examples: int = 3
) -> Comparison:
    first, second = (rows if isinstance(rows, dict) else {BODY: rows} for rows in (before, after))
    plugins = backfilled(folder, plugin_of, first, second)
    return compare(plugins, find_staged_version(folder / "w", "recites"), "recites", examples)


def backfilled(
    folder: Path,
    plugin_of: Callable[..., ModuleType],
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *others: Annotator,
) -> Plugins:
    """A warehouse with the rows before, and a staged version with those after."""
    documents = {str(n): Fetched(body.encode(), "text/plain") for n, body in enumerate(sorted(before))}
    settings = {"run": {"min_failed": 100}, "workers": {"processes": 0}}

    def sandbox(rows: Mapping[str, Sequence[Row]], version: str) -> Sandbox:
        return Sandbox(folder / "w", plugin_of(Recites(rows, version), *others), documents=documents, settings=settings)

    report = sandbox(before, "1").run()
    assert not report.failed, report.run.message
    plugins = sandbox(after, "2").plugins
    with start_backfill(plugins, Selection(components=("recites",))) as run:
        for batch in run.batches("annotate"):
            run.load(perform(batch, plugins))
    return plugins


def counts(found: Difference) -> tuple[int, int, int, int]:
    return found.same, found.counts["changes"], found.counts["appears"], found.counts["vanishes"]


# ── When are two rows the same, one that has changed, or two? ────────────────────────────────────


def test_rows_that_say_the_same_are_the_same_whatever_their_number(diff: Any) -> None:
    found = diff([word("Anna Smith", 0), word("Cora", 1)], [word("Cora", 0), word("Anna Smith", 1)])
    assert counts(found["word"]) == (2, 0, 0, 0)


def test_a_row_that_comes_first_does_not_make_the_others_change(diff: Any) -> None:
    found = diff([word("Cora", 0)], [word("Anna Smith", 0), word("Cora", 1)])
    assert counts(found["word"]) == (1, 0, 1, 0)


def test_a_span_at_the_same_place_has_changed(diff: Any) -> None:
    now = [word("Anna Smith", label="group"), word("Anna"), word("Smith"), word("Anna Smith told")]
    bodies = [f"{BODY} {n}" for n in range(len(now))]
    found = diff(
        {body: [word("Anna Smith")] for body in bodies}, {body: [row] for body, row in zip(bodies, now, strict=True)}
    )
    assert counts(found["word"]) == (0, 4, 0, 0)
    assert found["word"].columns == {"label": 1, "start_char": 1, "end_char": 2, "text": 3}


def test_a_span_elsewhere_is_another_one(diff: Any) -> None:
    assert counts(diff([word("Anna Smith")], [word("Bert Jones")])["word"]) == (0, 0, 1, 1)


def test_of_several_spans_at_a_place_the_one_that_is_most_alike_has_changed(diff: Any) -> None:
    found = diff([word("Anna Smith")], [word("Anna", 0), word("Anna Smith told", 1)])
    assert counts(found["word"]) == (0, 1, 1, 0)
    (changed,) = [example for example in found["word"].examples if example.kind == "changes"]
    assert changed.after["text"] == "Anna Smith told"


def test_a_row_is_where_the_spans_are_that_refer_to_it(diff: Any) -> None:
    found = diff(saying("Anna Smith", "Cora left", 3), saying("Anna", "that Cora left", 0, sure=0.5))
    assert counts(found["saying"]) == (0, 1, 0, 0)
    # Not `saying_id`, which follows from the words, nor `ordinal`.
    assert set(found["saying"].columns) == {"who", "sure"}
    assert counts(found["saying_span"]) == (0, 2, 0, 0)


def test_rows_that_share_only_the_lesser_part_of_their_places_are_two(diff: Any) -> None:
    found = diff(saying("Anna", "that Cora left"), saying("Anna", "told Bert Jones", sure=0.5))
    assert counts(found["saying"]) == (0, 0, 1, 1)


def test_spans_of_different_roles_are_two(diff: Any) -> None:
    one = saying("Anna Smith", "Cora left")
    spans = {span.role: span for span in one[1:]}
    swapped = spans["source"].model_copy(update={"role": "content"})
    found = diff([one[0], spans["source"]], [one[0], swapped])
    assert counts(found["saying_span"]) == (0, 0, 1, 1)


def test_rows_that_say_the_same_at_different_places_are_two(diff: Any) -> None:
    before = saying("Anna Smith", "told", 0)
    before[0] = before[0].model_copy(update={"who": "x"})
    after = saying("Cora", "left", 0)
    after[0] = after[0].model_copy(update={"who": "x"})
    assert counts(diff(before, after)["saying"]) == (0, 0, 1, 1)


@pytest.mark.parametrize(
    ("who", "said", "expected"),
    [
        ("Smith", "Smith told Bert Jones that", (0, 1, 0, 0)),
        # Less than half of "Anna Smith", although both spans of either row share it.
        ("mith", "mith told Bert Jones that", (0, 0, 1, 1)),
    ],
)
def test_a_row_whose_spans_overlap_has_each_of_their_characters_once(
    who: str, said: str, expected: tuple[int, ...], diff: Any
) -> None:
    found = diff(saying("Anna Smith", "Anna Smith"), saying(who, said, sure=0.5))
    assert counts(found["saying"]) == expected


def test_rows_with_equal_ids_in_their_keys_are_one_whatever_else_says_the_same(diff: Any) -> None:
    sayings = [*saying("Anna Smith", "told", 0), *saying("Bert Jones", "that", 1), *saying("Cora", "left", 2)]
    names = (("Anna Smith", "told"), ("Bert Jones", "that"), ("Cora", "left"))

    def topics(*values: str) -> list[Row]:
        return [*sayings, *(topic(*name, value) for name, value in zip(names, values, strict=True))]

    found = diff(topics("war", "art", "art"), topics("art", "war", "art"))["topic"]
    assert counts(found) == (1, 2, 0, 0)
    changes = {(e.before["saying_id"], e.before["topic"], e.after["topic"]) for e in found.examples}
    ids = [identify("saying", *name) for name in names]
    assert changes == {(ids[0], "war", "art"), (ids[1], "art", "war")}
    assert all(e.before["saying_id"] == e.after["saying_id"] for e in found.examples)
    assert {e.context[1] for e in found.examples} == {"Anna Smith told", "Bert Jones that"}


def test_a_row_whose_key_refers_to_another_is_where_that_one_is(diff: Any) -> None:
    before = [*saying("Anna Smith", "Cora left", 0), topic("Anna Smith", "Cora left", "art"),
              *saying("Bert Jones", "told", 1), topic("Bert Jones", "told", "war")]  # fmt: skip
    # Other words, hence other ids.
    after = [*saying("Anna", "that Cora left", 1), topic("Anna", "that Cora left", "art"),
             *saying("Bert", "told", 0), topic("Bert", "told", "peace")]  # fmt: skip
    found = diff(before, after)["topic"]
    assert counts(found) == (1, 1, 0, 0)
    assert found.columns == {"topic": 1}


def test_a_key_that_refers_to_a_number_means_the_row_with_that_number(diff: Any) -> None:
    before = [word("Bert Jones", 0), word("Cora", 1), Gender(word=0, gender="m"), Gender(word=1, gender="f")]
    after = [word("Anna Smith", 0), word("Bert Jones", 1), word("Cora", 2),
             Gender(word=0, gender="f"), Gender(word=1, gender="m"), Gender(word=2, gender="x")]  # fmt: skip
    found = diff(before, after)["gender"]
    assert counts(found) == (1, 1, 1, 0)
    assert {e.kind: e.context[1] for e in found.examples} == {"changes": "Cora", "appears": "Anna Smith"}


def test_a_row_that_refers_to_two_others_is_where_both_are(diff: Any) -> None:
    words = [word("Anna Smith", 0), word("Bert Jones", 1), word("Cora", 2)]
    before = [*words, Link(one=0, other=1), Link(one=1, other=2)]
    after = [*words, Link(one=0, other=2), Link(one=1, other=2, kind="is")]
    assert counts(diff(before, after)["link"]) == (0, 1, 1, 1)


def test_a_row_with_an_integer_as_its_key_and_a_place_has_changed_there(diff: Any) -> None:
    found = diff(scene("Cora left", 0, "sad"), scene("Cora left", 0, "merry"))
    assert counts(found["scene"]) == (0, 1, 0, 0)
    assert counts(found["scene_span"]) == (1, 0, 0, 0)


def test_an_integer_that_spans_refer_to_only_counts_rows(diff: Any) -> None:
    found = diff(
        [*scene("told", 0, "calm"), *scene("Cora left", 1, "sad")],
        [*scene("Anna", 0, "calm"), *scene("told", 1, "calm"), *scene("Cora", 2, "merry")],
    )
    assert counts(found["scene"]) == (1, 1, 1, 0)
    assert counts(found["scene_span"]) == (1, 1, 1, 0)


@pytest.mark.parametrize(("after", "expected"), [("bc", (2, 0, 0, 1)), ("cd", (1, 1, 0, 1)), ("abcd", (3, 0, 1, 0))])
def test_a_row_with_neither_a_place_nor_more_than_a_number_has_changed_where_that_is_equal(
    after: str, expected: tuple[int, ...], diff: Any
) -> None:
    before, now = ([Remark(ordinal=n, remark=letter) for n, letter in enumerate(side)] for side in ("abc", after))
    assert counts(diff(before, now)["remark"]) == expected


def test_a_row_without_a_place_has_changed_where_its_key_is_the_same(diff: Any) -> None:
    def tally(letter: str, year: int, times: int | None) -> Tally:
        return Tally(letter=letter, year=year, times=times)

    before = [tally("a", 1, 1), tally("a", 2, 1), tally("b", 1, 2)]
    after = [tally("a", 1, None), tally("b", 1, 2), tally("c", 1, 1)]
    found = diff(before, after)["tally"]
    assert counts(found) == (1, 1, 1, 1)
    assert found.columns == {"times": 1}


def test_a_table_with_a_row_per_article_has_changed_rows_only(diff: Any) -> None:
    found = diff([Size(words=8, note={"a": 1, "b": 2})], [Size(words=9, note={"b": 2, "a": 1})])["size"]
    assert counts(found) == (0, 1, 0, 0)
    assert found.columns == {"words": 1}


def test_a_row_may_refer_to_rows_of_another_annotator(tmp_path: Path, plugin_of: Callable[..., ModuleType]) -> None:
    class Verdict(Row, key=("saying_id",)):
        saying_id: Annotated[UUID, References("saying")]
        true: bool

    class Judges(Annotator):
        name, version, requires, writes = "judges", "1", ["recites"], [Verdict]

        def annotate(self, article: Article) -> Iterator[Row]:
            for row in article.rows(Saying):
                yield Verdict(saying_id=row.saying_id, true=row.sure > 0.7)

    before = [*saying("Anna Smith", "Cora left", 0), *saying("Bert Jones", "told", 1)]
    after = [*saying("Anna", "that Cora left", 1), *saying("Bert", "told", 0, sure=0.5)]
    plugins = backfilled(tmp_path, plugin_of, {BODY: before}, {BODY: after}, Judges())
    (found,) = compare(plugins, find_staged_version(tmp_path / "w", "judges", plugins), "judges", 3).tables
    assert counts(found) == (1, 1, 0, 0)
    assert [example.context[1] for example in found.examples if example.context] == ["told Bert Jones"]


def test_every_row_is_counted_once_on_either_side(diff: Any) -> None:
    chance = random.Random(7)
    choices = [(text, label) for text in ("Anna", "Anna Smith", "Smith", "Bert Jones", "Cora") for label in "xy"]
    sides = {
        f"{BODY} {n}": [chance.choices(choices, k=chance.randrange(6)) for _ in ("before", "after")] for n in range(40)
    }
    before, after = (
        {body: [word(text, n, label) for n, (text, label) in enumerate(both[side])] for body, both in sides.items()}
        for side in (0, 1)
    )
    same, changed, appear, vanish = counts(diff(before, after)["word"])
    assert same + changed + vanish == sum(map(len, before.values()))
    assert same + changed + appear == sum(map(len, after.values()))
    assert same == sum(len(one) - len(list_without(one, other)) for one, other in sides.values())
    assert min(changed, appear, vanish) > 0


def list_without(these: Sequence[Any], those: Sequence[Any]) -> list[Any]:
    """These less those, each as often as it is there."""
    left = list(these)
    for one in those:
        if one in left:
            left.remove(one)
    return left


# ── What is shown ────────────────────────────────────────────────────────────────────────────────


def test_an_example_has_the_words_with_what_is_around_them(diff: Any) -> None:
    (example,) = diff([word("Bert Jones")], [word("Bert")])["word"].examples
    assert example.context == ("Anna Smith told ", "Bert Jones", " that Cora left.")
    assert (example.before["text"], example.after["text"]) == ("Bert Jones", "Bert")
    assert example.uri == "memory:0"


def test_examples_are_of_different_sorts_and_articles_before_there_are_two_of_one(diff: Any) -> None:
    bodies = [f"Anna {n} told Bert and Cora." for n in range(4)]
    names = ("Anna", "Bert", "Cora")
    before = {body: [word(name, n, body=body) for n, name in enumerate(names)] for body in bodies}
    after: dict[str, list[Row]] = {body: [] for body in bodies}
    found = diff(before, after, examples=3)["word"]
    assert counts(found) == (0, 0, 0, 12)
    assert len({example.article_id for example in found.examples}) == 3


def test_what_failed_would_vanish_and_is_said(tmp_path: Path, plugin_of: Callable[..., ModuleType]) -> None:
    found = comparison(tmp_path, plugin_of, {BODY: [word("Cora")], "Other.": []}, {"Other.": []})
    assert found.outcomes == {"done": 1, "failed": 1}
    assert counts(found.tables[0]) == (0, 0, 0, 1)
    assert (found.version, dict(found.versions_before)) == ("2", {"1": 2})


def test_while_a_staged_version_is_being_filled_it_is_not_compared(
    tmp_path: Path, plugin_of: Callable[..., ModuleType]
) -> None:
    plugins = backfilled(tmp_path, plugin_of, {BODY: []}, {BODY: []})
    staged = find_staged_version(tmp_path / "w", "recites")
    with lock_warehouse(staged.directory, wait=False), pytest.raises(LockedError):
        compare(plugins, staged, "recites", 3)


def test_a_plugin_that_no_staged_version_is_about_is_an_error(
    tmp_path: Path, plugin_of: Callable[..., ModuleType]
) -> None:
    with pytest.raises(OnrecordError, match="there is no staged version of recites"):
        find_staged_version(tmp_path, "recites")
