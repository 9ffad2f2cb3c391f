"""Closed classes of words that several modules go by: in lower case, with ' for every apostrophe."""

from __future__ import annotations


def listed(text: str) -> frozenset[str]:
    """A set of the words in a text."""
    return frozenset(text.split())


PREPOSITIONS = listed("""
    about across after against amid among around as at before behind between by during for from in inside into like
    near of on outside over per since through to toward towards under until with within without
    """)
RELATIVES = listed("who whom whose which that")
ARTICLES = listed("a an the")
POSSESSIVES = listed("his her their its our my your 's '")
BE = listed("is are was were be been being am 's 're 'm got gets")
