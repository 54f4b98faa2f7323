"""Readings, doses, ages, phones and plain numbers in a text of any of the six forms, digits of any script or words.

Values: `blood_pressure` `140/90` in mmHg (`14/9` is read as centimetres of mercury, as it is said here) · `glucose`
`1.26 g/L`, `126 mg/dL` or `7 mmol/L`, in the unit meant · `temperature` `39.5` in °C · `weight` `72` in kg ·
`pulse` `80` a minute · `dose` `2` (tablets, drops, spoons) or `500 mg` · `age` `P35Y` or `P8M` · `phone` `+212…` ·
`number` `10`, `39.5`. What a value may be is wide enough for any living body and narrow enough to tell readings apart.
"""

# ruff: noqa: PLR2004, PLR0911, C901 - a grammar: one return a rule; 12, 24, 31 and 60 say what they are

import re

from nlu.date_pieces import slash_pair
from nlu.date_words import Found, Line, key
from nlu.number_words import Number, number_at, written

__all__ = ["Found", "find", "is_pressure", "speaks_of"]

_TOPICS = {
    "blood_pressure": "tension tansyo tansio tansiou tonsyo tnsyo tonsio ttansyu طونسيو تونسيو تنسيو الضغط ضغط ضغطي daght dght lada8t systolique ta mmhg aḍɣaṭ",
    "glucose": "sucre glycemie glycémie sokkar soukar skkar sokar sukkar سكر السكر السكري سكري سكار glucose dextro glycemi",
    "temperature": "temperature température fievre fièvre temp skhana sokhna s5ana skhouna lharara 7arara hrara harara حرارة الحرارة حرارتي سخانة السخانة حمى سخونية tawla degre degré degrés darajat daraja درجة درجات °c",
    "weight": "wezni wzni poids pese pèse pesé wazn wezn lwzn lmizan mizan وزن وزني الوزن الميزان tiẓi azuk",
    "pulse": "pouls bpm battements nabd nabdat دقات نبض نبضات dqat d99at da99at pulsations frequence",
    "dose": "comprime comprimé comprimés comprimes cachet cachets gelule gélule gélules sachet sachets goutte gouttes cuillere cuillère cuillères cuilleres bouffee bouffées injection "
    "7abba 7ebba 7bba 7abbat 7ebbat 7bbat hbbat hebbat kina kinat kinate fanida fanidat lfanid 9atra 9atrat qatra qatrat m3el9a m3la9 ma3li9a jar3a jer3a chouka choukat bakhat "
    "حبة حبات حبوب قرص أقراص اقراص كينة كينات فانيدة قطرة قطرات ملعقة ملاعق معلقة معالق جرعة جرعات شوكة كبسولة كبسولات بخات حقنة taḥbbut tiḥbba tiḥbbutin ⵜⴰⵃⴱⴱⵓⵜ ⵍⴼⴰⵏⵉⴷ iḥbba tiḥbbatin "
    "kachi lkachi kachiat pilule pilules tiqqit tiqqa",
    "age": "age ans 3mr 3mri 3mro 3mrha 3omri 3omro 3omrha 3ndi 3ndo 3ndha عمري عمره عمرها عندي عندو عندها عنده سن awi daro",
}
_TOPIC = {key(word): topic for topic, spellings in _TOPICS.items() for word in spellings.split()}
_UNITS = {
    "mg": "mg", "مغ": "mg", "ملغ": "mg", "ملغرام": "mg", "milligramme": "mg", "milligrammes": "mg", "ml": "ml", "مل": "ml",
    "ui": "IU", "iu": "IU", "unite": "IU", "unites": "IU", "unités": "IU", "وحدات": "IU", "mcg": "mcg", "µg": "mcg",
}  # fmt: skip
_UNIT = {key(word): unit for word, unit in _UNITS.items()}
_KILO = frozenset(
    key(w)
    for w in (
        "kg",
        "kgs",
        "kilo",
        "kilos",
        "كيلو",
        "كلغ",
        "كغ",
        "كيلوغرام",
        "ⴽⵉⵍⵓ",
        "kilu",
        "kilogramme",
        "kilogrammes",
    )
)
_DEGREE = frozenset(key(w) for w in ("degre", "degrés", "درجة", "درجات", "daraja", "darajat", "c", "°c"))
_BEAT = frozenset(key(w) for w in ("bpm", "battements", "دقة", "نبضة", "pulsations", "d99a"))
_OVER = frozenset(key(w) for w in ("sur", "3la", "على", "w", "و", "f", "خط", "xf", "ɣf"))
_SUR = frozenset(key(w) for w in ("sur", "3la", "على"))
_MMOL = re.compile(r"^\s?mmol", re.IGNORECASE)
_GRAMS = re.compile(r"^\s?(?:g|gr|غ|غرام|غ)\s?[/.]?\s?(?:l\b|ل\b|لتر|pour|par)|^\s?g/l", re.IGNORECASE)
_MILLI = re.compile(r"^\s?(?:mg|مغ|ملغ)\s?[/.]?\s?(?:dl|دل|d\b)", re.IGNORECASE)
_GRAM = re.compile(r"^\s?(?:g|gr|grammes?|غرام|غ)(?![^\W\d_])", re.IGNORECASE)
_WINDOW = 5


