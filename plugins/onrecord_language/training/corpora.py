"""Readers of the public corpora, which give them one form.

The labels of a text say no more than its corpus does.
"""

from __future__ import annotations

import json
import lzma
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..tags import NAME_TAGS, NAMES, ROLE_TAGS, Tags
from .wordlists import is_event, is_people

if TYPE_CHECKING:
    from spacy.language import Language

POLNEAR = "polnear-{part}.jsonl.xz"
ANY = -1
"""All bits set: any tag may be right."""


@dataclass
class Text:
    """Words and their labels.

    Labels are sets of possible tags, as bits: one bit if the corpus gives the tag, several if it is ambiguous, ANY if
    the corpus does not say.
    """

    words: list[str]
    spaced: list[bool]
    roles: list[int] = field(default_factory=list)
    names: list[int] = field(default_factory=list)
    sentences: list[int] = field(default_factory=list)
    """1 where a sentence begins, 0 where none does, -1 where it is unknown."""
    names_weight: float = 1.0
    attributions: list[dict[str, list[tuple[int, int]]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        count = len(self.words)
        self.roles = self.roles or [ANY] * count
        self.names = self.names or [ANY] * count
        self.sentences = self.sentences or [-1] * count


def read_lines(path: Path) -> Iterator[str]:
    """Yield the lines of an xz-compressed UTF-8 file."""
    with lzma.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield line.rstrip("\n")


@cache
def load_tokenizer() -> Language:
    """Return the pipeline's tokenizer, so that training sees the same words."""
    from ..english import make_blank

    return make_blank()


def read_polnear(corpora: Path, part: str) -> Iterator[tuple[dict[str, Any], Text]]:
    """Yield PolNeAR's articles with their attributions.

    Names and sentences are CoreNLP's, and therefore uncertain.
    """
    silver = _read_corenlp(corpora / f"polnear-{part}.corenlp.conllu.xz")
    articles = [json.loads(line) for line in read_lines(corpora / POLNEAR.format(part=part))]
    habits = _learn_habits([(article["text"], silver[article["id"]][0]) for article in articles])
    for article in articles:
        doc = load_tokenizer().make_doc(article["text"])
        text = Text([t.text for t in doc], [bool(t.whitespace_) for t in doc], names_weight=0.4)
        starts = {token.idx: token.i for token in doc}
        ends = {token.idx + len(token): token.i + 1 for token in doc}
        text.roles = [1] * len(doc)
        for attribution in article["attributions"]:
            found = {
                role: [
                    (starts[start], ends[end])
                    for start, end in attribution[role]
                    if start in starts and end in ends and starts[start] < ends[end]
                ]
                for role in ROLE_TAGS.labels
            }
            text.attributions.append(found)
            for role, spans in found.items():
                for span in spans:
                    _tag(text.roles, ROLE_TAGS, *span, role)
        text.names = [1] * len(doc)
        text.sentences = [0] * len(doc)
        names, sentences = silver[article["id"]]
        for start, end, label in names:
            if start in starts and end in ends:
                labels = [label] if habits.label.get(article["text"][start:end]) == label else [*habits.labels]
                _tag_name(text, starts[start], ends[end], labels)
            else:
                for token in doc.char_span(start, end, alignment_mode="expand") or ():
                    text.names[token.i] = ANY
        for token in doc:
            if text.names[token.i] == 1 and token.text in habits.words:
                text.names[token.i] = ANY
        for start in sentences & starts.keys():
            text.sentences[starts[start]] = 1
        yield article, text


def _tag(bits: list[int], tags: Tags, first: int, last: int, label: str) -> None:
    for i, tag in enumerate(tags.of_span(last - first, label), first):
        bits[i] = 1 << tag


_LABELS = {
    "PERSON": ["PERSON"], "PER": ["PERSON"], "person": ["PERSON"], "politician": ["PERSON"],
    "ORGANIZATION": ["ORG"], "ORG": ["ORG"], "organisation": ["ORG"], "politicalparty": ["ORG"],
    "LOCATION": ["LOC"], "LOC": ["LOC"], "location": ["LOC"], "country": ["LOC"],
    "election": ["EVENT"], "event": ["EVENT"],
}  # fmt: skip
"""Our labels for those of the corpora. Their "misc" contains peoples, events and other things."""


def _tag_name(text: Text, first: int, last: int, given: Sequence[str]) -> None:
    """Label a name that the corpus gives one of these labels."""
    name = [word for word in text.words[first:last] if not word.isspace()]
    # CrossNER labels events separately, so none are in its "misc".
    is_other = "misc" in given or not is_event(name)
    rest = ["NORP"] if is_people(name) else ["MISC"] if is_other else ["EVENT"]
    labels = {ours for theirs in given for ours in _LABELS.get(theirs, rest)}
    rows = [NAME_TAGS.of_span(last - first, label) for label in labels]
    for i, tags in enumerate(zip(*rows, strict=True), first):
        text.names[i] = sum(1 << tag for tag in tags)


@dataclass
class _Habits:
    """How a tagger labels most names, which shows where it can be trusted."""

    label: Mapping[str, str]
    """For each name, the label that it has at least four times in five."""
    words: Set[str]
    """Words outside names that are in names at least one time in ten, and may be missed names."""
    labels: Sequence[str] = ("PERSON", "ORGANIZATION", "LOCATION", "MISC")


def _learn_habits(texts: Iterable[tuple[str, Sequence[tuple[int, int, str]]]]) -> _Habits:
    labels: dict[str, Counter[str]] = defaultdict(Counter)
    seen, named = Counter[str](), Counter[str]()
    for text, names in texts:
        seen.update(re.findall(r"\w+", text))
        for start, end, label in names:
            labels[text[start:end]][label] += 1
            named.update(re.findall(r"\w+", text[start:end]))
    most = {name: counts.most_common(1)[0] for name, counts in labels.items()}
    return _Habits(
        {name: label for name, (label, count) in most.items() if count >= 0.8 * labels[name].total()},
        {word for word, count in named.items() if count >= max(3, 0.1 * seen[word]) and not word.islower()},
    )


def _read_corenlp(path: Path) -> dict[str, tuple[list[tuple[int, int, str]], set[int]]]:
    """Return, by article, names with offsets, and the offsets of sentence starts."""
    found: dict[str, tuple[list[tuple[int, int, str]], set[int]]] = defaultdict(lambda: ([], set()))
    names, sentences = found[""]
    last: tuple[str, int] = ("O", -1)
    for line in read_lines(path):
        if line.startswith("# newdoc id = "):
            names, sentences = found[line.removeprefix("# newdoc id = ")]
        if not line or line[0] == "#":
            last = ("O", -1)
            continue
        columns = line.split("\t")
        misc = dict(pair.split("=", 1) for pair in columns[9].split("|"))
        start, end, label = int(misc["start"]), int(misc["end"]), misc["ner"]
        if columns[0] == "1":
            sentences.add(start)
        if label not in ("PERSON", "ORGANIZATION", "LOCATION", "MISC"):
            label = "O"
        if label != "O" and label == last[0]:
            names[-1] = (names[-1][0], end, label)
        elif label != "O":
            names.append((start, end, label))
        last = (label, end)
    return found


def read_iob(path: Path, sentences_together: int = 12) -> Iterator[Text]:
    """Read a corpus of names, with a word and its tag per line.

    Empty lines separate sentences.
    """
    sentences = [
        [line.split("\t") for line in group]
        for filled, group in groupby(read_lines(path), key=lambda line: bool(line) and line[0] != "#")
        if filled
    ]
    for at in range(0, len(sentences), sentences_together):
        rows = [row for sentence in sentences[at : at + sentences_together] for row in sentence]
        columns = (0, 1) if len(rows[0]) == 2 else (1, 2)
        text = Text([row[columns[0]] for row in rows], [])
        text.spaced = [_space_between(*pair) for pair in zip(text.words, [*text.words[1:], ""], strict=True)]
        text.names = [1] * len(rows)
        for first, last, label in decode_iob([row[columns[1]] for row in rows]):
            _tag_name(text, first, last, [label])
        yield text


def decode_iob(tags: Iterable[str]) -> list[tuple[int, int, str]]:
    """Return the spans of tags such as B-person, I-person, O."""
    found: list[tuple[int, int, str]] = []
    before = "O"
    for i, tag in enumerate(tags):
        if tag[0] == "B" or (tag[0] == "I" and before[2:] != tag[2:]):
            found.append((i, i + 1, tag[2:]))
        elif tag[0] == "I":
            found[-1] = (found[-1][0], i + 1, tag[2:])
        before = tag
    return found


def _space_between(word: str, after: str) -> bool:
    """Guess whether white space separated two words; these corpora do not say."""
    return word not in ("(", "[", "$", "``") and after not in (*".,;:!?)]%", "'s", "n't", "'re", "'ve", "'ll", "''")


def read_treebank(path: Path) -> Iterator[Text]:
    """Read the sentence boundaries of a Universal Dependencies treebank."""
    text = Text([], [])
    together, spaced = 0, True
    for line in [*read_lines(path), "# newdoc"]:
        if line.startswith("# newdoc"):
            if text.words:
                yield text
            text = Text([], [])
        elif line.startswith("# newpar"):
            if text.words and not text.words[-1].isspace():
                text.spaced[-1] = False
                _add(text, "\n\n", False, 0)
        elif line and line[0] != "#":
            number, word, *_, misc = line.split("\t")
            if "-" in number:
                # Words written together, such as "don't", are one word here, so the labels of their parts are skipped.
                together, spaced = int(number.split("-")[1]), "SpaceAfter=No" not in misc
            elif number == str(together):
                _add(text, word, spaced, int(number == "1"))
                together = 0
            elif "." not in number:
                _add(text, word, not together and "SpaceAfter=No" not in misc, int(number == "1"))


def _add(text: Text, word: str, spaced: bool, sentence: int) -> None:
    text.words.append(word)
    text.spaced.append(spaced)
    text.sentences.append(sentence)
    text.roles.append(ANY)
    text.names.append(ANY)


def is_certain(bits: int) -> bool:
    """Whether only one tag is possible."""
    return bits.bit_count() == 1 and bits > 0


def certain_names(text: Text) -> list[tuple[int, int, str]]:
    """Return the certain names of a text: first word, word after the last, label."""
    return NAME_TAGS.spans([bits.bit_length() - 1 if is_certain(bits) else 0 for bits in text.names])


assert set().union(*map(set, _LABELS.values())) < set(NAMES)
