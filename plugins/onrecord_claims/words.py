"""Closed word classes, in lower case with ' for every apostrophe."""

from __future__ import annotations


def word_set(text: str) -> frozenset[str]:
    """Return the set of words in a text."""
    return frozenset(text.split())


PREPOSITIONS = word_set("""
    about across after against amid among around as at before behind between by during for from in inside into like
    near of on outside over per since through to toward towards under until with within without
    """)
RELATIVES = word_set("who whom whose which that")
ARTICLES = word_set("a an the")
POSSESSIVES = word_set("his her their its our my your 's '")
BE = word_set("is are was were be been being am 's 're 'm got gets")
