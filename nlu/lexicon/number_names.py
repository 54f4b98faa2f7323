"""Number words of the six forms, written for Sahti: value, then spellings split by `|`, read through `nlu.date_words.key`.

A word of Tamazight stands here once, in Latin letters; Darija in both of its scripts. `calendar_words` tells how spellings fold.
"""

NUMBER: "dict[int, str]" = {
    0: "zero|sifr|ziro|صفر|amya",
    1: "un|une|wahd|wa7d|wahda|wa7da|wahed|wehda|lwahda|lou7da|lwe7da|luhda|lwehda|واحد|واحدة|وحدة|وحده|أحد|إحدى|yan|yat|yun|yut|yiwn|yiwt|ijn|yij|ijj|yuwn",
    2: "deux|tnin|juj|joj|jouj|zuj|zouj|jooj|zoj|tnayn|اثنان|اثنتان|إثنين|اثنين|اثنتين|جوج|زوج|تنين|sin|snat|sint|snt|sn",
    3: "trois|tlata|tlat|tlt|telt|thalata|thlata|tlatt|ثلاثة|ثلاث|تلاتة|تلات|تلت|krad|kratt|kradt|krat|chrad|charad|chratt",
    4: "quatre|katr|rb3a|rba3a|arb3a|arba3a|reb3|rab3a|أربعة|أربع|اربعة|اربع|ربعة|kuz|kkuz|kuzt|kkuzt|kkuzz|oqqoz|uqquz",
    5: "cinq|khmsa|khams|khamsa|khms|5ms|خمسة|خمس|smmus|smmust|smus|smust|smmuss|fus",
    6: "six|sta|st|setta|stt|ستة|ست|ستا|sdis|sdist|sddis|sedis|sttin n|six",
    7: "sept|sb3a|sb3|sab3a|sba3|سبعة|سبع|sa|sat|ssa",
    8: "huit|tmnya|tmnia|tmania|tmn|tamania|thmania|تمنية|ثمانية|ثماني|ثمنية|تمانية|تمنيا|تمن|ثمان|تمانيه|tam|tamt|ttam",
    9: "neuf|ts3ud|ts3oud|ts3a|tis3a|tas3ud|ts3|tsa3ud|تسعة|تسعود|تسع|tza|tzat|ttza",
    10: "dix|3chra|3chr|3ashra|achra|aachra|3achra|3acher|عشرة|عشر|mraw|mrawt|mrau|dizaine|une dizaine",
    11: "onze|hdach|7dach|hdash|7dachr|حداش|حضاش|احداش|أحد عشر|احدى عشرة|إحدى عشر|احد عشر|الحادية عشرة|الحادية عشر|yan d mraw|yat d mraw",
    12: "douze|tnach|tnash|tnaach|طناش|تناش|ثناش|اثنا عشر|اثني عشر|اثنتا عشرة|اثنتي عشرة|الثانية عشرة|الثانية عشر|douzaine|une douzaine",
    13: "treize|tltach|tlttach|tlatach|تلطاش|تلتاش|تلاتاش|ثلاثة عشر|ثلاث عشرة",
    14: "quatorze|rb3tach|rba3tach|arb3tach|ربعطاش|أربعطاش|ربعتاش|أربعة عشر|أربع عشرة|اربعة عشر",
    15: "quinze|khmstach|khamstach|خمسطاش|خمستاش|خمصطاش|خمسة عشر|خمس عشرة|quinzaine|une quinzaine",
    16: "seize|stach|sttach|سطاش|ستاش|ستة عشر|ست عشرة",
    17: "dix sept|sb3tach|sba3tach|سبعطاش|سبعتاش|سبعة عشر|سبع عشرة",
    18: "dix huit|tmntach|tmantach|تمنطاش|تمنتاش|ثمنطاش|ثمانية عشر|ثماني عشرة",
    19: "dix neuf|ts3tach|tsa3tach|تسعطاش|تسعتاش|تسعة عشر|تسع عشرة",
    20: "vingt|vingts|3chrin|3ichrin|3ochrin|عشرين|عشرون|simraw|smraw|vingtaine|une vingtaine",
    30: "trente|tlatin|thlathin|تلاتين|ثلاتين|ثلاثين|ثلاثون|kramraw|kradmraw|kradtmraw|trentaine|une trentaine",
    40: "quarante|rb3in|arb3in|ربعين|أربعين|أربعون|اربعين|kuzmraw|kkuzmraw|kuzt mrau|quarantaine|une quarantaine",
    50: "cinquante|khmsin|khamsin|خمسين|خمسون|smmumraw|smumraw|smusmraw|cinquantaine|une cinquantaine",
    60: "soixante|stin|sttin|ستين|ستون|sdismraw|sddismraw|soixantaine|une soixantaine",
    70: "soixante dix|septante|sb3in|سبعين|سبعون|samraw",
    80: "quatre vingt|quatre vingts|huitante|tmanin|thmanin|تمانين|ثمانين|ثمانون|tamraw|tammraw",
    90: "quatre vingt dix|nonante|ts3in|تسعين|تسعون|tzamraw",
    100: "cent|cents|mya|mia|miya|myat|miyat|مية|ميه|مئة|مائة|مئه|ميا|ميت|timidi|tmidi|timad|tmad|centaine|une centaine",
    200: "mitayn|mitin|myatayn|miatayn|ميتين|ميتاين|مئتين|مئتان|مائتان|مائتين|مئتا|مائتا",
    300: "tltmya|tltmia|tlatmya|تلتمية|تلاتمية|ثلاثمئة|ثلاثمائة|تلت مية|تلتميه",
    400: "rb3mya|rba3mya|ربعمية|أربعمية|أربعمئة|أربعمائة|ربع مية|rb3 mya",
    500: "khmsmya|خمسمية|خمسمئة|خمسمائة|خمس مية",
    600: "stmya|sttmya|ستمية|ستمئة|ستمائة|ست مية",
    700: "sb3mya|sba3mya|سبعمية|سبعمئة|سبعمائة|سبع مية",
    800: "tmnmya|tmnimya|tmanmya|تمنمية|تمنميا|ثمانمئة|ثمانمائة|ثمانيمائة|تمن مية",
    900: "ts3mya|tsa3mya|تسعمية|تسعمئة|تسعمائة|تسع مية",
    1000: "mille|mil|alf|ألف|الف|agim|ifd|آلاف",
    2000: "alfayn|ألفين|الفين|ألفان",
}

