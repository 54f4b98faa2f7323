"""Words for people of a patient's own, in the six forms, written for Sahti: the relation, then spellings split by `|`.

Read through `nlu.date_words.key`. French nouns stand without their possessive, which the reader requires; the words of the other
languages carry theirs (`weldi`, `والدتي`) or need none (`mama`).
"""

OWN: "dict[str, str]" = {
    "mother": "mama|maman|lwalida|walidati|walidti|lwalda|mimti|mouima|yemma|yimma|imma|immi|الوالدة|الواليدة|الوليدة|والدتي|والدتنا|أمي|امي|ماما|ميمتي|الميمة|يما",
    "father": "baba|bba|papa|lwalid|lwalid dyali|walidi|الوالد|الواليد|والدي|أبي|بابا|الشيباني|chibani",
    "parents": "walidiya|lwalidin|walidin|والديا|الوالدين|والدي بجوج",
    "wife": "mrati|mrti|lmra dyali|lmra diali|zawjti|marti|مراتي|مرتي|زوجتي|المرا ديالي|لمرا ديالي|tamghart inu|tamtut inu|tamttut inu|tamtot inu",
    "husband": "rajli|rajl dyali|rajel dyali|zawji|راجلي|زوجي|الراجل ديالي|argaz inu",
    "son": "weldi|wldi|wlidi|wlidati|wldi sghir|ولدي|وليدي|ابني|إبني|iwi|yiwi|memmi",
    "daughter": "bnti|benti|bnita dyali|bniti|بنتي|بنيتي|ابنتي|إبنتي|illi|yelli",
    "children": "wladi|wlidati|drari dyali|dryati|ولادي|أولادي|وليداتي|أبنائي|الدراري ديالي|tarwa inu|arraw inu",
    "baby": "lbibi|bibi dyali|terbiti|trbiya dyali|رضيعي|رضيعتي|البيبي|التربية ديالي|طفلي|طفلتي|lufan inu|azzan inu|arrba inu",
    "brother": "khouya|khoya|khuya|خويا|أخي|اخي|gma|uma",
    "sister": "khti|khtti|ختي|أختي|اختي|ultma|utma",
    "grandmother": "jdda|jddati|mmi lalla|henna|جدة|جدتي|جداتي|مي لالة|ḥnna|jdda inu",
    "grandfather": "jddi|bba sidi|جدي|با سيدي",
    "uncle": "3mmi|khali|عمي|خالي|xali",
    "aunt": "3mti|3mmti|khalti|عمتي|خالتي|xalti",
    "mother_in_law": "3gouzti|hmati|lougti|عكوزتي|عگوزتي|حماتي",
    "father_in_law": "chikhi|7maya|حمايا",
    "neighbour": "jari|jarti|jarna|jartna|جاري|جارتي|جارنا|جارتنا",
    "friend": "sahbi|sahbti|sa7bi|sa7bti|صاحبي|صاحبتي|صديقي|صديقتي|amddakkl inu",
    "cousin": "weld 3mi|wld khali|bnt 3mi|bnt khalti|ولد عمي|بنت عمي|ولد خالي|بنت خالتي",
}

FRENCH: "dict[str, str]" = {
    "mother": "mère|maman", "father": "père|papa", "parents": "parents", "wife": "femme|épouse", "husband": "mari|époux",
    "son": "fils|garçon", "daughter": "fille|fillette", "children": "enfants|petits", "child": "enfant|petit|petite",
    "baby": "bébé|nourrisson|nouveau né", "brother": "frère", "sister": "soeur|sœur", "grandmother": "grand mère|mamie",
    "grandfather": "grand père|papi", "uncle": "oncle|tonton", "aunt": "tante|tata", "mother_in_law": "belle mère",
    "father_in_law": "beau père", "neighbour": "voisin|voisine", "friend": "ami|amie|copine|copain", "cousin": "cousin|cousine",
}  # fmt: skip

POSSESSIVES = frozenset({"mon", "ma", "mes", "notre", "nos", "son", "sa", "ses", "votre"})
BY_FORM = {"ary-Latn": {"mmi": "mother", "mwi": "mother", "lalla": "grandmother"}, "zgh-Latn": {"mmi": "son"}}
"""Words too short to fold, read as written: the same letters are my mother in Darija and my son in the Central Atlas."""