def is_pressure(high: float, low: float) -> bool:
    """Whether two numbers can be a blood pressure, both in cmHg (14/9) or both in mmHg (140/90)."""
    if high >= 50 or low >= 30:
        return 50 <= high <= 300 and 30 <= low <= 200 and low < high
    return 6 <= high <= 30 and 3 <= low <= 20 and high - low > 1


def find(text: str) -> "list[Found]":
    """Every reading, dose, age, phone and plain number of the text, in its order; offsets are into `text`.

    Numbers inside dates and times are found too: `nlu.dates.everything` settles which reading stands. Never raises.
    """
    line = Line(text)
    topics = [_topic(line, i) for i in range(len(line))]
    found: list[Found] = []
    i = 0
    while i < len(line):
        hit = _at(line, i, topics)
        if hit:
            item, i = hit
            if item:
                found.append(item)
        else:
            i += 1
    return found


def speaks_of(line: Line, topic: str) -> bool:
    """Whether the text has a word of that kind of reading (`blood_pressure`, `glucose`, …)."""
    return any(_topic(line, i) == topic for i in range(len(line)))


def _topic(line: Line, i: int) -> str:
    for spelling, _ in line.words[i].keys:
        topic = _TOPIC.get(spelling)
        if topic:
            return topic
    return ""


def _near(topics: "list[str]", i: int, j: int, *, after: int = 2) -> "set[str]":
    return set(topics[max(0, i - _WINDOW) : i]) | set(topics[j : j + after])


def _at(line: Line, i: int, topics: "list[str]") -> "tuple[Found | None, int] | None":
    word = line.words[i]
    if word.shape == "phone":
        return line.found("phone", _phone(word.raw), i, i + 1), i + 1
    if word.shape in ("iso", "dmy", "clock"):
        return None, i + 1
    if word.shape == "slash":
        return _pressure(line, i, i + 1, *slash_pair(word.raw), topics), i + 1
    half = _half(line, i, topics)
    if half:
        return half
    number = number_at(line, i)
    if number is None:
        return None
    over = _over(line, number.end)
    second = number_at(line, over) if over and over < len(line) and not line.words[over].breaks else None
    near = _near(topics, i, second.end if second else number.end)
    said = over == number.end + 1 and number.value >= 50 and key(line.words[number.end].raw) in _SUR  # 140 sur 90
    if second and is_pressure(number.value, second.value) and ("blood_pressure" in near or said):
        return _pressure(line, i, second.end, number.value, second.value, topics), second.end
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
    if fraction and fraction[0] in (30, 15) and fraction[1] < len(line) and not number_at(line, i):
        j = fraction[1] + (1 if line.words[fraction[1]].raw in ("d", "n", "de", "ⵏ", "ديال") else 0)
        if j < len(line) and topics[j] == "dose":
            return line.found("dose", "0.5" if fraction[0] == 30 else "0.25", i, j + 1), j + 1
    return None


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
    tail = line.text[last.end : last.end + 12]
    keys = {k for k, _ in line.words[j].keys[:1]} if j < len(line) and not line.words[j].breaks else set()
    glucose = _glucose(value, tail, near, last.raw)
    if glucose:
        end = j
        while glucose[1] and end < len(line) and line.words[end].start < last.end + glucose[1]:
            end += 1
        return line.found("glucose", glucose[0], i, end), end
    if keys & _KILO and 0.3 <= value <= 400:
        return line.found("weight", written(value), i, j + 1), j + 1
    if j < len(line) and topics[j] == "dose" and 0 < value <= 60:
        return line.found("dose", written(value), i, j + 1), j + 1
    unit = next((_UNIT[k] for k in keys if k in _UNIT), "")
    if unit:
        return line.found("dose", f"{written(value)} {unit}", i, j + 1), j + 1
    if (keys & _DEGREE or tail.lstrip().startswith("°") or "temperature" in near) and 30 <= value <= 45:
        end = j + 1 if keys & _DEGREE or (tail.lstrip().lower().startswith("°c") and j < len(line)) else j
        return line.found("temperature", written(value), i, min(end, len(line))), end
    age = _age(line, i, number, near)
    if age:
        return age
    if (keys & _BEAT or "pulse" in near) and 25 <= value <= 260:
        end = j + 1 if keys & _BEAT else j
        return line.found("pulse", written(value), i, end), end
    if "weight" in near and 1 <= value <= 300 and not keys & set(_UNIT):
        return line.found("weight", written(value), i, j), j
    if number.weak and j - i < len(line):
        return None, j
    return line.found("number", written(value), i, j), j


