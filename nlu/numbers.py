"""Readings, doses, ages, phones and plain numbers in a text of any of the six forms, digits of any script or words.

Values are plain numbers: `blood_pressure` `140/90` in mmHg (`14/9` is read as centimetres of mercury, as it is said here) ·
`glucose` `1.26` in g/L up to 9, `126` in mg/dL from 20, the two never meet; mmol/L is turned into g/L (divided by 5.55) ·
`temperature` `39.5` in °C · `weight` `72` in kg · `pulse` `80` a minute · `dose` `2` (tablets, drops, spoons) or `500 mg` ·
`age` `P35Y` or `P8M` · `gestational_age` `P7M` or `P140D` · `phone` `+212…` · `number` `10`, `39.5`.
What a value may be is wide enough for any living body and narrow enough to tell readings apart.
"""

# ruff: noqa: PLR2004, PLR0911, PLR0912, C901 - a grammar: one return a rule; 12, 24, 31 and 60 say what they are

import re

from nlu.ages import age_at, gestation_at
from nlu.date_pieces import slash_pair
from nlu.date_words import Found, Line, key
from nlu.lexicon import reading_words
from nlu.number_words import Number, number_at, written

__all__ = ["Found", "find", "is_pressure", "read", "speaks_of", "topic"]

_TOPIC = {key(word): topic for topic, spellings in reading_words.TOPICS.items() for word in spellings.split()}
_UNIT = {key(word): unit for word, unit in reading_words.UNITS.items()}
_PAIRS, _KILO, _DEGREE, _BEAT, _OVER, _SUR = (
    frozenset(key(word) for word in spellings.split())
    for spellings in (
        reading_words.PAIRS, reading_words.KILO, reading_words.DEGREE, reading_words.BEAT, reading_words.OVER,
        reading_words.SUR,
    )
)  # fmt: skip
MG_PER_DL = 10.0
"""From here a value of `glucose` is in mg/dL, below it in g/L: no living body has 10 g/L or 10 mg/dL."""
_MMOL = re.compile(r"^\s?(?:mmol|ملمول|مليمول|ملي مول)", re.IGNORECASE)
_GRAMS = re.compile(r"^\s?(?:g|gr|غ|غرام|غ)\s?[/.]?\s?(?:l\b|ل\b|لتر|pour|par)|^\s?g/l", re.IGNORECASE)
_MILLI = re.compile(r"^\s?(?:mg|مغ|ملغ)\s?[/.]?\s?(?:dl|دل|d\b)", re.IGNORECASE)
_MILLI_ALONE = re.compile(r"^\s?(?:mg|ملغ|مغ|مليغرام)(?![^\W\d_])", re.IGNORECASE)
_GRAM = re.compile(r"^\s?(?:g|gr|gram|grammes?|غرامات|غرام|گرام|كرام|جرام|غ|ⴳ)(?![^\W\d_])", re.IGNORECASE)
_WINDOW = 5
MOST = 100
"""Numbers of one text that are read: nobody says more, and what writes more is a machine."""


def is_pressure(high: float, low: float) -> bool:
    """Whether two numbers can be a blood pressure, both in cmHg (14/9) or both in mmHg (140/90)."""
    if high >= 50 or low >= 30:
        return 50 <= high <= 300 and 30 <= low <= 200 and low < high
    return 6 <= high <= 30 and 3 <= low <= 20 and high - low > 1


def find(text: str) -> "list[Found]":
    """Every reading, dose, age, phone and plain number of the text, in its order; offsets are into `text`.

    Numbers inside dates and times are found too: `nlu.dates.everything` settles which reading stands. Never raises.
    """
    return read(Line(text))


def read(line: Line) -> "list[Found]":
    """The same of words that are already looked up."""
    topics = [topic(line, i) for i in range(len(line))]
    found: list[Found] = []
    i = 0
    while i < len(line) and len(found) < MOST:
        hit = _at(line, i, topics)
        if hit:
            item, i = hit
            if item:
                found.append(item)
        else:
            i += 1
    return found


def speaks_of(line: Line, reading: str) -> bool:
    """Whether the text has a word of that kind of reading (`blood_pressure`, `glucose`, …)."""
    return any(topic(line, i) == reading for i in range(len(line)))


def topic(line: Line, i: int) -> str:
    """The kind of reading or dose that word `i` names, or an empty string."""
    for spelling, _ in line.words[i].keys:
        named = _TOPIC.get(spelling)
        if named:
            return named
    return ""


def _lone_dose(line: Line, i: int, topics: "list[str]") -> "tuple[Found, int] | None":
    """`قرصين`, `kina wehda`: a dose whose number is in its word or behind it."""
    if any(k in _PAIRS for k, _ in line.words[i].keys):
        return line.found("dose", "2", i, i + 1), i + 1
    if topics[i] != "dose" or i + 1 >= len(line) or line.words[i + 1].breaks:
        return None
    half = _half_more(line, i + 1)
    if half:
        return line.found("dose", "1.5", i, half), half
    one = number_at(line, i + 1)
    behind = one is not None and one.value == 1 and one.weak and not line.kind(one.end, "unit")
    return (line.found("dose", "1", i, one.end), one.end) if one and behind else None


