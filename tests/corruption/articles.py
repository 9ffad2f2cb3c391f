"""Clean articles: some written by hand in different styles, and random ones.

The handwritten ones contain what a careless rule would cut: paragraphs that begin with "Share" or "More", corrections
and editors' notes, articles about newsletters, cookies and comments, quotations without a full stop, lists,
subheadings.
"""

# ruff: noqa: E501  (texts are easier to read as they are)
from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class CleanArticle:
    """An article as its author submitted it."""

    name: str
    headline: str
    paragraphs: tuple[str, ...]


def _made(name: str, text: str) -> CleanArticle:
    headline, *paragraphs = (part.strip() for part in text.strip().split("\n\n"))
    return CleanArticle(name, headline, tuple(" ".join(part.split()) for part in paragraphs))


WIRE = _made(
    "wire",
    """
Northport reopens harbour after three-day storm

The port of Northport reopened on Friday after a storm had kept more than forty ships outside the breakwater for three
days, the harbour master said.

“We have counted every mooring, and all of them held,” harbour master Ida Brandt told reporters. “What we need now is
two quiet days to clear the channel.”

The first ferry left for the islands shortly before noon. It carried bread, diesel and about sixty passengers, according
to the operator, Island Lines.

Mayor Jo Field said the city would pay for the damage to the fish market. She did not say how much that would be.

Shares in Island Lines rose four percent on the news. More than half of its income is from freight.

“Nobody slept,” said Tom Okafor, a fisherman.

Meteorologists expect calm weather until Tuesday, when another front is due from the west.
""",
)
FEATURE = _made(
    "feature",
    """
The last lighthouse keepers

Every evening at six Marta Lindqvist climbs the hundred and twelve steps to the lamp, though no law has asked her to for
eleven years.

The lamp is electric now, and a computer on the mainland switches it on. But Ms. Lindqvist, 71, still writes the log.

A life in the logbook

There are forty-three volumes on the shelf, one for each year. Some entries are a single word: “Fog.”

Others run to pages. In the winter of 1987 she wrote, “The sea has taken the jetty and the goat, and I would have given
it the jetty.”

What the islanders want

The council has offered to turn the tower into a museum. Ms. Lindqvist has not answered. “They want a ticket office,” she
said. “I want paint.”

Her neighbours are divided. Per Aasen, who keeps the shop, thinks that visitors would do the village good; his sister Siv
thinks that they would want parking.

Why the light still matters

Small boats rely on it, says the coast guard, which counts about nine hundred of them each summer.

“A screen can fail,” said Lt. Hana Sato of the coast guard. “A tower is just there.”
""",
)
BRITISH = _made(
    "single quotation marks",
    """
Council ‘ignored warnings’ over school roof, inquiry told

A council ignored six warnings about the roof of a primary school in the five years before it fell in, a public inquiry
heard yesterday.

Counsel to the inquiry, Ruth Adeyemi KC, said engineers had written to the council as early as 2016. ‘Each letter was
filed,’ she said. ‘None was answered.’

The council’s former head of property, Neil Marsh, said he had ‘no recollection’ of the letters.

Asked whether he had ever been on the roof, he replied: ‘I don’t care for ladders.’

Nobody was hurt when the roof came down on a Sunday in March. The school, which has 210 pupils, has been taught in two
church halls since.

The chair, Sir Alan Pike, adjourned the hearing until Thursday. He said that he expected the council to bring ‘the whole
file, and not its cover’.

Clarification: This article was changed on 4 May to say that the letters were sent to the council’s property department.
""",
)
INTERVIEW = _made(
    "interview",
    """
“I never wanted to be minister”: a talk with Elena Duarte

Elena Duarte ran the central bank for nine years. In January she became minister of finance, at a time when bread costs
twice what it did.

Q: Minister, when will prices fall?

A: They will not fall. They will stop rising, which is something else, and I would rather be disliked for saying so now
than later.

Q: Your predecessor promised otherwise.

A: He did.

Q: Would you follow him on that?

A: No. Read the statement that I made in parliament. It says what we know, and it says what we do not know.

Q: What did you tell the banks?

A: To lend. I told them that money which sleeps is no use to anybody.

The interview was shortened. It took place in the ministry on 2 February.
""",
)
MEDIA = _made(
    "about newsletters and comments",
    """
Publishers ask readers to sign up, and pay

More newspapers are asking their readers to sign in before they read, a survey of 140 publishers found.

Cookies, the small files by which sites know their visitors again, are blocked by most browsers today. So publishers
want e-mail addresses instead.

“Subscribe to our newsletter is the sentence I have written most in my life,” said Kofi Mensah, who runs the reader desk
of a daily. “I am not proud of it.”

The survey says that newsletters bring in twice as many subscribers as advertisements do. Comments, by contrast, cost
more than they earn: 31 of the publishers have closed theirs.

Share buttons hardly matter any longer. Fewer than one visitor in two hundred uses them.

Follow-up studies are planned for next year, the authors said in a statement.

Download numbers were not part of the survey.

Editor’s note: The publisher of this newspaper took part in the survey.
""",
)
OPINION = _made(
    "opinion",
    """
Let the bus drivers speak

I have taken the number 9 bus to work for twenty years. I have never been asked what I think of it. Nor, it turns out,
have its drivers.

Last week the company published its plan for the summer. It cuts the last bus. It cuts the first bus. Between them it
cuts the one at noon.

Why?

Because, the company says, nobody takes them. I do. The nurse with the red umbrella does. So did the man who fixed my
roof.

Sign here, says the petition at the stop, and I signed, and so did everybody in the queue.

Join them. Write to the company. Or do what the drivers did on Monday, when they parked nine buses in front of the town
hall and read out the timetable, aloud, until the mayor came down.

She listened for forty minutes. Then, a driver told me, she asked when the next bus was.

There was none.
""",
)
BUSINESS = _made(
    "business",
    """
Aldermoor posts second loss in a row as orders for turbines fall

BREMEN (Reuters) - Aldermoor, the maker of wind turbines, reported a loss of 84 million euros for the third quarter on
Wednesday, its second in a row, and said it would close a plant.

Orders fell to 1.1 billion euros from 1.6 billion a year earlier. Analysts had expected 1.4 billion on average, according
to a poll.

“The market is not gone, it is late,” Chief Executive Lars Winther told analysts on a call.

The company kept its outlook for the year. It expects sales of between 5.8 and 6.1 billion euros.

Print works, paper mills and other large users of power have put off orders because of high interest rates, Winther said.

Trading in the shares was halted twice. They closed 11 percent lower.

Aldermoor employs 9,300 people, of whom 2,100 work in Bremen.

($1 = 0.94 euros)
""",
)
LIST = _made(
    "a list in the text",
    """
Five books win the Harbour Prize

The Harbour Prize for books about the sea goes to five authors this year, the jury said on Sunday.

The winners are:

Ann Lee, for “The Long Quay”

Bo Ek, for “Salt and Other Stories”

Dora Imre, for “A Short History of Fog”

The jury’s chair, Peter Nwosu, called the year “a good one for books and a bad one for fish”. He said that more than two
hundred titles had been sent in.

Each winner receives 10,000 crowns. The prizes will be handed over in October:

at the harbour, if it is dry;

in the old customs house, if it is not.

Last year’s prize was not awarded, because the jury could not agree.
""",
)
HAND_WRITTEN = (WIRE, FEATURE, BRITISH, INTERVIEW, MEDIA, OPINION, BUSINESS, LIST)

