"""Standing phrases of news sites, and how a line is recognized as one.

A phrase is a line's words in lower case without punctuation. Phrases are looked up by their first word, so that a line
of running text costs one dictionary lookup.
"""

# ruff: noqa: E501  (an expression a line)
from __future__ import annotations

import re
from collections import defaultdict

_SITE = (
    r"(?:facebook|twitter|x|instagram|whatsapp|telegram|linkedin|reddit|youtube|tiktok|threads|bluesky|pinterest|pocket"
    r"|flipboard|google news|apple news|mastodon|snapchat|messenger|e-?mail|sms|rss|our channel)"
)
_SITES = rf"{_SITE}(?:(?: and| or)? {_SITE})*"
_WORK = r"(?:article|story|page|post|video|gallery|photo|content|piece|report|link|audio|episode|podcast)"
_WORKS = r"(?:articles|stories|posts|videos|news|headlines|content|reads|picks|links|topics|photos|galleries|reading)"
_NAMES = r"(?: [\w'&-]+){1,4}"

# One expression a line. Each begins with one or more words, separated by "|", by which it is looked up; "0" is any
# number.

LIST_HEADINGS = rf"""
most (?:read|viewed|popular|shared|emailed|commented|watched|discussed|recent)(?: {_WORKS})?(?: in{_NAMES}| today| now)?
recently (?:read|viewed|added|published)(?: {_WORKS})?
popular(?: now| today| {_WORKS}| on{_NAMES}| in{_NAMES})?
trending(?: now| today| {_WORKS}| on{_NAMES}| in{_NAMES})?
related(?: {_WORKS}| topics| coverage| {_WORK})?
recommended(?: {_WORKS}| for you| by{_NAMES}| reading)?
suggested(?: {_WORKS}| for you)
top (?:{_WORKS}|news)(?: today| this week| of the (?:day|hour|week))?
latest(?: {_WORKS}| in{_NAMES}| from{_NAMES}| updates)?
today's (?:top |other |main )?{_WORKS}
more (?:top |related |latest |local |world |recent |great |popular )*{_WORKS}(?: from{_NAMES}| like this| on{_NAMES})?
more (?:from|in|on|like|about) [\w'&-]+(?: [\w'&-]+){{0,3}}
more to (?:read|explore|discover|see)
other (?:{_WORKS}|{_WORKS} from{_NAMES})
read (?:next|also|this next|more (?:on|about|from)(?: [\w'&-]+){{1,3}})
see also
also (?:read|see|on{_NAMES}|in{_NAMES}|of interest)
what to (?:read|watch) next
what (?:others|people|readers) are reading(?: now)?
up next
next up
you (?:also )?(?:may|might|could|will)(?: also| want to)?(?: \w+){{0,2}} (?:like|enjoy|read|missed|love|interested in)
people (?:also|are also) (?:read|reading|ask|liked|watch|viewed)
others (?:also )?(?:read|liked|viewed)
readers also (?:liked|read|viewed)
in case you missed it
don't miss
do not miss
must read(?:s)?
must watch
editor's (?:picks?|choice|recommendations?)
editors' (?:picks?|choice|recommendations?)
our (?:picks?|best|top) ?(?:{_WORKS})?
staff picks
around the web
from (?:around the web|the web|our partners|our sponsors|our advertisers|the archives?|our network)
elsewhere on(?: [\w'&-]+){{1,3}}
promoted(?: {_WORKS}| content| links)?
sponsored(?: {_WORKS}| content| links?| by{_NAMES}| post)?
partner content
paid content
breaking news
featured(?: {_WORKS}| videos?)?
keep exploring
explore more(?: on(?: [\w'&-]+){{1,3}})?
discover more(?: {_WORKS})?
"""
"""Headings of lists of other stories."""

