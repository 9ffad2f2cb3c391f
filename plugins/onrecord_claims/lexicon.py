"""Reporting verbs: what is done in saying something, and what may follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Complement = Literal["clause", "that", "thing", "addressee", "quote"]
"""What may follow: a clause with or without "that" · one with "that", "whether" or a question word · a noun phrase ·
somebody, and then one of these · only words in quotation marks."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class Verb:
    """A reporting verb."""

    lemma: str
    cue_class: str
    complements: frozenset[Complement]


@dataclass(frozen=True, slots=True)
class Form:
    """A form of a reporting verb."""

    verb: Verb
    kind: Literal["base", "third", "past", "participle"]
    """say · says · said · saying"""


_VERBS: dict[str, dict[Complement, str]] = {
    "say": {"clause": "say state write testify reply respond comment continue conclude recall tweet"},
    "tell": {"addressee": "tell inform assure remind notify"},
    "add": {"clause": "add"},
    "explain": {"that": "explain clarify"},
    "announce": {"thing": "announce disclose reveal", "that": "declare proclaim report"},
    "claim": {"clause": "claim allege", "that": "assert contend maintain"},
    "argue": {"that": "argue reason counter"},
    "insist": {"clause": "insist", "that": "stress emphasize emphasise underline underscore reiterate repeat reaffirm"},
    "suggest": {"that": "suggest indicate imply hint signal propose recommend"},
    "note": {"that": "note observe remark mention"},
    "confirm": {"thing": "confirm", "that": "acknowledge admit concede recognize recognise"},
    "agree": {"that": "agree"},
    "deny": {"thing": "deny", "that": "dispute"},
    "doubt": {"that": "doubt question"},
    "warn": {"clause": "warn", "that": "caution", "addressee": "warn"},
    "complain": {"that": "complain lament"},
    "accuse": {"thing": "accuse"},
    "demand": {"thing": "demand", "that": "demand insist"},
    "urge": {"thing": "urge"},
    "promise": {"thing": "vow pledge promise", "that": "swear guarantee"},
    "ask": {"that": "ask wonder", "addressee": "ask"},
    "believe": {"clause": "believe think hope fear", "that": "expect predict feel understand estimate"},
    "call": {"quote": "call label dub describe"},
}
"""Lemmas by class and by what may follow them."""

_IRREGULAR = {
    "say": "said",
    "tell": "told",
    "write": "wrote",
    "think": "thought",
    "feel": "felt",
    "swear": "swore",
    "understand": "understood",
}
NOUNS_TOO = _words("""
    claim claims demand demands report reports note notes promise promises pledge pledges vow vows doubt doubts question
    questions hope hopes fear fears comment comments state states estimate estimates dispute disputes urge urges call
    calls label labels reply replies counter counters feel reason reasons remark remarks tweet tweets signal signals
    hint hints warning saying feeling understanding label labels
    """)
"""Forms that are nouns at least as often: they need more evidence than a word before them."""
INVERTING = _words(
    "say add explain note ask argue warn write reply declare insist conclude observe continue respond complain"
)
"""Verbs that may stand before their subject after a quotation: "…", said the minister."""
STATE_VERBS = frozenset({"believe", "think", "hope", "fear", "feel", "understand", "expect", "doubt", "recognize"})
"""Verbs of belief, which may be reported without having been said."""


def _forms(lemma: str) -> dict[str, Literal["base", "third", "past", "participle"]]:
    if lemma.endswith("y") and lemma[-2] not in "aeiou":
        third, past, participle = lemma[:-1] + "ies", lemma[:-1] + "ied", lemma + "ing"
    elif lemma.endswith("e"):
        third, past, participle = lemma + "s", lemma + "d", ("agreeing" if lemma == "agree" else lemma[:-1] + "ing")
    elif lemma.endswith(("sh", "ss", "ch")):
        third, past, participle = lemma + "es", lemma + "ed", lemma + "ing"
    elif lemma in ("admit", "dub"):
        third, past, participle = lemma + "s", lemma + lemma[-1] + "ed", lemma + lemma[-1] + "ing"
    else:
        third, past, participle = lemma + "s", lemma + "ed", lemma + "ing"
    return {lemma: "base", third: "third", _IRREGULAR.get(lemma, past): "past", participle: "participle"}


def _lexicon() -> dict[str, Form]:
    classes: dict[str, str] = {}
    complements: dict[str, set[Complement]] = {}
    for cue_class, groups in _VERBS.items():
        for complement, lemmas in groups.items():
            for lemma in lemmas.split():
                classes.setdefault(lemma, cue_class)
                complements.setdefault(lemma, set()).add(complement)
    forms = {}
    for lemma, cue_class in classes.items():
        verb = Verb(lemma, cue_class, frozenset(complements[lemma]))
        forms.update({form: Form(verb, kind) for form, kind in _forms(lemma).items()})
    return forms


FORMS: dict[str, Form] = _lexicon()
"""Every form of every reporting verb."""

PHRASES: dict[tuple[str, str], Form] = {
    ("served", "notice"): Form(Verb("serve notice", "warn", frozenset({"that"})), "past"),
    ("serves", "notice"): Form(Verb("serve notice", "warn", frozenset({"that"})), "third"),
    ("called", "on"): Form(Verb("call on", "demand", frozenset({"thing"})), "past"),
    ("calls", "on"): Form(Verb("call on", "demand", frozenset({"thing"})), "third"),
    ("made", "clear"): Form(Verb("make clear", "insist", frozenset({"that"})), "past"),
    ("pointed", "out"): Form(Verb("point out", "note", frozenset({"that"})), "past"),
    ("points", "out"): Form(Verb("point out", "note", frozenset({"that"})), "third"),
}
"""Cues of two words."""
