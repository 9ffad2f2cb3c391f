"""Closed lists that the rules use. Lower case unless said otherwise."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FUNCTION_WORDS = _words("""
    a about above according after again against all almost already also although always am amid among an and another any
    anyone are as asked at be because been before being below between both but by can could despite did do does doing
    down due during each earlier either enough even every everyone everything few finally first following for former
    from further given had has have he hello her here hers him his how however i if in indeed inside instead into is it
    its itself just last later least less let like many may maybe me meanwhile might mine more moreover most much must
    my nearly neither never nevertheless next no nobody none nor not nothing now obviously of off often on once one only
    or other others our out outside over overall own perhaps please quite rather same several shall she should since so
    some someone something soon still such sure than thank thanks that the their them then there therefore these they
    this those though three through throughout thus to today together tomorrow too toward towards two under unless
    unlike until up upon us very was we well were what when where whether which while who whom whose why will with
    within without would yes yesterday yet you your
    """)
CALENDAR = _words("""
    monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun january february march april
    may june july august september october november december jan. feb. mar. apr. jun. jul. aug. sept. sep. oct. nov.
    dec. christmas easter ramadan thanksgiving
    """)
TITLE_WORDS = _words("""
    president vice prime minister minister secretary foreign defense defence interior finance deputy senator sen
    congressman congresswoman representative rep governor gov mayor chancellor ambassador envoy general gen colonel col
    major maj captain capt lieutenant lt sergeant sgt admiral adm commander cmdr king queen prince princess pope sheikh
    ayatollah imam bishop archbishop cardinal judge justice attorney chairman chairwoman chair chief director spokesman
    spokeswoman spokesperson leader speaker majority minority whip professor prof doctor dr mr mrs ms miss sir lady lord
    rev reverend sheriff detective officer press
    """)
"""Words that stand before a person's name and are no part of it; full stops are taken off."""
OFFICES = frozenset({"Secretary", "Minister", "Secretaries", "Ministers"})
"""Titles, as written, that go on with "of" and a portfolio."""
PORTFOLIOS = frozenset({"State", "Defense", "Defence", "Commerce", "Labor", "Education", "Energy", "Transportation"})
"""What stands after "Secretary of", as written, and is no name of its own."""
ROLE_NOUNS = _words("""
    analyst spokesman spokeswoman spokesperson leader president minister secretary chairman director professor expert
    ambassador envoy commander senator governor mayor lawmaker adviser advisor strategist reporter journalist lawyer
    attorney activist economist chief judge diplomat candidate nominee counterpart wife husband son daughter author
    """)
"""Nouns in lower case after which the name of a person stands."""
NAME_PARTICLES = frozenset({"al", "el", "de", "del", "della", "di", "da", "dos", "du", "la", "van", "von", "der", "den",
                            "bin", "ibn", "abu", "ben"})  # fmt: skip
"""Words in lower case inside names."""
NOT_NAMES = frozenset({"I", "I’m", "I'm", "A", "TV", "OK", "AM", "PM"})
"""Capitalised words, as written, that begin no name."""
OPENING_MARKS = frozenset({"“", "‘", '"', "'", "``", "''", "(", "[", ":"})
"""Marks after which a word may be capitalised for that reason only."""
ORGANIZATION_HEADS = _words("""
    Administration Agency Alliance Army Assembly Association Authority Bank Board Brigade Bureau Cabinet Campaign Center
    Centre Chamber Coalition College Commission Committee Companies Company Conference Congress Corporation Corps
    Council Court Department Embassy Federation Fund Foundation Front Government Group House Inc. Institute Institution
    League Ministry Movement Network News Observatory Office Organisation Organization Parliament Party Post Press
    School Senate Service Society Times Tribune Tribunal Union University
    """)
"""Words, as written, that are the last of an organization's name or go on with "of" and "for"."""
PLACE_HEADS = _words(
    "Airport Airbase Island Islands River Sea Ocean Mountain Mountains Valley Street Avenue "
    "Square City County Bay Gulf Peninsula Province Desert Lake Strait Beach Heights"
)
"""Words, as written, that are the last of a place's name."""
PLACE_NOUNS = _words(
    "province region city town village district suburb area county airport airbase neighborhood border"
)
"""Nouns in lower case that stand after the name of a place."""
REPORTING_FORMS = _words("""
    said says told tells added adds argued argues insisted insists warned warns asked asks noted notes announced
    announces claimed claims believes believed vowed vows promised urged demanded called replied responded explained
    acknowledged suggested wrote testified tweeted
    """)
"""Verbs whose subject, in a name of two words or more, is mostly a person."""
REPORTS = frozenset({"says", "tells", "vows", "warns", "urges", "insists", "denies", "claims", "argues"})
"""Verbs that make even the first word of a headline a name: Obama tells …"""
GIVEN_NAMES = _words("""
    Abdul Abdullah Adam Ahmed Alan Alex Alexander Alexei Ali Amanda Amy Andrea Andrew Angela Anna Anne Anthony Antonio
    Barack Barbara Ben Benjamin Bernie Bill Bob Boris Brian Carlos Carol Charles Chris Christopher Chuck Dan Daniel
    David Dmitry Donald Ed Edward Elizabeth Emily Emmanuel Eric Frank François Gary George Greg Hassan Heather Helen
    Henry Hillary Hussein Ian Ivan Jack James Jane Jason Jean Jeb Jeff Jennifer Jessica Jim Joe John Jon Jonathan José
    Joseph Josh Juan Julia Karen Kate Kevin Kim Larry Laura Lee Lisa Luis Margaret Maria Marco Mark Martin Mary Matt
    Matthew Melissa Michael Michelle Mike Mikhail Mitch Mitt Mohamed Mohammad Mohammed Nancy Nicholas Nicolas Nikki Omar
    Pat Patrick Paul Peter Philip Rachel Ralph Rand Rebecca Richard Rick Robert Ron Ronald Ross Ryan Sam Sarah Scott
    Sean Sergei Sergey Stephen Steve Steven Susan Ted Theresa Thomas Tim Timothy Tom Tony Vladimir Walter William
    """)
"""Common given names, as written, which make two capitalised words the name of a person."""