BUTTONS = rf"""
share
share (?:(?:this|the|our|full) )?(?:{_WORK}|{_SITES}|this|selection|options|tools)?(?: (?:on|via|with){_NAMES})?
share (?:on|via|with|by|to)(?: \w+){{1,4}}
shares
0 (?:shares?|views?|likes?|retweets?|reads?|followers|reactions?)
0 (?:min|mins|minute|minutes|hour|hours) (?:read|to read|reading time|listen|watch)
0 of 0
0
click to (?:share|print|email|copy|expand|enlarge|tweet|play|view|read|subscribe|follow)(?: [\w'()]+){{0,8}}
click (?:here|on|below|the link)(?: \w+){{0,8}}
tap (?:here|to|on)(?: \w+){{0,6}}
send (?:this|by|via|to|as)(?: \w+){{0,5}}
tweet(?: this| it)?
retweet
post
pin(?: it| this)?
like(?: this| us on {_SITES})?
find us(?: on)? {_SITES}
email(?: this(?: {_WORK})?| {_WORK}| a friend| address| to a friend)?
e-mail(?: this(?: {_WORK})?| {_WORK}| a friend| address)?
print(?: this(?: {_WORK})?| {_WORK}| edition)?
copy (?:link|url|to clipboard)(?: to clipboard)?
link copied(?: to clipboard)?
save(?: for later| this(?: {_WORK})?| {_WORK}| to{_NAMES})?
bookmark(?: this(?: {_WORK})?)?
facebook(?: {_SITE})*
twitter(?: {_SITE})*
whatsapp(?: {_SITE})*
instagram(?: {_SITE})*
telegram(?: {_SITE})*
linkedin(?: {_SITE})*
follow(?: us| me| him| her| them| along)?(?:(?: on| via|:)? {_SITES})?
follow @\w+(?: on {_SITES})?
follow(?: [\w'@-]+){{1,4}} (?:on|at|via) {_SITES}(?: @\w+| for .{{1,40}})?
advertisement|advertisements(?: (?:story|article|scroll|content|continue|continues|skip|close|keep)\b.{{0,50}})?
advertising
advertiser content
advertise with us
ad
ads
ad feedback
ad|ads by{_NAMES}
skip (?:ads?|advertisements?|to (?:main )?(?:content|navigation|footer|comments|search)|past newsletter promotion)
after (?:newsletter|ad|advertisement) promotion
remove (?:ads?|this ad)
hide (?:ads?|caption|this|comments)
why am i seeing this(?: ad)?
report (?:this )?(?:ad|an error|a typo|a problem|error|abuse)
paid (?:for by|content by|post|partner content)(?: [\w'&-]+){{0,6}}
presented by{_NAMES}
this (?:{_WORK}|ad|advertisement)(?: is| was)? (?:sponsored|paid for|presented|brought to you) by{_NAMES}
story|article|content|text|report continues (?:below|after|beneath|under)(?: \w+){{0,4}}
continue|continues (?:below|after)(?: (?:this|the))?(?: (?:ad|advertisement|promotion|video))?
scroll (?:down|up|to|for|on)(?: \w+){{0,5}}
continue (?:reading|after|below|to|with|without|watching)(?: \w+){{0,6}}
keep (?:reading|scrolling|watching)(?: \w+){{0,3}}
read (?:more|on|less|later|aloud|it)(?: here| below)?
read(?: the| this)?(?: original| full| rest)?(?: of this)?(?: {_WORK})?(?: here| below)?
see (?:more|all|less|full|original)(?: {_WORKS}| {_WORK})?
show (?:more|all|less|full|captions?|transcript)(?: {_WORKS}| {_WORK})?
view (?:more|all|less|full|original|in|image|gallery|slideshow|as)(?: \w+){{0,4}}
load more(?: \w+)?
learn more(?: (?:here|about)(?: \w+){{0,4}})?
find out more(?: (?:here|about)(?: \w+){{0,4}})?
more(?: info(?:rmation)?| details| options| {_WORKS})?
expand(?: all| image| this)?
collapse(?: all)?
close(?: this| menu| ad| dialog| modal)?
open (?:menu|in app|image|in new window|search|navigation)(?: \w+){{0,3}}
toggle (?:caption|menu|navigation|search)
enlarge(?: this)? image
back (?:to(?: \w+){{1,4}})
go (?:to|back)(?: (?:to|the|home|homepage|page|top|main|front|site|back)){{1,4}}
jump to(?: \w+){{1,4}}
return to(?: \w+){{1,3}}
next(?: {_WORK}| page| up)?
previous(?: {_WORK}| page)?
prev
older (?:{_WORKS}|{_WORK})
newer (?:{_WORKS}|{_WORK})
page 0(?: of 0)?
home
homepage
menu
main menu
site (?:map|index|navigation|search)
sitemap
search(?: this site| here| for)?
sections
navigation
loading
please wait
skip
newsletter|newsletters
daily|weekly|morning|evening|free|our|weekend newsletters?
the(?: [\w'&-]+){{1,3}} newsletter
daily|weekly|morning|evening (?:newsletter|briefing|digest|email)s?
subscribe(?: (?:now|here|today|for free))?
subscribers only
subscriber (?:only|exclusive|login)(?: content)?
subscription(?: options| required)?
sign (?:up|in|out)(?: (?:now|here|today|for free|or (?:register|sign up|log in|subscribe|create an account)))?
log (?:in|out)(?: (?:now|here|or (?:register|sign up|subscribe)))?
login(?: (?:here|or register|register))?
logout
register(?: (?:now|here|today|for free))?
join (?:now|us|free|today)
create (?:an?|your|a free)(?: free)? account
my account
your account
become a(?: \w+)? (?:member|subscriber|supporter|patron)(?: today| now)?
support (?:us|our work|our journalism|(?:independent|local|quality) journalism)
donate(?: now| today| here)?
make a donation
contribute
gift this {_WORK}
give (?:a|this) gift(?: {_WORK})?
unlock (?:this|the|full|all)(?: \w+){{1,3}}
get (?:the|our)(?: [\w'-]+)? (?:app|newsletter|podcast|apps)
get (?:started|access|unlimited access|digital access)(?: now| today)?
download(?: (?:the|our))?(?: [\w'-]+){{0,2}} apps?(?: now| today)?
download (?:now|here|pdf|image)
install(?: (?:the|our))?(?: [\w'-]+)? app
available (?:on|at|in) (?:the )?(?:app store|google play|apple|android|ios|itunes|spotify).{{0,50}}
play(?: video| audio| now| all| episode)?
pause(?: video)?
mute
unmute
watch(?: now| live| again| video| more| below| above| it)?
watch the (?:full )?(?:video|clip|report|interview|trailer)(?: above| below| here)?
listen(?: now| live| here| below| again| to (?:this|the|our)(?: [\w'-]+){{0,3}} (?:{_WORK}|show|broadcast))?(?: 0 (?:min|mins|minutes))?
accept(?: all)?(?: cookies)?(?: and \w+)?
reject(?: all)?(?: cookies)?
manage(?: (?:your|my))?(?: cookies?| privacy)?(?: (?:settings|preferences|consent|subscription|account|choices|notifications|options))?
cookie|cookies(?: (?:settings|policy|preferences|notice))?
privacy(?: (?:policy|notice|settings|statement|centre|center|and cookies|& cookies))?
terms(?: (?:of (?:use|service|sale)|and conditions|& conditions|and privacy))?
your privacy(?: choices| rights)?
do not sell(?: or share)? my(?: \w+){{1,3}}
contact(?: us)?
about(?: us| this (?:site|page))?
help(?: centre| center| us)?
faq|faqs
careers
jobs
corrections
accessibility(?: help| statement)?
feedback
send (?:us )?(?:feedback|a tip|tips)
impressum
imprint
rss(?: feeds?)?
disclaimer
order reprints
reprints(?: and permissions| & permissions)?
permissions
rights and permissions
request (?:reprints?|permission|a correction)(?: \w+){{0,3}}
copyright(?: .{{1,200}})?
c 0.{{0,80}}
© ?.{{0,120}}
all rights reserved.{{0,80}}
no part of this.{{0,120}}
in this {_WORK}
reading time(?: 0 (?:min|mins|minutes))?
filed under(?: [\w'&-]+){{1,4}}
tags|topics|categories|keywords
thank you for (?:subscribing|signing up|registering|reading|your support|your interest)(?: .{{1,40}})?
thanks for (?:subscribing|signing up|registering|reading)(?: .{{1,40}})?
an error (?:has )?occurred(?: .{{1,60}})?
something went wrong(?: .{{1,60}})?
oops(?: .{{1,60}})?
media playback is (?:un|not )supported(?: .{{1,40}})?
image copyright
video (?:unavailable|player|caption|source)(?: .{{1,60}})?
audio (?:unavailable|player)
"""
"""Buttons, and what a page says about itself."""