ORDINAL_HOUR: "dict[int, str]" = {
    1: "الواحدة", 2: "الثانية", 3: "الثالثة", 4: "الرابعة", 5: "الخامسة", 6: "السادسة", 7: "السابعة", 8: "الثامنة",
    9: "التاسعة", 10: "العاشرة", 11: "الحادية عشرة|الحادية عشر", 12: "الثانية عشرة|الثانية عشر",
}  # fmt: skip
"""Hours of Modern Standard Arabic are ordinals; they are numbers only behind a word for the clock."""

ORDINAL: "dict[int, str]" = {
    1: "premier|première|lwl|luwl|الأول|الاول|الأولى|awl|amzwaru",
    2: "deuxième|second|seconde|tani|ttani|الثاني|التاني",
    3: "troisième|talt|ttalt|talat|الثالث|التالت",
    4: "quatrième|rab3|rabi3|rrab3|الرابع",
    5: "cinquième|khams|lkhams|khamis|الخامس",
    6: "sixième|sads|sadis|ssads|stat|satt|السادس|السات",
    7: "septième|sab3|sabi3|ssab3|السابع",
    8: "huitième|tamn|ttamn|tamin|الثامن|التامن",
    9: "neuvième|tas3|ttas3|tasi3|التاسع",
    10: "dixième|3achr|l3achr|3achir|العاشر",
    11: "onzième|الحادي عشر",
    12: "douzième|الثاني عشر",
}
"""Ordinals: days of a month before its name, months of a pregnancy. Read only there: `khamis` is also Thursday."""

WEAK = (
    "un w7da we7da yiwen sent تمن une wahd wahda wa7d wa7da واحد واحدة وحدة أحد إحدى yan yat yun sin sa tam ssa st sat "
    "sn sint sent ijn ijj yij yijj fus tlt neuf id ass zuj ifd mil ميت"
)
"""Number words that are also little words: numbers only beside a unit, a clock word or alone in the text."""
