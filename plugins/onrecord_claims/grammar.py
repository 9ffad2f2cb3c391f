"""Closed word classes that the rules go by, in lower case, with ' for every apostrophe."""

from __future__ import annotations


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


DETERMINERS = _set(
    "the a an this that these those his her its their our my your some many most several no any each every all both "
    "another other few two three four five six seven eight nine ten one"
)
ARTICLES = _set("the a an his her its their our my some most many several")
SUBJECT_PRONOUNS = _set("he she it they we i you")
COMPLEMENTIZERS = _set("that whether how what when where why who")
PREPOSITIONS = _set(
    "in on at by for with from of about after before during since until under over between among against into through "
    "toward towards to despite amid as like within without near following across behind upon per outside inside"
)
SUBORDINATORS = _set(
    "while although though because if when as since unless whereas where that which who whom whose what whether how "
    "why after before until than so once"
)
RELATIVES = _set("who which that whose")
CONCESSIVES = _set("while although though as whereas when")
CONJUNCTIONS = _set("and but or nor yet")
ADVERBS = _set(
    "also again already always ever even just later earlier now often once only still then first instead however too "
    "not never n't yet repeatedly meanwhile moreover himself herself itself themselves further thus nonetheless "
    "nevertheless sometimes soon since long previously perhaps indeed"
)
NEGATIONS = _set("not n't never neither nor hardly")
BE = _set("is are was were be been being am 's 're 'm get gets got")
AUXILIARIES = BE | _set("has have had did does do 've")
MODALS = _set("will would could should can may might must shall 'll 'd wo ca cannot")
IRREGULAR_PASTS = _set(
    "met sought made took began came went left gave held led won lost saw ran spoke fell rose grew drew kept brought "
    "found sent built became broke chose fought told said wrote arose stood put set sat flew"
)
DAYS = _set("monday tuesday wednesday thursday friday saturday sunday yesterday today tonight")
MONTHS = _set(
    "january february march april may june july august september october november december jan. feb. mar. apr. aug. "
    "sept. oct. nov. dec."
)
TIME_UNITS = _set(
    "second minute hour day week month year night morning evening afternoon weekend spring summer fall winter"
)
OCCASIONS = _set(
    "interview statement briefing speech call conference letter report email e-mail tweet post meeting hearing "
    "testimony debate rally event appearance forum article broadcast address message remarks comments phone telephone"
)
"""What something may be said in or at."""
ROLE_TITLES = _set(
    "president secretary minister premier chancellor senator congressman congresswoman governor mayor general colonel "
    "chairman chairwoman spokesman spokeswoman spokesperson analyst ambassador envoy king queen pope director leader "
    "professor diplomat official judge commander candidate nominee"
)
"""Nouns that stand for one person."""
COURTESY_TITLES = _set("mr mrs ms dr gen sen rep gov prof deputy prime foreign vice")
INSTITUTIONS = _set(
    "administration government ministry department regime army agency embassy campaign committee council parliament "
    "senate congress court office commission party group institute organization company police military"
)
"""Nouns that, with a name before them, name an institution."""
STOPS = frozenset({".", "!", "?", "…", "...", "?!", "!?"})
BRACKETS = frozenset("()[]{}")
