"""Names that are known without context: countries, capitals, peoples and some organizations of the news."""

from __future__ import annotations

from typing import Literal

Label = Literal["person", "organization", "place", "group", "event", "other"]

COUNTRY_ACRONYMS = frozenset({"US", "U.S.", "U.S", "USA", "U.S.A.", "UK", "U.K.", "UAE", "EU", "E.U.", "UN", "U.N."})
"""Names that stand before others without becoming part of them: US Secretary of State John Kerry."""

COUNTRIES = """
Afghanistan; Albania; Algeria; Argentina; Armenia; Australia; Austria; Azerbaijan; Bahrain; Bangladesh; Belarus;
Belgium; Bolivia; Bosnia; Brazil; Britain; Brunei; Bulgaria; Burma; Cambodia; Canada; Chile; China; Colombia; Congo;
Croatia; Cuba; Cyprus; Denmark; Ecuador; Egypt; England; Estonia; Ethiopia; Finland; France; Georgia; Germany; Ghana;
Greece; Guatemala; Haiti; Honduras; Hungary; Iceland; India; Indonesia; Iran; Iraq; Ireland; Israel; Italy; Japan;
Jordan; Kazakhstan; Kenya; Kosovo; Kuwait; Latvia; Lebanon; Libya; Lithuania; Malaysia; Mali; Mexico; Moldova; Morocco;
Myanmar; Nepal; Netherlands; New Zealand; Nicaragua; Nigeria; North Korea; Norway; Oman; Pakistan; Panama; Peru;
Philippines; Poland; Portugal; Qatar; Romania; Russia; Russian Federation; Rwanda; Saudi Arabia; Scotland; Senegal;
Serbia; Singapore; Slovakia; Slovenia; Somalia; South Africa; South Korea; South Sudan; Soviet Union; Spain; Sri Lanka;
Sudan; Sweden; Switzerland; Syria; Taiwan; Tajikistan; Thailand; Tunisia; Turkey; Turkmenistan; Uganda; Ukraine;
United Arab Emirates; United Kingdom; United States; United States of America; Uruguay; Uzbekistan; Venezuela; Vietnam;
Wales; Yemen; Zimbabwe; US; U.S.; U.S; USA; U.S.A.; UK; U.K.; UAE; America
"""
PLACES = """
Abu Dhabi; Aleppo; Algiers; Amman; Ankara; Athens; Baghdad; Bahrain; Beijing; Beirut; Belgrade; Berlin; Brussels;
Bucharest; Budapest; Buenos Aires; Cairo; Canberra; Caracas; Chicago; Copenhagen; Crimea; Damascus; Dhaka; Doha; Dubai;
Dublin; Europe; Gaza; Geneva; Golan Heights; Havana; Helsinki; Homs; Idlib; Istanbul; Jakarta; Jerusalem; Kabul; Kiev;
Kyiv; Lisbon; London; Los Angeles; Madrid; Manila; Mecca; Mexico City; Middle East; Minsk; Moscow; Mosul; Nairobi; New
Delhi; New York; New York City; North Africa; Oslo; Ottawa; Palestine; Paris; Philadelphia; Prague; Pyongyang; Raqqa;
Riyadh; Rome; San Francisco; Seoul; Sofia; Southeast Asia; Stockholm; Tehran; Tel Aviv; Tokyo; Tripoli; Tunis; Vienna;
Warsaw; Washington; Washington, D.C.; West Bank; Asia; Africa; Latin America; North America; South America; California;
Texas; Florida; Ohio; Iowa; New Hampshire; Pennsylvania; Virginia; Michigan; Wisconsin; Nevada; Arizona; Alaska; Hawaii
"""
PEOPLES = """
Afghan; African; Albanian; Algerian; American; Arab; Argentine; Armenian; Asian; Australian; Austrian; Azerbaijani;
Bahraini; Belarusian; Belgian; Brazilian; British; Bulgarian; Canadian; Catholic; Chechen; Chilean; Chinese; Christian;
Colombian; Croatian; Cuban; Czech; Danish; Democrat; Democratic; Dutch; Egyptian; Estonian; European; Finnish; French;
Georgian; German; Greek; Hispanic; Hungarian; Indian; Indonesian; Iranian; Iraqi; Irish; Islamist; Israeli; Italian;
Japanese; Jewish; Jordanian; Kenyan; Korean; Kurdish; Kurd; Kuwaiti; Latino; Latvian; Lebanese; Libyan; Lithuanian;
Mexican; Moroccan; Muslim; Nigerian; North Korean; Norwegian; Pakistani; Palestinian; Polish; Portuguese; Qatari;
Republican; Romanian; Russian; Saudi; Scottish; Serbian; Shiite; Somali; South African; South Korean; Southeast Asian;
Soviet; Spanish; Sudanese; Sunni; Swedish; Swiss; Syrian; Thai; Tunisian; Turkish; Ukrainian; Venezuelan; Vietnamese;
Welsh; Western; Yemeni; Alawite
"""
ORGANIZATIONS = """
United Nations; U.N.; UN; European Union; EU; E.U.; NATO; Nato; World Bank; World Health Organization; Security Council;
U.N. Security Council; UN Security Council; United Nations Security Council; International Monetary Fund; IMF; OPEC;
Arab League; African Union; Red Cross; Amnesty International; Human Rights Watch; White House; Kremlin; Pentagon;
State Department; Congress; Senate; House of Representatives; Supreme Court; Capitol Hill; Downing Street; Wall Street;
Justice Department; Treasury; FBI; F.B.I.; CIA; C.I.A.; NSA; N.S.A.; Islamic State;
Islamic State of Iraq and the Levant;
Islamic State of Iraq and Syria; Islamic State in Iraq and the Levant; ISIL; ISIS; Daesh; Hezbollah; Hizbollah;
Hamas; Taliban; al-Qaeda; Al-Qaeda; Al Qaeda; al-Qaida; Free Syrian Army; Syrian National Coalition; Interfax; Reuters;
Associated Press; AP; Agence France-Presse; AFP; TASS; Tass; Al Jazeera; BBC; CNN; Fox News; New York Times;
Washington Post; Wall Street Journal; Bloomberg; Facebook; Google; Twitter
"""


def _names(text: str) -> list[str]:
    return [" ".join(name.split()) for name in text.split(";")]


def _plural(people: str) -> str:
    return people if people.endswith(("ese", "ish", "ch", "s", "h")) else people + "s"


KNOWN: dict[str, Label] = {
    **dict.fromkeys(_names(COUNTRIES), "place"),
    **dict.fromkeys(_names(PLACES), "place"),
    **dict.fromkeys(_names(PEOPLES), "group"),
    **dict.fromkeys(map(_plural, _names(PEOPLES)), "group"),
    **dict.fromkeys(_names(ORGANIZATIONS), "organization"),
}
"""Labels of names as they are written, with a space between words."""
LONGEST = 8
"""The most words that a name here has."""
FIRST_WORDS = frozenset(name.split()[0].split("-")[0] for name in KNOWN)
"""The words, up to a hyphen, that names here begin with."""
