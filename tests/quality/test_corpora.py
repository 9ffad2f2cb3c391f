"""Readers of the corpora, and messages for missing ones. The texts are invented."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import pytest
import spacy

from . import __main__ as program
from .corpora import CORPORA, read_attributions, read_name_docs, sentences
from .measures import Attribution
from .speed import measure_speed
from .tables import Table


def written(path: Path, *lines: str) -> Path:
    path.write_bytes(lzma.compress("".join(f"{line}\n" for line in lines).encode()))
    return path


def test_attributions_are_read_without_white_space_at_the_edges_of_spans(tmp_path: Path) -> None:
    spans = {"source": [[0, 3]], "cue": [[4, 9]], "content": [[9, 12], [13, 14]]}
    path = written(tmp_path / "a.xz", json.dumps({"text": "Ann says it is", "attributions": [spans]}))
    expected = Attribution(frozenset({(0, 3)}), frozenset({(4, 8)}), frozenset({(9, 11), (13, 14)}))
    assert list(read_attributions(path)) == [("Ann says it is", [expected])]


def test_names_are_read_as_docs_of_the_corpus_own_words(tmp_path: Path) -> None:
    rows = ["Ann\tB-person", "Reed\tI-person", "'s\tO", "Syrians\tB-misc", ".\tO", "", "The\tO", "Hague\tB-location"]
    [(doc, gold)] = read_name_docs(written(tmp_path / "a.xz", *rows), spacy.blank("en").vocab)
    assert doc.text.strip() == "Ann Reed's Syrians. The Hague"
    assert [(doc.text[start:end], label) for (start, end), label in gold] == [
        ("Ann Reed", "PERSON"),
        ("Syrians", "NORP"),
        ("Hague", "LOC"),
    ]


def test_sentences_are_read_from_their_texts_with_an_empty_line_between_paragraphs(tmp_path: Path) -> None:
    row = "\t_" * 8
    path = written(
        tmp_path / "a.xz",
        *("# newdoc", "# newpar", "# text = I don't.", f"1\tI{row}", f"2-3\tdon't{row}", f"4\t.{row}", ""),
        *("# text = (Yes.", f"1\t(Yes.{row[:-1]}SpaceAfter=No", "", "# text = )", f"1\t){row}", ""),
        *("# newpar", "# text = So.", f"1\tSo{row}", "# newdoc", "# text = End.", f"1\tEnd{row}", ""),
    )
    assert list(sentences(path)) == [("I don't. (Yes.)\n\nSo.", {0, 9, 14, 17}), ("End.", {0})]


def test_without_a_folder_it_is_skipped_and_every_corpus_public_home_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ONRECORD_CORPORA", raising=False)
    monkeypatch.setattr("sys.argv", ["quality"])
    assert program.main() == 0
    said = capsys.readouterr().err
    assert "skipped" in said
    assert all(corpus.file in said and corpus.home in said for corpus in CORPORA)


def test_a_folder_without_any_of_the_corpora_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["quality", "--corpora", str(tmp_path)])
    assert program.main() == 2
    said = capsys.readouterr().err
    assert all(corpus.home in said for corpus in CORPORA)


def test_a_table_in_markdown() -> None:
    table = Table("Names", ("", "gold", "F1"), [["a|b", 1200, 81.25], ["c", 3, None]], ("A note.",))
    assert table.markdown.splitlines() == [
        *("### Names", "", "|  | gold | F1 |", "| :-- | --: | --: |"),
        *("| a\\|b | 1,200 | 81.2 |", "| c | 3 |  |", "", "A note."),
    ]


def test_speed_is_measured_on_texts_of_any_number() -> None:
    assert all(speed > 0 for speed in measure_speed(spacy.blank("en"), ["Three short words."] * 3, 1))