COMMENTS = r"""
comment|comments(?: are closed| are now closed| 0| on this \w+| section| policy| guidelines)?
no comments?(?: yet)?
0 (?:comments?|replies|reply|responses?)
view|show|see|read|hide|load|open|close(?: all| the| more)?(?: 0)? comments?
all comments?
leave (?:a|your) (?:comment|reply|response)
leave (?:us )?a (?:comment|reply)(?: below| here)?
post (?:a|your) (?:comment|reply)
add (?:a|your|new) (?:comment|reply)
write (?:a|your) (?:comment|reply|response)
submit (?:a|your)? ?(?:comment|reply)
post comment
cancel reply
join the (?:conversation|discussion|debate)
start the (?:conversation|discussion)
have your say
be the first to (?:comment|reply|respond|leave a comment|like this)
sign|log in to (?:comment|post|leave a comment|reply|join the conversation)
sign (?:in|up) (?:or (?:register|sign up|join) )?to (?:post a |leave a |add a )?(?:comment|reply|join the conversation|post)
log in (?:or (?:register|sign up|join) )?to (?:post a |leave a |add a )?(?:comment|comments|reply|post comments|join the conversation)
login (?:or (?:register|sign up|join) )?to (?:post a |leave a |add a )?(?:comment|comments|reply|post comments)
register (?:or (?:log in|sign in|login) )?to (?:post a |leave a |add a )?(?:comment|comments|reply|post comments)
you must be (?:logged|signed) in to (?:post a |leave a |add a )?(?:comment|reply)
please (?:log|sign|login|register)(?: \w+){0,4} to (?:post a |leave a |add a )?(?:comment|comments|reply)
commenting (?:is|has been|on)(?: \w+){1,6}
what do you think(?: .{0,80}\bcomments?\b.{0,20})?
tell us what you think(?: .{0,80})?
let us know (?:what you think )?in the comments?(?: below)?
share your (?:thoughts|views|opinion)(?: .{0,60})?
your email address will not be published(?: required fields are marked)?
required fields are marked
notify me of (?:new|follow-?up)(?: .{1,60})?
save my name(?: .{1,90})?
sort|sorted by(?: (?:newest|oldest|best|most \w+|top|date|popular))?
newest(?: first)?
oldest(?: first)?
most liked
best rated
"""
"""Phrases around readers' comments."""

