"""The words of a control, without Django: frequencies, amounts, doers, words that cannot be tested.

English is read by lists of words and by the phrases around a number; nothing is guessed. What a list does not hold is
not found, so a wording without a remark is not thereby a good one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

FREQUENCIES: Mapping[str, str] = {
    "daily": r"daily|(?:each|every) (?:working |business )?day|once a day|nightly",
    "weekly": r"weekly|(?:each|every) week|once a week",
    "monthly": r"monthly|(?:each|every) month|once a month",
    "quarterly": r"quarterly|(?:each|every) quarter|once a quarter|every (?:three|3) months",
    "semi-annual": r"semi-annual(?:ly)?|half-yearly|every six months|every half[- ]year",
    "annual": r"annual(?:ly)?|yearly|(?:each|every|once a|once in each|a) year|every (?:twelve|12) months",
}
_FREQUENT = {
    name: re.compile(rf"(?<![\w-])(?:{words})(?![\w-])", re.I) for name, words in FREQUENCIES.items()
}
_OFTEN = re.compile(r"\b(?:twice|(?:two|three|four|\d+) times) (?:a|each|every|per) \w+", re.I)
_TWICE = re.compile(r"\b(?:twice|two times) (?:a|each|every|per) year", re.I)
_WORDS = {
    "event": "per event",
    "event+annual": "per event and annually",
    "semi-annual": "semi-annually",
    "annual": "annually",
}
_NUMERALS = "zero one two three four five six seven eight nine ten eleven twelve".split()
_NUMBER = re.compile(rf"\b(\d+|{'|'.join(_NUMERALS[1:])})\b", re.I)
_UNIT = r"(?:calendar |working |business )?(?:minutes?|hours?|h|days?|weeks?|months?|years?)"
_NUM = rf"(\d+|{'|'.join(_NUMERALS[1:])})"
_AMOUNT = re.compile(
    rf"\b(?:{_NUM} ({_UNIT})|(business day|working day|day) {_NUM})\b((?: [\w-]+){{0,3}})", re.I
)
DOERS = frozenset(
    """management manager managers board body committee owner owners lead leads team teams officer officers head heads
    director directors founder founders ceo cto cfo coo ciso engineer engineers engineering developer developers author
    authors reviewer reviewers approver approvers administrator administrators administrates hr it personnel employee
    employees contractor contractors staff person persons people member members user users customer customers vendor
    vendors provider support security finance legal company organisation adviser advisers consultant consultants tester
    testers operator operators analyst analysts performer somebody's department assessor assessors accountant
    system systems tool tools pipeline pipelines platform scanner repository branch monitoring gateway firewall
    service services software application
    """.split()
)
STRONG = (
    r"immediately|instantly|at once|always|never|at all times|at any time|24/7|24x7|around the clock|in real time"
    r"|ensures?|ensuring|guarantees?|guaranteed|without exception|under no circumstances|100 ?%|fully"
    r"|in all cases|continuously"
)
_STRONG = re.compile(rf"(?<!\w)(?:{STRONG})(?!\w)", re.I)
_QUANTITY = re.compile(r"\b(?:all|any|every)(?: [\w-]+)?", re.I)
VAGUE = (
    r"should|regularly|periodically|from time to time|as appropriate|where appropriate|appropriate(?:ly)?|as needed"
    r"|as necessary|if necessary|when necessary|as required|timely|in a timely manner|promptly|reasonabl[ey]"
    r"|adequate(?:ly)?|sufficient(?:ly)?|where possible|if possible|generally|usually|normally|typically|ad hoc|etc"
    r"|and so on|best effort|strives?|might|frequently|often|as soon as possible"
)
_VAGUE = re.compile(rf"\b(?:{VAGUE})\b", re.I)
_PLACEHOLDER = re.compile(
    r"\{[^{}\n]*\}|\[[^\[\]\n]*\]|<[^<>\n]+>|\b(?:TODO|TBD|TBC|FIXME|XXX+)\b|_{3,}|\.{4,}|lorem ipsum"
    r"|\b(?:company name|your company|our company name|name of (?:the )?(?:tool|system|company)|acme)\b",
    re.I,
)
_COMMON = frozenset(
    """the a an and or of to in on at by for with from is are be been their its it that this these those each every all
    any least no not once within after before until when which who whom as than into upon under through other others
    day days week month months year quarter annually annual yearly daily weekly monthly quarterly years weeks quarters
    """.split()
)
_ALIKE = 0.6
"""The part of a policy sentence's own words that a control must share before both are taken to speak of one thing."""
_RELATED = 3
"""Words in common from which on two amounts with the same words around them are read together."""
_FEW = 4
"""Words in common below which two sentences are about different things."""


