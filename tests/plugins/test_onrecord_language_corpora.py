"""What the network is taught, read from corpora in their own forms: no more than each corpus says."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import pytest

from onrecord_language.tags import NAME_TAGS, ROLE_TAGS
from onrecord_language.training.corpora import ANY, Text, certain_names, read_iob, read_polnear, read_treebank
from onrecord_language.training.wordlists import is_event, is_people


def packed(path: Path, text: str) -> Path:
    path.write_bytes(lzma.compress(text.encode()))
    return path


def written(text: Text) -> str:
    return "".join(word + " " * spaced for word, spaced in zip(text.words, text.spaced, strict=True)).strip()


def may_be(text: Text, word: str) -> set[str]:
    """The labels of the names that the first such word may be a part of; "O" for none."""
    bits = text.names[text.words.index(word)]
    return {name.rpartition("-")[2] for number, name in enumerate(NAME_TAGS.names) if bits >> number & 1}


# ── Treebanks ────────────────────────────────────────────────────────────────────────────────────

TREEBANK = """\
# newdoc id = one
# newpar
1-2\tDon't\t_\t_\t_\t_\t_\t_\t_\t_
1\tDo\tdo\tAUX\tVB\t_\t3\taux\t_\t_
2\tn't\tnot\tPART\tRB\t_\t3\tadvmod\t_\t_
3\tgo\tgo\tVERB\tVB\t_\t0\troot\t_\tSpaceAfter=No
4\t!\t!\tPUNCT\t.\t_\t3\tpunct\t_\t_

1\tThey\tthey\tPRON\tPRP\t_\t2\tnsubj\t_\t_
2-3\tcan't\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No
2\tca\tcan\tAUX\tMD\t_\t0\troot\t_\t_
3\tn't\tnot\tPART\tRB\t_\t2\tadvmod\t_\t_
4\t.\t.\tPUNCT\t.\t_\t2\tpunct\t_\t_

# newpar
1\tWhy\twhy\tADV\tWRB\t_\t0\troot\t_\tSpaceAfter=No
1.1\tgo\tgo\tVERB\tVB\t_\t_\t_\t1:conj\t_
2\t?\t?\tPUNCT\t.\t_\t1\tpunct\t_\t_