TEASER_LABELS = re.compile(
    r"(?:read (?:more|also|next|this(?: next)?|the story|on)|also read|more (?:on this|here|reading)|see also|also see"
    r"|related(?: (?:story|article|stories|articles|coverage|news|video))?|don['’]t miss|must[ -]read|must[ -]watch"
    r"|recommended(?: (?:reading|story|article|for you))?|you (?:may|might) also (?:like|enjoy|want to read)"
    r"|in case you missed it|from the archives?|up next|watch(?: (?:live|more|next|now|also|the video|again))?"
    r"|listen(?: to more| now)?|see (?:photos|pictures|more)|read)\s*(?:[:|»>→]|[–—]\s|-\s)\s*(?=\S)",
    re.IGNORECASE,
)
"""Beginnings of lines that link to other stories, anywhere in a document."""
WEAK_TEASER_LABELS = re.compile(
    r"(?:more|video|photos|pictures|in pictures|gallery|slideshow|explainer|explained|analysis|opinion|podcast|live|live"
    r" updates|timeline|profile|exclusive|quiz|map|interactive|review|fact check|graphic|infographic)\s*[:|]\s*(?=\S)",
    re.IGNORECASE,
)
"""Beginnings of lines that link to other stories if they look like headlines and follow some text."""

LABELS = re.compile(
    r"(?:tags?|tagged(?: (?:with|in|under|as))?|(?:related |more )?topics?|filed (?:under|in)|categor(?:y|ies)|keywords"
    r"|posted (?:in|under)|(?:estimated )?(?:reading|read) time|time to read|in this (?:article|story))\s*:.{0,160}",
    re.IGNORECASE,
)
"""Lines with a colon that show how a site filed the article."""