_PEOPLE = (
    "Mayor Jo Field", "Ida Brandt", "Gen. Tomas Reyes", "Foreign Minister Lena Voss", "Dr. Amara Cole", "Mr. Haddad",
    "a spokesman for the ministry", "Prime Minister Anton Keller", "Ms. Okoye", "Sen. Ruth Bell", "union leader Sam Dow",
)  # fmt: skip
_PLACES = ("Northport", "Westhaven", "the capital", "the border town of Sella", "Port Amery", "the islands", "Geneva")
_DAYS = ("on Monday", "on Tuesday", "last week", "on Friday evening", "in a statement", "at a news conference")
_SAID = ("said", "told reporters", "added", "insisted", "warned", "told lawmakers")
_FACTS = (
    "the talks would go on until both sides had signed",
    "about {n} people had left their homes since the fighting began",
    "the bridge would be closed for {n} days while engineers looked at its piers",
    "nobody had been told of the plan before it was in the newspapers",
    "the government would spend {n} million crowns on new trains",
    "prices for bread and diesel had risen by {n} percent within a year",
    "the court had no right to stop a vote that had been agreed upon",
    "more than {n} ships were waiting outside the harbour",
    "the inquiry would hear {n} witnesses, among them two former ministers",
    "the hospital had run out of beds, and nurses out of patience",
)
_QUOTES = (
    "We have waited long enough, and so has everybody who lives here",
    "There is no plan but this one, and this one is late",
    "I will not speak about what was said behind that door",
    "They asked us for {n} names, and we gave them none",
    "It is a small step, but it is one that nobody has taken before us",
    "You cannot rebuild a town with press releases",
    "If the money does not come by spring, the {n} families will go elsewhere",
    "Nothing has been decided, and nothing will be decided in the street",
)
_BACKGROUND = (
    "The two sides last met {n} months ago in {place}, where they agreed on little more than a date for the next round.",
    "Officials in {place} did not answer questions about the report, which has {n} pages and was not meant for the public.",
    "The region, where about {n} thousand people live, has had no elected council since the old one was dissolved.",
    "It was not clear what the decision would mean for {place}, which depends on trade with its neighbours.",
    "Critics say the law came too late; its supporters say that it came at all is a wonder.",
    "A similar attempt failed {n} years ago.",
)
_HEADLINES = (
    "Talks in {place} end without a deal after {n} hours",
    "Storm leaves {n} thousand homes without power",
    "Minister under pressure over report on {place}",
    "{place} votes to keep its railway",
    "Court to hear {n} witnesses in harbour case",
)


def generate_article(chance: random.Random) -> CleanArticle:
    """Generate an article of random statements, quotations and background.

    No paragraph occurs twice.
    """

    def fill(text: str) -> str:
        return text.format(n=chance.randint(3, 990), place=chance.choice(_PLACES))

    def sentence() -> str:
        who, said, when = chance.choice(_PEOPLE), chance.choice(_SAID), chance.choice(_DAYS)
        match chance.randrange(4):
            case 0:
                return f"{who[0].upper()}{who[1:]} {said} {when} that {fill(chance.choice(_FACTS))}."
            case 1:
                fact = fill(chance.choice(_FACTS))
                return f"{fact[0].upper()}{fact[1:]}, {who} {said} {when}."
            case 2:
                return f"“{fill(chance.choice(_QUOTES))},” {who} {said} {when}."
            case _:
                return fill(chance.choice(_BACKGROUND))

    paragraphs = list(
        dict.fromkeys(
            " ".join(dict.fromkeys(sentence() for _ in range(chance.choice((1, 1, 2, 2, 3)))))
            for _ in range(chance.randint(6, 18))
        )
    )
    headline = fill(chance.choice(_HEADLINES))
    return CleanArticle("generated", headline[0].upper() + headline[1:], tuple(paragraphs))
