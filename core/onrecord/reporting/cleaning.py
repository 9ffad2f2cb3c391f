"""What cleaners made of a document, to be looked at: each stretch with its verdict, and what each cleaner did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

from rich.console import Console, Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from ..model.content import Article, Document, Segment
from ..model.draft import FIELDS, Draft
from ..plugins.components import Cleaner
from ..stages.clean import build_article, run_cleaners

_COLOURS = {
    "body": "", "subheading": "bold", "sidebar": "cyan", "headline": "bold green", "byline": "green",
    "dateline": "green", "credit": "green",
}  # fmt: skip
_CUT = "red"
_PAGE_WIDTH = 140
_PAGE = f"""<!DOCTYPE html>
<html>
<head>
<meta charset="UTF-8">
<title>onrecord try clean</title>
<style>
body {{{{ color: {{foreground}}; background: {{background}}; margin: 1.5em; }}}}
/* All of a line in sight, however narrow the window: a character is 0.6 em wide. */
pre {{{{ font: min(14px, calc((100vw - 4em) / {_PAGE_WIDTH} / 0.61)) / 1.4 "DejaVu Sans Mono", Menlo, monospace; }}}}
</style>
</head>
<body><pre>{{code}}</pre></body>
</html>
"""


@dataclass
class CleaningTrace:
    """A document, what it has become, and what each cleaner did."""

    document: Document
    text: str
    article: Article
    segments: list[Segment]
    did: list[tuple[Cleaner, str]]
    """Only of cleaners that did anything."""


def trace_cleaning(document: Document, cleaners: Sequence[Cleaner], default_language: str) -> CleaningTrace:
    """Clean a document, noting what each cleaner does. Raises as `onrecord.stages.clean.cleaned` does."""
    draft = Draft(document)
    did: list[tuple[Cleaner, str]] = []
    before = _state(draft)
    for cleaner in run_cleaners(draft, cleaners):
        after = _state(draft)
        if cleaner is not None and (told := _told(before, after)):
            did.append((cleaner, told))
        before = after
    return CleaningTrace(document, draft.text, *build_article(draft, default_language), did)


def _state(draft: Draft) -> dict[str, Any]:
    fields = {name: getattr(draft, name) for name in FIELDS}
    lines = Counter(stretch.kind for stretch in draft.stretches)
    return fields | {"text": draft.text, "joined": sum(s.continues for s in draft.stretches), "kinds": lines}


def _told(before: dict[str, Any], after: dict[str, Any]) -> str:
    """What is different, in words."""
    told = []
    if after["text"] != before["text"]:
        told.append(f"read a text of {len(after['text']):,} characters")
    else:
        gained = {kind: count - before["kinds"][kind] for kind, count in after["kinds"].items()}
        told += [f"{count} × {kind}" for kind, count in gained.items() if count > 0]
        if (joined := after["joined"] - before["joined"]) > 0:
            told.append(f"joined {joined} lines")
    told += [f"{name} = {after[name]}" for name in FIELDS if after[name] != before[name]]
    return "; ".join(told)


def print_cleaning(cleaned: CleaningTrace, console: Console) -> None:
    """Print a document: on the left what each stretch is, and beside the text who decided that, and why."""
    article = cleaned.article
    console.rule(f"[bold]{escape(cleaned.document.uri)}[/bold]", align="left")
    facts = Table.grid(padding=(0, 2))
    for name in ("kind", *(name for name in FIELDS if name != "kind")):
        value = getattr(article, name)
        if value is not None:
            facts.add_row(Text(name, "dim"), Text(str(value)))
    page = Table(box=None, pad_edge=False, header_style="dim", expand=True)
    page.add_column("", no_wrap=True)
    page.add_column("text", ratio=2, overflow="fold")
    page.add_column("because", ratio=1, overflow="fold")
    for segment in cleaned.segments:
        style = _COLOURS.get(segment.kind, _CUT)
        words = cleaned.text[segment.start_char : segment.end_char]
        why = f"{segment.cleaner}: {segment.reason}" if segment.cleaner else ""
        # What goes on with the paragraph above has no label of its own.
        goes_on = segment.body_start and article.body[segment.body_start - 1] == " "
        page.add_row(Text("" if goes_on else segment.kind, style or "dim"), Text(words, style), Text(why, "dim"))
    work = Table.grid(padding=(0, 2))
    for cleaner, told in cleaned.did:
        work.add_row(Text(f"{cleaner.name} {cleaner.version}", "dim"), Text(told))
    console.print(Group(facts, Text(), page, Text(), work, Text()))


def render_cleaning_page(documents: Sequence[CleaningTrace]) -> str:
    """The same as a page in HTML that needs nothing else."""
    console = Console(record=True, width=_PAGE_WIDTH, file=StringIO(), force_terminal=True, color_system="truecolor")
    for document in documents:
        print_cleaning(document, console)
    return console.export_html(inline_styles=True, code_format=_PAGE)
