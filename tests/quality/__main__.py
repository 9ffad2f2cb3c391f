"""`make quality`: accuracy and speed of the pipeline on public corpora.

Measured on their dev parts.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Console

from onrecord.plugins.pipelines import Pipeline, find_installed_pipeline, load_pipeline

from . import cleaning, names, pages, polnear, sentences, speed
from .corpora import CONLL, CORPORA, EWT, GUM, PAGES, POLITICS, POLNEAR, UNER, Corpus
from .tables import Table

MEASURES = ("attributions", "cleaning", "names", "sentences", "pages", "speed")
COMPONENT = "onrecord_attributions"


def main() -> int:
    """Measure and print, and write Markdown if requested.

    Returns 0 also if no corpora are named, and 2 if none of them exist.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.quality", description=__doc__)
    parser.add_argument("--corpora", type=Path, help="folder of the corpora; ONRECORD_CORPORA by default")
    parser.add_argument("--pipeline", help="an installed spaCy pipeline to measure instead of the built-in one")
    parser.add_argument("--markdown", type=Path, help="a file to write the tables to")
    parser.add_argument("--only", nargs="+", choices=MEASURES, default=MEASURES, help="measure only these")
    arguments = parser.parse_args()
    folder = arguments.corpora or os.environ.get("ONRECORD_CORPORA")
    if not folder:
        print("skipped: name the folder of the corpora with --corpora or ONRECORD_CORPORA", file=sys.stderr)
        _print_missing(CORPORA)
        return 0
    there = {corpus: path for corpus in CORPORA if (path := corpus.path(Path(folder)))}
    if missing := [corpus for corpus in CORPORA if corpus not in there]:
        print(f"not in {folder}, not measured:", file=sys.stderr)
        _print_missing(missing)
    if not there:
        return 2
    pipeline = _pipeline(arguments.pipeline)
    # Piped into a file or a page, tables keep their width.
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(f"{pipeline.identity}\n")
    found = []
    for table in _tables(pipeline, there, arguments.only):
        found.append(table)
        console.print(table)
    if arguments.markdown:
        arguments.markdown.write_text("\n".join(table.markdown for table in found), encoding="utf-8")
    return 0


def _print_missing(corpora: Iterable[Corpus]) -> None:
    for corpus in corpora:
        print(f"  {corpus.file:<36} from {corpus.home}", file=sys.stderr)


def _pipeline(name: str | None) -> Pipeline:
    """Return the named pipeline, extended to find attributions if it does not."""
    if name:
        return find_installed_pipeline(name, None).with_pipes([COMPONENT])
    import onrecord_language

    registered: list[Pipeline] = []
    onrecord_language.register_pipelines(registered.append)
    return registered[0]


def _tables(pipeline: Pipeline, there: dict[Corpus, Path], wanted: Iterable[str]) -> Iterator[Table]:
    """Yield each table when it is finished; speed last, when everything is loaded."""
    if "pages" in wanted and PAGES in there:
        yield from pages.tables(there[PAGES])
    if not set(wanted) - {"pages"}:
        return
    nlp = load_pipeline(pipeline)
    if "attributions" in wanted and POLNEAR in there:
        yield from polnear.tables(pipeline, there[POLNEAR])
    if "cleaning" in wanted:
        yield from cleaning.tables(there.get(POLNEAR))
    if "names" in wanted:
        yield from names.tables(nlp, {corpus: there[corpus] for corpus in (CONLL, POLITICS, UNER) if corpus in there})
    if "sentences" in wanted:
        yield from sentences.tables(nlp, {corpus: there[corpus] for corpus in (EWT, GUM) if corpus in there})
    if "speed" in wanted and POLNEAR in there:
        yield from speed.tables(nlp, there[POLNEAR])


if __name__ == "__main__":
    sys.exit(main())
