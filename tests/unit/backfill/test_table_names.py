"""A plugin may name its tables as it likes: no name in a query of the engine is one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

from onrecord import Annotator, Article, Row
from onrecord.backfill.comparison import compare
from onrecord.config.settings import MaintainSettings
from onrecord.operations.retention import maintain_warehouse
from tests.unit.backfill.world import World

NAMES = (
    # What the engine once called tables and views that it created for a query.
    "after_rows", "before_rows", "candidate_article", "candidate_attempted", "candidate_done", "candidate_failed",
    "changed", "chosen", "differing", "earlier", "failed_before", "incoming", "item", "known", "old_article",
    "old_document", "old_failure", "old_run", "portion", "portions", "published_run", "replaced", "selected", "states",
    "subject", "target", "tried", "unpublished", "wanted", "wanted_now",
    # Databases, common table expressions, aliases and macros in its queries.
    "about", "attempted", "base", "blocked", "current", "fresh", "later", "opened", "published", "memory", "t",
)  # fmt: skip


def row_class(name: str) -> type[Row]:
    class Named(Row, key=("ordinal",), table=name):
        """A word."""

        ordinal: int
        word: str

    return Named


class Everything(Annotator):
    """Writes the words of an article to every table; version 2 with an exclamation mark."""

    name, version, writes = "everything", "1", [row_class(name) for name in NAMES]

    def annotate(self, article: Article) -> Iterator[Row]:
        for ordinal, word in enumerate(article.body.split()):
            for row in self.writes:
                yield row(ordinal=ordinal, word=f"{word}!" if self.version == "2" else word)


def test_a_plugin_whose_tables_have_names_from_the_engines_queries_runs_and_is_backfilled_and_promoted(
    tmp_path: Path, plugin_of: Callable[..., ModuleType]
) -> None:
    world = World(tmp_path / "warehouse", plugin_of)
    world.parts = {"reads": world.parts["reads"], "everything": Everything()}
    world.run()
    del world.documents["d"]
    world.run()
    before = world.rows(*NAMES)
    assert {"Hello", "Nobody"} <= {row["word"] for row in before["candidate_article"]}

    world.parts["everything"].version = "2"
    world.backfill("everything")
    comparison = compare(world.sandbox.plugins, world.find("everything"), "everything", examples=1)
    rows = len(before["portion"])
    assert {d.table: d.counts for d in comparison.tables} == {
        name: {"changes": rows, "appears": 0, "vanishes": 0} for name in NAMES
    }
    world.promote("everything")
    after = world.rows(*NAMES)
    for name in NAMES:
        assert [row["word"] for row in after[name]] == [f"{row['word']}!" for row in before[name]]

    maintain_warehouse(world.directory, MaintainSettings(deleted=0, versions=0, runs=0, quarantine=0))
    world.run()
    assert "Nobody!" not in {row["word"] for row in world.rows("old_article")["old_article"]}
