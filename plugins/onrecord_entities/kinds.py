"""Entity kinds for the labels of spaCy pipelines."""

from __future__ import annotations

from collections.abc import Mapping

from onrecord import EntityKind

KINDS: Mapping[str, EntityKind] = {
    "PERSON": "person",
    "PER": "person",
    "ORG": "organization",
    "GPE": "place",
    "LOC": "place",
    "FAC": "place",
    "NORP": "group",
    "EVENT": "event",
    "LANGUAGE": "other",
    "LAW": "other",
    "MISC": "other",
    "PRODUCT": "other",
    "WORK_OF_ART": "other",
}
"""Labels of names. Spans with other labels, such as DATE, MONEY or CARDINAL, are no names."""