def _glucose(value: float, tail: str, near: "set[str]", raw: str) -> "tuple[str, int] | None":
    """The value with its unit, and how many characters of the tail belong to it."""
    for pattern, unit in ((_GRAMS, "g/L"), (_MILLI, "mg/dL"), (_MMOL, "mmol/L")):
        match = pattern.match(tail)
        if match:
            return f"{written(value)} {unit}", match.end() + (2 if unit == "mmol/L" else 0)
    if any(c in raw.lower() for c in "g") and 0.2 <= value <= 9:
        return f"{written(value)} g/L", 0
    if "glucose" not in near or near & {"dose", "age"} - {"age"}:
        return None
    gram = _GRAM.match(tail)
    if gram and 0.2 <= value <= 9:
        return f"{written(value)} g/L", gram.end()
    if value != int(value) and 0.3 <= value < 7:
        return f"{written(value)} g/L", 0
    if 30 <= value <= 700 and not re.match(r"\s?(?:mg|ans|3am|سنة)", tail):
        return f"{written(value)} mg/dL", 0
    return None


def _age(line: Line, i: int, number: Number, near: "set[str]") -> "tuple[Found | None, int] | None":
    unit = line.kind(number.end, "unit") if number.end < len(line) and not line.words[number.end].breaks else None
    before = line.at(i - 1) if i else {}
    if not unit or number.whole is None or {"in", "every", "ago", "after", "for", "within", "since"} & set(before):
        return None
    if unit[0] == "year" and number.whole <= 120 and ("age" in near or number.whole >= 12):
        return line.found("age", f"P{number.whole}Y", i, unit[1]), unit[1]
    own = line.words[i - 1] if i else None
    has = own is not None and (
        (own.raw.lower() == "a" and line.words[max(0, i - 2)].raw.lower() != "y")
        or any(k in _HAS for k, _ in own.keys[:1])
    )
    child = (
        i > 1
        and own is not None
        and own.raw.lower() in ("de", "d")
        and any(k in _CHILD for k, _ in line.words[i - 2].keys[:1])
    )
    told = ((has or child) and unit[0] != "day") or any(
        k in _AGED for n in range(max(0, i - 4), i) for k, _ in line.words[n].keys
    )
    if unit[0] in ("month", "day", "week", "year") and told:
        letter, scale = {"month": ("M", 1), "day": ("D", 1), "week": ("D", 7), "year": ("Y", 1)}[str(unit[0])]
        return line.found("age", f"P{number.whole * scale}{letter}", i, unit[1]), unit[1]
    return None


_AGED = frozenset(
    key(w)
    for w in [
        "age",
        "agé",
        "agée",
        "3mr",
        "3mri",
        "3mro",
        "3mrha",
        "3mru",
        "3omri",
        "3omro",
        "3omrha",
        "عمري",
        "عمره",
        "عمرها",
        "عمرو",
        "عمر",
    ]
)
_HAS = frozenset(key(w) for w in ("3ndo", "3ando", "3ndha", "3andha", "عندو", "عندها", "عنده", "dars"))
_CHILD = frozenset(
    key(w) for w in ("bébé", "bebe", "enfant", "fils", "fille", "nourrisson", "garçon", "petit", "petite")
)