# newdoc id = two
1\tYes\tyes\tINTJ\tUH\t_\t0\troot\t_\t_
"""


def test_a_treebanks_texts_are_spaced_as_they_were_written(tmp_path: Path) -> None:
    one, two = read_treebank(packed(tmp_path / "t.xz", TREEBANK))
    assert written(one) == "Don't go! They can't.\n\nWhy?"
    assert written(two) == "Yes"


def test_a_treebank_says_where_sentences_begin_and_nothing_of_names_and_roles(tmp_path: Path) -> None:
    one, _ = read_treebank(packed(tmp_path / "t.xz", TREEBANK))
    assert [word for word, begins in zip(one.words, one.sentences, strict=True) if begins] == ["Do", "They", "Why"]
    assert {*one.names, *one.roles} == {ANY}


# ── Corpora of names ─────────────────────────────────────────────────────────────────────────────

IOB = """\
Anna\tB-politician
Berg\tI-politician
of\tO
the\tO
Greens\tB-politicalparty
praised\tO
Danish\tB-misc
and\tO
Pulitzer\tB-misc
Prize\tI-misc
winners\tO
at\tO
the\tO
World\tB-misc
Cup\tI-misc
.\tO
"""


@pytest.mark.parametrize(("rest", "event"), [("MISC", "EVENT"), ("misc", "MISC")])
def test_labels_are_mapped_to_ours_and_the_rest_is_told_apart_where_the_corpus_does_not(
    tmp_path: Path, rest: str, event: str
) -> None:
    [text] = read_iob(packed(tmp_path / "n.xz", IOB.replace("misc", rest)))
    assert [(" ".join(text.words[a:b]), label) for a, b, label in certain_names(text)] == [
        ("Anna Berg", "PERSON"),
        ("Greens", "ORG"),
        ("Danish", "NORP"),
        ("Pulitzer Prize", "MISC"),
        ("World Cup", event),
    ]
    assert set(text.sentences) == {-1}


@pytest.mark.parametrize("name", ["Germans", "Sino-German", "South Koreans", "Englishmen", "Shi'ite", "Republicans"])
def test_peoples(name: str) -> None:
    assert is_people(name.split())


@pytest.mark.parametrize("name", ["South", "Germany", "German Shepherd Club", "Nobel", ""])
def test_what_is_no_people(name: str) -> None:
    assert not is_people(name.split())


@pytest.mark.parametrize("name", ["World Cup", "U.S. Open", "War of Independence", "Euro Championship 96"])
def test_events(name: str) -> None:
    assert is_event(name.split())


@pytest.mark.parametrize("name", ["Cup", "Open Society", "Windows 95", "of"])
def test_what_is_no_event(name: str) -> None:
    assert not is_event(name.split())


# ── PolNeAR ──────────────────────────────────────────────────────────────────────────────────────


def polnear_folder(folder: Path, *articles: tuple[str, dict[str, str]]) -> Path:
    """A corpus of texts, with the labels that CoreNLP gave their words."""
    rows, parses = [], []
    for number, (text, labels) in enumerate(articles):
        said = {"source": "Berg", "cue": "said", "content": "rain"}
        spans = {role: [[text.index(w), text.index(w) + len(w)]] for role, w in said.items() if w in text}
        attributions = [{role: spans.get(role, []) for role in said}] if spans.keys() == said.keys() else []
        rows.append(json.dumps({"id": f"a{number}", "text": text, "attributions": attributions}))
        parses.append(f"# newdoc id = a{number}")
        at = 0
        for place, word in enumerate(text.split(), 1):
            at = text.index(word, at)
            misc = f"start={at}|end={at + len(word)}|ner={labels.get(word, 'O')}"
            parses.append("\t".join([str(place), word, *"_______", misc]))
        parses.append("")
    packed(folder / "polnear-train.jsonl.xz", "\n".join(rows))
    packed(folder / "polnear-train.corenlp.conllu.xz", "\n".join(parses))
    return folder


def test_polnears_spans_are_tags_of_our_own_words(tmp_path: Path) -> None:
    [(_, text)] = read_polnear(polnear_folder(tmp_path, ("Anna Berg said rain fell.", {})), "train")
    assert [ROLE_TAGS.names[bits.bit_length() - 1] for bits in text.roles] == [
        "O", "S-source", "S-cue", "S-content", "O", "O",
    ]  # fmt: skip
    assert text.attributions == [{"source": [(1, 2)], "cue": [(2, 3)], "content": [(3, 4)]}]


def test_a_label_that_the_tagger_seldom_gives_a_name_leaves_open_what_the_name_is(tmp_path: Path) -> None:
    often = ("Trump won", {"Trump": "PERSON"})
    folder = polnear_folder(tmp_path, *[often] * 8, ("Trump lost", {"Trump": "LOCATION"}))
    *others, last = (text for _, text in read_polnear(folder, "train"))
    assert {frozenset(may_be(text, "Trump")) for text in others} == {frozenset({"PERSON"})}
    assert {"PERSON", "LOC", "ORG"} < may_be(last, "Trump")
    assert "O" not in may_be(last, "Trump")


def test_where_the_tagger_passed_over_a_word_that_is_often_a_name_nothing_is_taught(tmp_path: Path) -> None:
    often = ("Trump won", {"Trump": "PERSON"})
    folder = polnear_folder(tmp_path, *[often] * 5, ("Trump lost", {}))
    *_, last = (text for _, text in read_polnear(folder, "train"))
    assert last.names[0] == ANY
    assert may_be(last, "lost") == {"O"}
