"""Words beside a measured number, in the six forms, written for Sahti: the reading, then its words, read through `nlu.date_words.key`."""

TOPICS: "dict[str, str]" = {
    "blood_pressure": "tensiometre tension tansyo tansio tansiou tansyon tansion tonsyo tnsyo tonsio ttansyu latansion latansyo طونسيو تونسيو تنسيو تانسيو لاطونسيو لاتونسيو "
    "الضغط ضغط ضغطي ضغطه ضغطها ضغطو daght dght lada8t ddaght systolique ta mmhg aḍɣaṭ",
    "glucose": "sucre glycemie glycémie sokkar soukar skkar sokar sukkar skar سكر السكر السكري سكري سكار سكره سكرها سكرو كليسيمي glucose dextro glycemi glycimi diabete lfsokkar sekkar",
    "temperature": "temperature température fievre fièvre temp skhana skhanto skhanti skhanta skhantha sokhna s5ana skhouna lharara 7arara hrara harara 7rarto حرارة الحرارة حرارتي "
    "حرارته حرارتها حرارتو سخانة السخانة سخانتو سخانتي سخانتها السخونة سخونة حمى سخونية tawla tawlla degre degré degrés darajat daraja درجة درجات °c",
    "weight": "kanwzen katwzen kaywzen nwzen tanwzen كنوزن كتوزن كيوزن نوزن wezni wzni wezno weznha poids pese pèse pesé pesait wazn wezn lwzn lwazn lmizan mizan mizani mizano وزن وزني وزنه وزنها وزنو الوزن الميزان ميزاني ميزانو ميزانها tiẓi azuk azḍay",
    "pulse": "pouls fc bpm battements nabd nabdat nabdi دقات نبض نبضات نبضي نبضه dqat d99at da99at daqat pulsations frequence kaydreb kayddreb كيضرب",
    "dose": "comprime comprimé comprimés comprimes cachet cachets gelule gélule gélules sachet sachets goutte gouttes cuillere cuillère cuillères cuilleres bouffee bouffées injection "
    "injections ampoule ampoules pilules capsule capsules dosette dosettes "
    "7abba 7ebba 7bba 7abbat 7ebbat 7bbat hbbat hebbat 7boub kina kinat kinate kaniat fanida fanidat lfanid lfanidat ifanidn ifanid 9atra 9atrat 9trat qatra qatrat m3el9a m3la9 ma3li9a "
    "m3ale9 jar3a jer3a jor3a chouka choukat bakhat bakha "
    "حبة حبات حبوب قرص أقراص اقراص كينة كينات كاشيات كاشي فانيدة فانيدات قطرة قطرات ملعقة ملاعق معلقة معالق جرعة جرعات شوكة شوكات كبسولة كبسولات بخة بخات حقنة حقن taḥbbut tiḥbba "
    "tḥbbut tḥbbutin tḥbba tiḥbbutin ⵜⴰⵃⴱⴱⵓⵜ ⵍⴼⴰⵏⵉⴷ iḥbba tiḥbbatin tḥbbatin kachi lkachi kachiat pilule tiqqit tiqqa tiqqad",
    "age": "age ans 3mr 3mri 3mro 3mrha 3omri 3omro 3omrha 3ndi 3ndo 3ndha عمري عمره عمرها عندي عندو عندها عنده سن awi daro",
    "other": "ldl hdl cholesterol cholestérol triglycerides triglycérides creatinine créatinine creat uree urée urique calcium ferritine hemoglobine hémoglobine hba1c a1c glyquee glyquée "
    "albumine proteinurie crp vs tsh psa vitamine bilirubine fibrinogene proteines كوليسترول الكوليسترول التراكمي تراكمي المخزون مخزون الخزان خزان كرياتينين الهيموغلوبين هيموغلوبين "
    "الخضاب الدهون kolesterol lkolisterol kolisterol mokhazzan makhzoun",
}
"""`other`: what a laboratory measures in the same units as sugar. Its numbers are no reading of this module."""

PAIRS = (
    "قرصان قرصين حبتان حبتين كبسولتان كبسولتين ملعقتان ملعقتين معلقتين قطرتين قطرتان جرعتين جرعتان حقنتين حقنتان بختين كينتين فانيدتين شوكتين 7ebtayn 7btayn 7abtayn 7ebbtayn "
    "kintayn kintin fanidtayn 9atrtayn m3el9tayn m3la9tayn choktayn choukatayn"
)
"""Two tablets, spoons, drops or injections in one word."""

UNITS = {
    "mg": "mg", "مغ": "mg", "ملغ": "mg", "ملغرام": "mg", "ميليغرام": "mg", "milligramme": "mg", "milligrammes": "mg", "ml": "ml", "مل": "ml",
    "ui": "IU", "iu": "IU", "unite": "IU", "unites": "IU", "unités": "IU", "وحدات": "IU", "mcg": "mcg", "µg": "mcg",
}  # fmt: skip

KILO = "kg kgs kilo kilos كيلو كلغ كغ كجم كيلوغرام كيلوغراما كيلوات ⴽⵉⵍⵓ ⴽⵖ kilu ikilutn kilogramme kilogrammes"
DEGREE = "degre degrés degres درجة درجات daraja darajat drja drjat c °c"
BEAT = "bpm battements دقة دقات نبضة pulsations d99a"
OVER = "sur 3la على x w و f خط xf ɣf d"
"""Words between the two numbers of a blood pressure."""
SUR = "sur 3la على"

PREGNANT = "enceinte enceintes grossesse grossese 7amla 7amila hamla hamila 7amela 7aml 7mel l7mel l7aml lhml hml 7mal l7mal حامل حاملة الحمل حمل حملي حبلى uɛddis tadist tga-tadist s-tadist lhmel lhamel"

AGED = "age agé agée agés 3mr 3mri 3mro 3mrha 3mru 3omri 3omro 3omrha عمري عمره عمرها عمرو عمر سني سنه سنها عمرك"
HAS = "3ndo 3ando 3ndha 3andha 3ndu عندو عندها عنده dars daro ɣurs ghurs ghurs لديه لديها"
CHILD = (
    "bébé bebe enfant fils fille nourrisson garçon petit petite fillette weldi wldi wldy benti bnti bnt weld tarbya terbya derri "
    "ولدي بنتي طفلي طفلتي ابني ابنتي رضيع رضيعي رضيعة طفل طفلة iwi illi mmi yiwi memmi arba tarbat"
)