_CALL = frozenset(
    [
        "already",
        "available",
        "become",
        "buy",
        "by",
        "check",
        "click",
        "create",
        "download",
        "enable",
        "enter",
        "follow",
        "get",
        "help",
        "if",
        "install",
        "join",
        "keep",
        "like",
        "listen",
        "log",
        "make",
        "manage",
        "never",
        "not",
        "please",
        "read",
        "register",
        "scan",
        "see",
        "sign",
        "start",
        "stay",
        "subscribe",
        "support",
        "tap",
        "thank",
        "this",
        "to",
        "try",
        "turn",
        "unlock",
        "visit",
        "want",
        "watch",
        "we",
        "we'll",
        "you",
        "you're",
        "you've",
        "you'll",
        "your",
    ]
)
"""First words of sentences that address the page's readers."""
_PAGES_OWN = re.compile(
    r"\b(?:newsletters?|inbox|cookies?|javascript|browser|ad ?-?blockers?|unsubscribe|subscribers?|subscriptions?"
    r"|subscribing|free account|log in|sign in|signing up|re-?captcha|privacy policy|terms (?:of|and) \w+"
    r"|(?:whatsapp|telegram|youtube) (?:channel|group)|push notifications|notifications|(?:our|the|[A-Z]\w+) app"
    r"|app store|google play|free articles?|articles? (?:left|remaining)|unlimited access|our (?:free |new )?podcasts?"
    r"|breaking news alerts?|e-?mail address|(?:our|independent|quality|local) (?:journalism|reporting)"
    r"|(?:video|audio) (?:tag|player|element)|content is not available|is not available in your"
    r"|our (?:\w+ )?channels?|your donations?|making a donation|subscribe)\b",
    re.IGNORECASE,
)
"""Subjects of such sentences."""
_OF_AN_ARTICLE = re.compile(
    r"[“”\"«»]|\b(?:said|says|told|added|asked|he|she|they|them|his|her|their|was|were|had|yesterday)\b", re.IGNORECASE
)
_LEADS_TO_ACCOUNT = re.compile(
    r"\b(?:please|register|log in|sign in|subscribe|enable|turn off|disable)\b", re.IGNORECASE
)
_LONGEST_CALL = 300
_LONGEST_PHRASE = 140

_WORDS = re.compile(r"[\w'@©&]+(?:-[\w']+)*")
_FIRST = re.compile(r"\W*?([\w'’@©]+(?:-\w+)*)")
_NUMBER = re.compile(r"(?<!\w)\d[\d.,:]*[kKmM]?(?!\w)")
_FIRST_WORDS = re.compile(r"[\w'@©|-]+")

Phrases = dict[str, re.Pattern[str]]


def _group_by_first_word(expressions: str) -> Phrases:
    """Return, for each first word of a phrase, an expression for all its phrases."""
    found: dict[str, list[str]] = defaultdict(list)
    for expression in expressions.strip().splitlines():
        first = _FIRST_WORDS.match(expression)
        assert first
        for word in first[0].split("|"):
            found[word].append(word + expression[first.end() :])
    return {word: re.compile("|".join(some)) for word, some in found.items()}


_LIST_HEADINGS, _BUTTONS, _COMMENTS = map(_group_by_first_word, (LIST_HEADINGS, BUTTONS, COMMENTS))
_KNOWN = frozenset(
    {*_LIST_HEADINGS, *_BUTTONS, *_COMMENTS, "tagged", "category", "topic", "tag", "posted", "estimated", "time"}
)
_ANY = frozenset({*_KNOWN, *_CALL})


def phrase(line: str) -> str:
    """Return a line's words in lower case, without punctuation, numbers as 0.

    >>> phrase("Comments (34)"), phrase("Editor’s Picks:")
    ('comments 0', "editor's picks")
    """
    return " ".join(_WORDS.findall(_NUMBER.sub("0", line.replace("’", "'").lower())))


def first_word(line: str) -> str:
    """Return the first word of a line in the form of `phrase`."""
    word = line.partition(" ")[0]
    if word.isalpha():
        return word.lower()
    found = _FIRST.match(line)
    if not found:
        return ""
    word = found[1].lower()
    return "0" if word[0].isdigit() else word.replace("’", "'")


def classify_phrase(line: str) -> str | None:
    """Classify a line that is a standing phrase; returns None for others.

    The kinds are "comment", "heading" (of a list), "button" and "call".
    """
    first = first_word(line)
    if first not in _ANY or len(line) > _LONGEST_CALL:
        return None
    if first in _KNOWN and len(line) <= _LONGEST_PHRASE:
        words = phrase(line)
        for what, phrases in (("comment", _COMMENTS), ("heading", _LIST_HEADINGS), ("button", _BUTTONS)):
            if (
                (known := phrases.get(first))
                and known.fullmatch(words)
                # "More from the south arrived." is a sentence.
                and not (what == "heading" and line.endswith("."))
            ):
                return what
        if LABELS.fullmatch(line):
            return "button"
    return "call" if first in _CALL and _is_call(line, first) else None


def _is_call(line: str, first: str) -> bool:
    """Whether a line addresses the page's readers as no article does."""
    if _OF_AN_ARTICLE.search(line) or not _PAGES_OWN.search(line):
        return False
    return first not in ("to", "if", "by", "not") or bool(
        _LEADS_TO_ACCOUNT.search(line) or re.search(r"\b(?:you|your|our)\b", line, re.IGNORECASE)
    )
