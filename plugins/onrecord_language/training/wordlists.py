"""Word lists that split "misc" names into peoples, events and others."""

from __future__ import annotations

from collections.abc import Sequence


def _word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


PEOPLES = _word_set("""
    afghan african albanian algerian american andorran angolan arab arabic argentine argentinian armenian asian
    aussie australian austrian azerbaijani azeri bahraini bangladeshi basque bavarian belarusian belarussian belgian
    belorussian bengali beninese bolivian bosnian brazilian briton british bulgarian burmese burundian californian
    cambodian cameroonian canadian caribbean catalan caucasian central chadian chechen chilean chinese colombian
    congolese corsican croat croatian cuban cypriot czech czechoslovak danish dane dutch dutchman ecuadorean
    ecuadorian egyptian english englishman eritrean estonian ethiopian european euro-american filipino finn finnish
    fleming flemish french frenchman gambian georgian german ghanaian greek greek-cypriot guatemalan gulf haitian
    hawaiian hispanic honduran hungarian hutu icelandic indian indonesian iranian iraqi irish irishman israeli
    italian ivorian jamaican japanese jordanian kashmiri kazakh kenyan khmer korean kosovar kurd kurdish kuwaiti
    kyrgyz laotian latin latino latina latvian lebanese liberian libyan lithuanian luxembourgish macedonian malagasy
    malawian malaysian malian maltese mauritanian mexican moldovan mongolian montenegrin moroccan mozambican
    namibian native nepalese nepali new nicaraguan nigerian nordic north norwegian omani ottoman pakistani
    palestinian panamanian paraguayan pashtun persian peruvian pole polish portuguese qatari romanian russian
    rwandan salvadoran saudi scandinavian scot scottish senegalese serb serbian sicilian sikh singaporean slav
    slavic slovak slovakian slovene slovenian somali south southern soviet spaniard spanish sudanese swede swedish
    swiss syrian taiwanese tajik tamil tanzanian tatar texan thai tibetan tunisian turk turkish turkmen tutsi
    ugandan ukrainian uruguayan uzbek venezuelan vietnamese welsh west western xhosa yemeni yugoslav zairean zambian
    zimbabwean zulu zionist aborigine aboriginal republican democrat democratic tory tories labourite conservative
    liberal communist socialist marxist maoist nazi fascist islamist peronist gaullist bolshevik baathist leninist
    trotskyist liberal-democrat libertarian catholic protestant christian muslim moslem islamic jew jewish hindu
    buddhist sunni shiite shia shi'ite orthodox anglican methodist lutheran baptist evangelical mormon presbyterian
    alawite druze coptic copt maronite sufi wahhabi judeo-christian roman calvinist quaker yazidi hasidic
    """)
EVENTS = _word_set("""
    accord bowl caucus caucuses championship championships classic conference convention cup debate debates derby
    election elections expo fair festival forum games gp holocaust inquisition intifada invitational marathon
    masters olympiad olympics open primaries primary prix rally regatta revolution series spring summit superbowl
    tournament trials trophy uprising war
    """)
"""Words that an event's name ends with or has before "of"."""
_ALONE_NOT = frozenset({"new", "north", "south", "southern", "west", "central", "gulf", "native", "orthodox", "roman"})
"""Words that need another word after them: South Korean, Native American."""


def is_people(words: Sequence[str]) -> bool:
    """Whether a name denotes a people, or supporters of a party or religion.

    In any form: Germans, Sino-German.
    """
    parts = [part for word in words for part in word.lower().split("-") if part]
    known = [_singular(part) in PEOPLES for part in parts]
    if not parts or len(words) > 2:
        return False
    if len(words) == 1 and len(parts) > 1:
        return known[0] or known[-1]
    return all(known) and parts[-1] not in _ALONE_NOT


def is_event(words: Sequence[str]) -> bool:
    """Whether a name denotes an event: World Cup, U.S. Open, War of 1812.

    A name of one word is too ambiguous.
    """
    lower = [word.lower() for word in words]
    head = lower.index("of") - 1 if "of" in lower[1:] else len(lower) - 1
    return len(words) > 1 and (lower[head] in EVENTS or (lower[-1].isdigit() and lower[-2] in EVENTS))


def _singular(word: str) -> str:
    if word in PEOPLES:
        return word
    if word.endswith("men"):
        return word[:-2] + "an"
    return word.removesuffix("s")