def _near(topics: "list[str]", i: int, j: int, *, after: int = 2) -> "set[str]":
    return set(topics[max(0, i - _WINDOW) : i]) | set(topics[j : j + after])


def _at(line: Line, i: int, topics: "list[str]") -> "tuple[Found | None, int] | None":
    word = line.words[i]
    if word.shape == "phone":
        return line.found("phone", _phone(word.raw), i, i + 1), i + 1
    if word.shape in ("iso", "dmy", "clock"):
        return None, i + 1
    if word.shape == "slash" and i + 1 < len(line) and topics[i + 1] == "dose" and slash_pair(word.raw)[0] == 1:
        return line.found("dose", written(round(1 / max(1, slash_pair(word.raw)[1]), 2)), i, i + 2), i + 2
    if word.shape == "slash":
        return _pressure(line, i, i + 1, *slash_pair(word.raw), topics), i + 1
    said = _half(line, i, topics) or _lone_dose(line, i, topics)
    if said:
        return said
    far = gestation_at(line, i)
    if far:
        return far, next(n for n in range(i + 1, len(line) + 1) if n == len(line) or line.words[n].start >= far.end)
    number = number_at(line, i)
    if number is None:
        return None
    over = _over(line, number.end)
    second = number_at(line, over) if over and over < len(line) and not line.words[over].breaks else None
    near = _near(topics, i, second.end if second else number.end)
    sur = over == number.end + 1 and key(line.words[number.end].raw) in _SUR  # 14 sur 9
    sur = sur and second is not None and not (second.end < len(line) and "unit" in line.at(second.end))
    if second and is_pressure(number.value, second.value) and ("blood_pressure" in near or sur):
        return _pressure(line, i, second.end, number.value, second.value, topics), second.end
    if second is None and "blood_pressure" in near and line.words[i].shape == "dec":
        high, low = (float(part) for part in written(number.value).partition(".")[::2] or ("0", "0"))
        if low >= 6 and is_pressure(high, low):  # tension 14.9; with less behind the point it is half a centimetre
            return _pressure(line, i, number.end, high, low, topics), number.end
    return _measured(line, i, number, near, topics)


def _over(line: Line, j: int) -> "int | None":
    if j >= len(line) or line.words[j].breaks:
        return None
    if any(k in _OVER for k, _ in line.words[j].keys[:1]):
        return j + 1
    return j


def _half(line: Line, i: int, topics: "list[str]") -> "tuple[Found, int] | None":
    """Half a tablet, a quarter of one."""
    fraction = line.kind(i, "fraction")
    if fraction and fraction[0] in (30, 15) and fraction[1] < len(line) and not _four_of(line, i, fraction[1]):
        j = fraction[1] + (1 if line.words[fraction[1]].raw in ("d", "n", "de", "ⵏ", "ديال") else 0)
        if j < len(line) and topics[j] == "dose":
            return line.found("dose", "0.5" if fraction[0] == 30 else "0.25", i, j + 1), j + 1
    return None


def _four_of(line: Line, i: int, j: int) -> bool:
    """Whether `rb3` is four: of several things, `rb3 7ebbat`; of one thing it is a quarter."""
    return number_at(line, i) is not None and line.words[j].raw.lower().endswith(("at", "ate", "ات", "in"))


def _pressure(line: Line, i: int, j: int, high: float, low: float, topics: "list[str]") -> "Found | None":
    near = _near(topics, i, j)
    if low > high and "blood_pressure" in near:
        high, low = low, high
    if not is_pressure(high, low) or near & {"dose"}:
        return None
    before = line.words[i - 1].raw.lower() if i else ""
    dated = (
        before in ("le", "du", "au", "nhar", "نهار", "يوم")
        or (i > 0 and "weekday" in line.at(i - 1))
        or re.match(r"0|\d+\s?/\s?0", line.words[i].raw)
    )
    if dated and "blood_pressure" not in near:
        return None
    scale = 10 if high < 50 else 1
    return line.found("blood_pressure", f"{round(high * scale)}/{round(low * scale)}", i, j)


def _phone(raw: str) -> str:
    digits = "".join(c for c in raw.replace("(0)", "") if c.isdigit())
    if raw.startswith("+") or digits.startswith("00212"):
        digits = digits.removeprefix("00")
        return "+212" + digits[4:] if digits.startswith("2120") else "+" + digits
    return "+212" + digits[1:]


