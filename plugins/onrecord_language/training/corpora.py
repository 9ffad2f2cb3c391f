"""The public corpora, read into one form. Each reader yields texts whose labels say no more than the corpus does."""

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
    """Words and what is known about them.

    What a word may be is a set of tags, as bits: one bit where the corpus says it, several where it says less,
    ANY where it says nothing.
    """

    words: list[str]
    spaced: list[bool]
    roles: list[int] = field(default_factory=list)
    names: list[int] = field(default_factory=list)
    sentences: list[int] = field(default_factory=list)
    """1 where a sentence begins, 0 where none does, -1 where it is not known."""
    names_weight: float = 1.0
    attributions: list[dict[str, list[tuple[int, int]]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        count = len(self.words)
        self.roles = self.roles or [ANY] * count
        self.names = self.names or [ANY] * count
        self.sentences = self.sentences or [-1] * count


def lines(path: Path) -> Iterator[str]:
    """The lines of an xz-compressed UTF-8 file, without their ends."""
    with lzma.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield line.rstrip("\n")


@cache
def tokenizer() -> Language:
    """The tokenizer of the pipeline, so that training sees the words that the pipeline will see."""
    from ..english import blank

    return blank()


def polnear(corpora: Path, part: str) -> Iterator[tuple[dict[str, Any], Text]]:
    """PolNeAR's articles with their attributions; names and sentences are CoreNLP's, and so not certain."""
    silver = _corenlp(corpora / f"polnear-{part}.corenlp.conllu.xz")
    articles = [json.loads(line) for line in lines(corpora / POLNEAR.format(part=part))]
    habits = _habits([(article["text"], silver[article["id"]][0]) for article in articles])
    for article in articles:
        doc = tokenizer().make_doc(article["text"])
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
"""What the corpora's labels are here. Their rest ("misc") holds peoples, events and other things."""


def _tag_name(text: Text, first: int, last: int, given: Sequence[str]) -> None:
    """A name that the corpus gives this label, or one of these."""
    name = [word for word in text.words[first:last] if not word.isspace()]
    # Of CrossNER's "misc" nothing is an event, for these it tells apart.
    is_other = "misc" in given or not is_event(name)
    rest = ["NORP"] if is_people(name) else ["MISC"] if is_other else ["EVENT"]
    labels = {ours for theirs in given for ours in _LABELS.get(theirs, rest)}
    rows = [NAME_TAGS.of_span(last - first, label) for label in labels]
    for i, tags in enumerate(zip(*rows, strict=True), first):
        text.names[i] = sum(1 << tag for tag in tags)


@dataclass
class _Habits:
    """How a tagger that errs labels most names, and so where it is to be believed."""

    label: Mapping[str, str]
    """By name the label that it has four times in five, if there is one."""
    words: Set[str]
    """Words that may be a name's where they are not said to be: one in ten times they are."""
    labels: Sequence[str] = ("PERSON", "ORGANIZATION", "LOCATION", "MISC")


def _habits(texts: Iterable[tuple[str, Sequence[tuple[int, int, str]]]]) -> _Habits:
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


def _corenlp(path: Path) -> dict[str, tuple[list[tuple[int, int, str]], set[int]]]:
    """By article: names with their offsets, and the offsets at which sentences begin."""
    found: dict[str, tuple[list[tuple[int, int, str]], set[int]]] = defaultdict(lambda: ([], set()))
    names, sentences = found[""]
    last: tuple[str, int] = ("O", -1)
    for line in lines(path):
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


def iob(path: Path, sentences_together: int = 12) -> Iterator[Text]:
    """A corpus of names: a word and its tag on each line, a line without between sentences."""
    sentences = [
        [line.split("\t") for line in group]
        for filled, group in groupby(lines(path), key=lambda line: bool(line) and line[0] != "#")
        if filled
    ]
    for at in range(0, len(sentences), sentences_together):
        rows = [row for sentence in sentences[at : at + sentences_together] for row in sentence]
        columns = (0, 1) if len(rows[0]) == 2 else (1, 2)
        text = Text([row[columns[0]] for row in rows], [])
        text.spaced = [_space_between(*pair) for pair in zip(text.words, [*text.words[1:], ""], strict=True)]
        text.names = [1] * len(rows)
        for first, last, label in iob_spans([row[columns[1]] for row in rows]):
            _tag_name(text, first, last, [label])
        yield text


def iob_spans(tags: Iterable[str]) -> list[tuple[int, int, str]]:
    """The spans of a row of tags such as B-person, I-person, O."""
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
    """Whether white space stood between two words, which these corpora do not tell."""
    return word not in ("(", "[", "$", "``") and after not in (*".,;:!?)]%", "'s", "n't", "'re", "'ve", "'ll", "''")


def treebank(path: Path) -> Iterator[Text]:
    """A Universal Dependencies treebank: where sentences begin."""
    text = Text([], [])
    together, spaced = 0, True
    for line in [*lines(path), "# newdoc"]:
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
                # Words written together, such as "don't": what follows them is said of all at once.
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
    """Whether only one tag may be right."""
    return bits.bit_count() == 1 and bits > 0


def names_of(text: Text) -> list[tuple[int, int, str]]:
    """The names of a text that are certain: first word, the word after the last, label."""
    return NAME_TAGS.spans([bits.bit_length() - 1 if is_certain(bits) else 0 for bits in text.names])


assert set().union(*map(set, _LABELS.values())) < set(NAMES)
