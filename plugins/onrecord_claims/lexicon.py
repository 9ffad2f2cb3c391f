"""Lexicon of cues: a class for each verb, noun, phrase and other word.

Verbs and nouns are base forms in American spelling: `criticise` is looked up as `criticize`.
"""

from __future__ import annotations

from types import MappingProxyType

from .words import word_set

VERBS = {
    "say": """
        address articulate blog blurt chant chat comment communicate converse convey debate deliver discuss email
        exclaim express gossip gush interject joke lecture murmur mutter narrate opine post preach publish put quip
        ramble rant read recite relate retweet say scream share shout sing speak state talk testify text tweet utter
        voice volunteer whisper write yell
        """,
    "tell": "apologize apprise assure brief congratulate greet inform message notify reassure remind tell thank",
    "add": "add conclude continue elaborate",
    "reply": "answer counter react rebut rejoin reply respond retort shrug",
    "explain": """
        clarify define detail elucidate enumerate explain frame illustrate interpret justify list outline rationalize
        sketch specify summarize
        """,
    "announce": """
        announce circulate declare disclose file herald introduce issue launch leak present proclaim publicize release
        relay report reveal submit unveil
        """,
    "claim": "allege assert aver boast brag claim contend maintain posit profess purport",
    "argue": "argue muse reason speculate theorize",
    "insist": "affirm emphasize highlight insist persist reaffirm reassert reiterate renew repeat stress underline "
    "underscore",
    "suggest": "float hint imply indicate insinuate intimate offer pitch propose recommend signal suggest",
    "note": """
        allude attribute cite credit dwell echo focus invoke mention note notice observe quote raise recall recount
        refer reference remark remember reminisce retell touch
        """,
    "confirm": "acknowledge admit attest certify concede confess confirm corroborate recognize verify vouch",
    "agree": "accept acquiesce agree align assent concur consent settle",
    "deny": """
        contradict debunk deflect deny disavow disclaim discount dismiss disown dispute distance downplay ignore
        minimize rebuff recant refute reject renounce repudiate retract
        """,
    "refuse": "avoid balk decline demur hesitate refuse resist withhold",
    "doubt": "challenge disbelieve doubt question scrutinize second-guess suspect",
    "warn": "alert caution threaten warn",
    "complain": "bemoan bristle complain decry gripe grouse grumble lament mourn object protest regret vent whine",
    "accuse": "accuse blame charge convict fault implicate indict scapegoat sue",
    "demand": """
        ban bar clamor command demand direct forbid instruct mandate order petition prohibit request require subpoena
        summon
        """,
    "urge": """
        advise appeal beg beseech coax convince counsel dare encourage entreat exhort implore invite lobby nudge
        persuade plead press pressure prod prompt push rally urge
        """,
    "promise": "commit dedicate devote guarantee pledge promise swear undertake vow",
    "ask": "ask grill inquire interview pose probe query quiz wonder",
    "believe": """
        appreciate assume believe bet conceive consider contemplate deem discover dream envision feel figure gather
        guess hear hold imagine judge know learn mean perceive ponder presume rank rate realize reckon regard rethink
        see sense suppose think trust understand view weigh
        """,
    "expect": "anticipate await calculate estimate expect forecast foresee predict project",
    "hope": """
        admire adore alarm amuse anger annoy bother care concern disappoint dislike dread enjoy envy fear fret frustrate
        hate hope irk like loathe love mind miss outrage prefer prize rattle relish resent respect scare shock surprise
        trouble unnerve upset value welcome wish worry
        """,
    "call": """
        brand call caricature cast characterize compare contrast depict describe dub entitle equate identify label liken
        name nickname paint peg portray term title
        """,
    "praise": """
        applaud celebrate cheer commend compliment extol flatter glorify hail honor laud plug praise salute toast tout
        trumpet
        """,
    "criticize": """
        admonish assail attack bash belittle berate blast boo castigate censure chastise chide condemn criticize
        denigrate denounce deride disdain disparage excoriate expose fire hammer heckle hit insult jab jeer knock
        lambast lambaste lampoon lash malign mock needle pan pillory poke pummel rail rebuke reprimand ridicule rip
        savage scoff scold seize shame skewer slam smear snipe spar swipe taunt tease trash troll upbraid vilify
        """,
    "support": """
        adopt advocate approve back bless boost campaign champion cosponsor defend donate embrace endorse espouse favor
        follow fund join promote ratify root sanction side sponsor stick support sympathize tolerate uphold
        """,
    "oppose": """
        abandon abhor abstain battle block boycott combat defy disagree disapprove fight obstruct oppose repeal veto
        withdraw
        """,
    "intend": """
        aim aspire attempt begin crave desire eye intend look mull need opt pivot plan prepare pursue scheme seek start
        strive struggle target try turn vie want work yearn
        """,
    "decide": """
        acquit allow appoint authorize award choose decide designate determine elect enact grant hire let nominate
        overrule overturn pass permit pick resolve reverse rule sentence sign suspend vote
        """,
    "show": """
        analyze chronicle compile contain cover demonstrate display document establish evidence examine
        exemplify exhibit feature find include investigate mark measure poll prove record reflect register show survey
        tally track uncover
        """,
    "seem": "appear come emerge remain resonate seem sound strike tend",
    "according": "accord",
}
NOUNS = {
    "say": """
        article book column comment conversation discourse discussion essay interview letter line memo message op-ed
        opinion phrase post quotation quote refrain remark rhetoric slogan speech statement story talk testimony tweet
        word
        """,
    "reply": "answer reaction rebuttal rejoinder reply response retort",
    "explain": "account detail excuse explanation justification outline rationale",
    "announce": "announcement declaration disclosure news proclamation release revelation",
    "claim": "allegation assertion boast claim contention narrative",
    "argue": "argument case point reasoning theory",
    "insist": "emphasis insistence",
    "suggest": "advice hint implication indication notion proposal recommendation signal suggestion",
    "note": "mention note observation reference",
    "confirm": "acknowledgment admission confession confirmation recognition",
    "agree": "agreement consensus",
    "deny": "denial disavowal rejection",
    "refuse": "refusal reluctance unwillingness",
    "doubt": "doubt skepticism suspicion uncertainty",
    "warn": "threat warning",
    "complain": "complaint grievance lament objection protest",
    "accuse": "accusation charge indictment lawsuit",
    "demand": "call demand order request requirement",
    "urge": "appeal encouragement plea",
    "promise": "assurance commitment guarantee oath pledge promise vow",
    "ask": "inquiry query question",
    "believe": """
        assumption attitude belief conviction feeling idea ideology impression knowledge mind perception perspective
        philosophy sense thinking thought understanding view viewpoint
        """,
    "expect": "estimate expectation forecast prediction projection speculation",
    "hope": """
        affection alarm anger anxiety appetite concern confidence contempt desire disappointment disdain disgust dislike
        dismay displeasure distaste distrust embarrassment enthusiasm faith fear frustration hatred hope interest love
        obsession outrage passion preference regret reservation sentiment surprise sympathy trust unease unhappiness
        worry
        """,
    "call": "characterization comparison depiction description label portrayal",
    "praise": "admiration applause compliment praise respect",
    "criticize": """
        attack backlash barb broadside condemnation critic criticism critique denunciation insult jab mockery rebuke
        ridicule swipe
        """,
    "support": "advocacy advocate approval backer backing defense endorsement favor proponent support supporter",
    "oppose": "aversion disagreement disapproval hostility opponent opposition resistance",
    "intend": """
        agenda aim ambition attempt bid campaign effort goal intent intention plan policy priority purpose quest
        strategy willingness
        """,
    "decide": "choice decision determination judgment nomination resolution ruling verdict vote",
    "show": "ad analysis data evidence finding headline picture poll report research sign study survey video",
}
PHRASES = {
    "say": "put it · weigh in · open up · speak out about · go on record",
    "add": "go on · chime in · follow up",
    "reply": "fire back · shoot back · hit back",
    "explain": "lay out · spell out · set out",
    "announce": "break the news · roll out · come forward",
    "argue": "make the case · make a case · plead the case",
    "insist": "make clear · make plain · drive home · double down",
    "note": "point out · point to · bring up · single out · draw attention · call attention",
    "agree": "see eye to eye · go along",
    "deny": "push back · brush off · brush aside · walk back · shoot down · shrug off · rule out",
    "refuse": "stop short · shy away · steer clear",
    "doubt": "cast doubt · raise question · raise concern · call into question",
    "warn": "serve notice · sound the alarm · raise the alarm",
    "accuse": "point finger · press charge",
    "demand": "call for · push for · press for · insist on",
    "urge": "call on · call upon · speak for",
    "hope": "look forward",
    "call": "refer to as · see as · view as · cast as",
    "praise": "sing praise · heap praise",
    "criticize": """
        lash out · take aim · go after · speak out against · tear into · lay into · take a swipe · take a shot ·
        take issue · rail against · take to task
        """,
    "support": "stand by · stand with · vouch for · come out for · sign on · get behind · line up behind · vote for",
    "oppose": "vote against · object to · come out against · break with · fight against · campaign against",
    "intend": "set out to · would like",
    "decide": "vote to · settle on",
    "show": "shed light · bear out",
    "seem": "look like · come across · come off",
    "according": "according to · in accordance with",
}
"""Word sequences with a meaning of their own, with at most two words between: they made it clear."""
OTHERS = {
    "say": ": - —",
    "according": "according among at by for from in of on per to under via with",
    "claim": "allegedly ostensibly purportedly reportedly supposedly",
    "seem": "apparent apparently clear clearly evident evidently likely obvious seemingly true unclear",
    "believe": "aware certain convinced familiar ignorant known mindful persuaded sure unaware",
    "expect": "due poised",
    "hope": """
        afraid angry anxious comfortable concerned confident delighted disappointed eager enthusiastic excited fearful
        fond furious glad grateful happy hopeful impressed interested jealous keen leery nervous obsessed optimistic
        passionate pessimistic pleased proud satisfied sick skittish sorry thankful thrilled tired uncomfortable uneasy
        unhappy upset wary weary worried
        """,
    "doubt": "doubtful dubious skeptical suspicious uncertain unconvinced unsure",
    "intend": "bent committed determined going inclined intent open prepared ready reluctant set unwilling willing",
    "criticize": "contemptuous critical derisive dismissive scathing",
    "support": "faithful loyal pro supportive sympathetic",
    "oppose": "against anti averse hostile opposed resistant",
    "praise": "complimentary",
}
"""Adjectives, adverbs, prepositions and marks."""