@dataclass(frozen=True)
class Amount:
    """A number with its unit in a sentence, and up to three words after it that say what it is about."""

    number: int
    text: str
    unit: str
    after: str

    @property
    def told(self) -> bool:
        """Whether enough words follow to know the same amount elsewhere."""
        return len(self.after.split()) > 1


def word(frequency: str) -> str:
    """A frequency as it stands in a sentence."""
    return _WORDS.get(frequency, frequency)


def periodic(frequency: str) -> bool:
    """Whether a control of this frequency is due by the calendar."""
    return bool(periods(frequency))


def periods(frequency: str) -> frozenset[str]:
    """The calendar frequencies that a frequency names: annual for `event+annual`."""
    return frozenset(frequency.split("+")) & FREQUENCIES.keys()


def frequencies(text: str) -> frozenset[str]:
    """The calendar frequencies that a text names."""
    plain = _OFTEN.sub(" ", text)
    found = {name for name, pattern in _FREQUENT.items() if pattern.search(plain)}
    return frozenset(found | ({"semi-annual"} if _TWICE.search(text) else set()))


def numbers(text: str) -> frozenset[int]:
    """The whole numbers of a text, those in words up to twelve included."""
    return frozenset(_as_number(found) for found in _NUMBER.findall(text))


def amounts(text: str) -> Iterator[Amount]:
    """Each number of minutes, hours, days, weeks, months or years in a text, and each `business day 2`."""
    for found in _AMOUNT.finditer(text):
        number, unit, day, ordinal, after = found.groups()
        kind = (unit or f"{day} no.").lower().rstrip("s")
        yield Amount(_as_number(number or ordinal), found[0].removesuffix(after), kind, after.strip().lower())


def _as_number(text: str) -> int:
    return int(text) if text.isdigit() else _NUMERALS.index(text.lower())


def sentences(text: str) -> list[str]:
    """The sentences of a text."""
    return [one.strip() for one in re.split(r"(?<=[.!?])\s+", text) if re.search(r"\w", one)]


@dataclass(frozen=True)
class Sentence:
    """A sentence of a policy with the frequencies and the amounts that it names."""

    text: str
    frequencies: frozenset[str]
    amounts: tuple[Amount, ...]


@lru_cache(maxsize=200)
def promises(text: str) -> tuple[Sentence, ...]:
    """The sentences of a Markdown text that name a frequency or an amount."""
    lines = [line.lstrip("-*#> ").strip() for line in text.splitlines()]
    read = [Sentence(one, frequencies(one), tuple(amounts(one))) for line in lines for one in sentences(line)]
    return tuple(one for one in read if one.frequencies or one.amounts)


def related(one: str, other: str) -> bool:
    """Whether two sentences share enough words to be read together."""
    return len(_stems(one) & _stems(other)) >= _RELATED


def alike(one: str, other: str) -> bool:
    """Whether a sentence speaks of what another text speaks of: most of its own words stand there, in any form."""
    mine, theirs = _stems(one), _stems(other)
    shared = mine & theirs
    return len(shared) >= _FEW and len(shared) >= _ALIKE * len(mine)


@lru_cache(maxsize=5_000)
def _stems(text: str) -> frozenset[str]:
    return frozenset(one[:6] for one in re.findall(r"[a-z]{3,}", text.lower()) if one not in _COMMON)


def names_a_doer(text: str) -> bool:
    """Whether a text names somebody or something that can do it."""
    return bool(DOERS & set(re.findall(r"[a-z']+", text.lower())))


def strong(text: str) -> list[str]:
    """The words of a text that promise more than anybody does, each once; a quantity with the word that it counts."""
    found = [one[0] for one in _STRONG.finditer(text)] + [
        one[0] for one in _QUANTITY.finditer(_unperiodic(text))
    ]
    return list(dict.fromkeys(one.lower() for one in found))


def _unperiodic(text: str) -> str:
    """A text without its frequencies: “every quarter” counts no items."""
    for pattern in _FREQUENT.values():
        text = pattern.sub(" ", text)
    return text


def vague(text: str) -> list[str]:
    """The words of a text that nobody can test, each once."""
    return list(dict.fromkeys(one[0].lower() for one in _VAGUE.finditer(text)))


def placeholders(text: str) -> list[str]:
    """What somebody meant to fill in."""
    return list(dict.fromkeys(one[0] for one in _PLACEHOLDER.finditer(text)))