def _measured(
    line: Line, i: int, number: Number, near: "set[str]", topics: "list[str]"
) -> "tuple[Found | None, int] | None":
    value, j = number.value, number.end
    last = line.words[j - 1]
    if j + 1 < len(line) and line.words[j].raw in ("n", "ⵏ") and not line.words[j].breaks:  # 70 n kilu
        j += 1
    tail = line.text[last.end : last.end + 12]
    keys = {k for k, _ in line.words[j].keys} if j < len(line) and not line.words[j].breaks else set()
    glucose = (
        None
        if _is_other(topics, i)
        else _glucose(
            value, tail, near - _doses(topics, i, j), line.words[i].raw if line.words[i].shape == "dec" else ""
        )
    )
    if glucose:
        end, sugar = j, glucose[0]
        while glucose[1] and end < len(line) and line.words[end].start < last.end + glucose[1]:
            end += 1
        half = _half_more(line, end) if end > j else None
        hundredths = _hundredths(line, end) if end > j and sugar == int(sugar) else None
        if hundredths:
            end, sugar = hundredths.end, sugar + hundredths.value / 100
        elif half:
            end, sugar = half, sugar + 0.5
        return line.found("glucose", written(round(sugar, 2)), i, end), end
    if keys & _KILO and 0.3 <= value <= 400:
        joiner = line.kind(j + 1, "and")
        grams = number_at(line, joiner[1] if joiner else j + 1)
        if grams and grams.digits and grams.whole and 100 <= grams.whole < 1000 and value == int(value):  # 68 kg 500
            return line.found("weight", written(value + grams.whole / 1000), i, grams.end), grams.end
        half = _half_more(line, j + 1)
        return line.found("weight", written(value + (0.5 if half else 0)), i, half or j + 1), half or j + 1
    if j < len(line) and topics[j] == "dose" and 0 < value <= 60:
        half = _half_more(line, j + 1)
        return line.found("dose", written(value + (0.5 if half else 0)), i, half or j + 1), half or j + 1
    unit = next((_UNIT[k] for k in keys if k in _UNIT), "")
    if unit:
        return line.found("dose", f"{written(value)} {unit}", i, j + 1), j + 1
    if (keys & _DEGREE or tail.lstrip().startswith("°") or "temperature" in near) and 30 <= value <= 45:
        half = _half_more(line, j + 1) if keys & _DEGREE else None
        if half:
            return line.found("temperature", written(value + 0.5), i, half), half
        end = j + 1 if keys & _DEGREE or (tail.lstrip().lower().startswith("°c") and j < len(line)) else j
        return line.found("temperature", written(value), i, min(end, len(line))), end
    age = age_at(line, i, number, aged="age" in near)
    if age:
        return age, next(n for n in range(i + 1, len(line) + 1) if n == len(line) or line.words[n].start >= age.end)
    if (keys & _BEAT or "pulse" in near) and 25 <= value <= 260:
        end = j + 1 if keys & _BEAT else j
        return line.found("pulse", written(value), i, end), end
    if "weight" in near and 2 <= value <= 300 and not keys & set(_UNIT):
        return line.found("weight", written(value), i, j), j
    if number.weak and number.end - i < len(line):
        return None, number.end
    return line.found("number", written(value), i, number.end), number.end


def _is_other(topics: "list[str]", i: int) -> bool:
    """Whether the nearest reading named before is one that a laboratory takes: LDL in g/L, HbA1c after the word sugar."""
    named = [topic for topic in topics[max(0, i - _WINDOW) : i] if topic in ("other", "glucose")]
    return bool(named) and named[-1] == "other"


def _doses(topics: "list[str]", i: int, j: int) -> "set[str]":
    """The word dose where no dose stands right beside the number: `hba6` is went down, and folds like tablets."""
    return set() if "dose" in (topics[max(0, i - 1) : i] + topics[j : j + 1]) else {"dose"}


def _half_more(line: Line, j: int) -> "int | None":
    """The index behind `w noss` at word `j`."""
    joiner = line.kind(j, "and") if j < len(line) else None
    half = line.kind(joiner[1] if joiner else j, "fraction") if j < len(line) else None
    return half[1] if half and half[0] == 30 and (joiner or line.linked(j)) else None


def _hundredths(line: Line, j: int) -> "Number | None":
    """`w 80` behind a gram: eighty hundredths."""
    joiner = line.kind(j, "and") if j < len(line) and not line.words[j].breaks else None
    number = number_at(line, joiner[1]) if joiner else None
    return number if number and number.digits and number.whole and 10 <= number.whole < 100 else None


def _glucose(value: float, tail: str, near: "set[str]", raw: str) -> "tuple[float, int] | None":
    """The value, in g/L up to 9 and in mg/dL from 20, and how many characters of the tail belong to it."""
    for pattern, scale, least, most in (
        (_GRAMS, 1.0, 0.1, 9.0),
        (_MILLI, 1.0, 10.0, 900.0),
        (_MMOL, 1 / 5.55, 0.5, 50.0),
    ):
        match = pattern.match(tail)
        if match and least <= value <= most:
            return value * scale, match.end() + (2 if pattern is _MMOL else 0)
    if any(c in raw.lower() for c in "g") and 0.2 <= value <= 9:
        return value, 0
    if "glucose" not in near or "dose" in near:
        return None
    gram = _GRAM.match(tail)
    if gram and 0.2 <= value <= 9:
        return value, gram.end()
    if value != int(value) and 0.3 <= value < 7:
        return value, 0
    if 30 <= value <= 700 and not re.match(r"\s?(?:ans|3am|سنة|jours|mois|kg|kilo)", tail):
        milli = _MILLI_ALONE.match(tail)
        return value, milli.end() if milli else 0
    return None
