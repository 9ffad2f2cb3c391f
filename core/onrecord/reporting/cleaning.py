"""Traces of cleaning: the kinds of stretches, and each cleaner's changes."""

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
from .layout import make_grid

_COLORS = {
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
/* The whole line fits into any window: a character is 0.6 em wide. */
pre {{{{ font: min(14px, calc((100vw - 4em) / {_PAGE_WIDTH} / 0.61)) / 1.4 "DejaVu Sans Mono", Menlo, monospace; }}}}
</style>
</head>
<body><pre>{{code}}</pre></body>
</html>
"""


@dataclass
class CleaningTrace:
    """A document, its article, and the changes by each cleaner."""

    document: Document
    text: str
    article: Article
    segments: list[Segment]
    changes: list[tuple[Cleaner, str]]
    """Each cleaner that changed the draft, with a description of its changes."""


def trace_cleaning(document: Document, cleaners: Sequence[Cleaner], default_language: str) -> CleaningTrace:
    """Clean a document and record what each cleaner does. Raises what cleaners raise."""
    draft = Draft(document)
    changes: list[tuple[Cleaner, str]] = []
    before = _read_state(draft)
    for cleaner in run_cleaners(draft, cleaners):
        after = _read_state(draft)
        if cleaner is not None and (change := _describe_change(before, after)):
            changes.append((cleaner, change))
        before = after
    return CleaningTrace(document, draft.text, *build_article(draft, default_language), changes)


def _read_state(draft: Draft) -> dict[str, Any]:
    fields = {name: getattr(draft, name) for name in FIELDS}
    lines = Counter(stretch.kind for stretch in draft.stretches)
    return fields | {"text": draft.text, "joined": sum(s.continues for s in draft.stretches), "kinds": lines}


def _describe_change(before: dict[str, Any], after: dict[str, Any]) -> str:
    words = []
    if after["text"] != before["text"]:
        words.append(f"read a text of {len(after['text']):,} characters")
    else:
        gained = {kind: count - before["kinds"][kind] for kind, count in after["kinds"].items()}
        words += [f"{count} × {kind}" for kind, count in gained.items() if count > 0]
        if (joined := after["joined"] - before["joined"]) > 0:
            words.append(f"joined {joined} lines")
    words += [f"{name} = {after[name]}" for name in FIELDS if after[name] != before[name]]
    return "; ".join(words)


def print_cleaning(trace: CleaningTrace, console: Console) -> None:
    """Print each stretch of a document with its kind, its cleaner and the reason."""
    article = trace.article
    console.rule(f"[bold]{escape(trace.document.uri)}[/bold]", align="left")
    facts = make_grid()
    for name in ("kind", *(name for name in FIELDS if name != "kind")):
        if (value := getattr(article, name)) is not None:
            facts.add_row(name, Text(str(value)))
    page = Table(box=None, pad_edge=False, header_style="dim", expand=True)
    page.add_column("", no_wrap=True)
    page.add_column("text", ratio=2, overflow="fold")
    page.add_column("because", ratio=1, overflow="fold")
    for segment in trace.segments:
        style = _COLORS.get(segment.kind, _CUT)
        words = trace.text[segment.start_char : segment.end_char]
        why = f"{segment.cleaner}: {segment.reason}" if segment.cleaner else ""
        # A stretch that continues the paragraph above has no label of its own.
        goes_on = segment.body_start and article.body[segment.body_start - 1] == " "
        page.add_row(Text("" if goes_on else segment.kind, style or "dim"), Text(words, style), Text(why, "dim"))
    work = make_grid()
    for cleaner, change in trace.changes:
        work.add_row(f"{cleaner.name} {cleaner.version}", Text(change))
    console.print(Group(facts, Text(), page, Text(), work, Text()))


def render_cleaning_page(documents: Sequence[CleaningTrace]) -> str:
    """Render documents as `print_cleaning` does, as a self-contained HTML page."""
    console = Console(record=True, width=_PAGE_WIDTH, file=StringIO(), force_terminal=True, color_system="truecolor")
    for document in documents:
        print_cleaning(document, console)
    return console.export_html(inline_styles=True, code_format=_PAGE)