LIGHT = word_set("""
    appear attempt avoid begin cast come contain continue count decline deliver draw emerge express fail feature
    focus follow hesitate hold include likely issue join launch look move offer pass post present publish put raise
    refuse release remain resist seem send set share show sound speak start strike struggle tend try turn work
    among at by for from in of on per prepared ready set to under via willing with : - —
    """)
"""Light words, which leave it to another word to name the act: express support, continue to insist, refuse to say."""
REFUSALS = frozenset({"avoid", "decline", "fail", "hesitate", "refuse", "resist"})
"""Verbs that deny the act named by another verb."""
NEGATIONS = frozenset({"cannot", "hardly", "n't", "neither", "never", "no", "nobody", "none", "nor", "not", "without"})


def _index_by_word(groups: dict[str, str], separator: str | None = None) -> MappingProxyType[str, str]:
    return MappingProxyType(
        {" ".join(word.split()): cue_class for cue_class, words in groups.items() for word in words.split(separator)}
    )


VERB_CLASS, NOUN_CLASS, OTHER_CLASS = _index_by_word(VERBS), _index_by_word(NOUNS), _index_by_word(OTHERS)
PHRASE_CLASS = _index_by_word(PHRASES, "·")
CLASSES = frozenset(VERBS)
"""All classes: the acts of which saying something can be part."""
