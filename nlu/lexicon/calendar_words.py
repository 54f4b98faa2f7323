"""Words of dates, times and numbers in the six forms, written for Sahti: kind, then value, then spellings.

Spellings are split by `|`. They are read through `nlu.date_words.key`, so accents, `e`, doubled letters and the choice
between 7 and h, 9 and q, 5 and kh, ou and o make no difference, and the clitics f, b, d, l, w, ال need not be listed.
Tifinagh is read as its Latin spelling; a word of Tamazight stands here once, in Latin letters.
"""

WEEKDAY: "dict[int, str]" = {
    0: "tnin|letnin|etnin|tnayn|letnayn|ltnayn|itnayn|letnayen|lethnin|atnin|اثنين الجاي|الاثنين|الإتنين|الاتنين|لاثنين|التنين|لتنين|تنين|"
    "الثنين|يوم اثنين|monday|lundis",
    1: "tlata jay|tlata jaya|tlata ljay|تلاتة الجاية|تلاتة الجاي|ttlat|nhar tlata|nhar tlat|yum tlata|ass n tlata|ass n ttlata|ass n ttlat|l tlat|tlat|tulata|الثلاثاء|ثلاثاء|التلات|الثلاث|التلاتا|"
    "نهار الثلاثة|نهار التلاتة|نهار تلات|tuesday|mardis",
    2: "larb3|larba3|larb3a|lerb3|larbi3|larbi3a|arbi3a|nhar rb3a|nhar larbe3|larbea|nhar l arb3|ass n larb3a|الأربعاء|أربعاء|الاربع|لاربع|لاربعا|"
    "الاربعا|لربع|لربعا|نهار الربع|نهار الاربعة|نهار لاربعة|wednesday|mercredis",
    3: "khmis|lkhamis|khamis|الخميس|خميس|لخميس|thursday|jeudis",
    4: "jm3a|jam3a|jum3a|jumu3a|joumoua|jemaa|ljmaa|ljemaa|jim3a|jumua|الجمعة|جمعة|لجمعة|friday|vendredis",
    5: "sbt|sabt|السبت|سبت|لسبت|saturday|samedis",
    6: "7ed|7d|l7d|l7ed|lhed|l7add|lhadd|l7ad|nhar had|nhar l had|nhar lhad|lahad|l2a7ad|la7ad|el7ed|ass n l7ed|الأحد|الحد|لحد|sunday|dimanches",
}

MONTH: "dict[int, str]" = {
    1: "yanayr|yanayir|janv|jan|yannayr|yanair|innayr|january|ينائر|جانفي",
    2: "fibrayr|fibrayer|fev|fevr|fevrier|fbrayr|february|فبرائر",
    3: "mars|march|مارس",
    4: "abril|avril|avr|ibril|april|ابريل",
    5: "mai|may|mayo|maayou|ماي|مايو",
    6: "yunyu|yunyo|yonyo|june|يونيو",
    7: "yulyuz|yolyoz|juil|jul|yulyu|july|يوليوز|يوليو",
    8: "ghusht|ghocht|ghuct|ghucht|aout|out|august|غشت|أغسطس",
    9: "shutanbir|chotanbir|sep|stanbir|chotanber|chtanbir|sibtambr|septembre|setember|september|شتنبر|سبتمبر|شتمبر",
    10: "uktubr|oktobr|oct|ktobr|ktoubr|كتوبر|oktoubr|octobre|october|أكتوبر|اكتوبر",
    11: "nuwanbir|nowanbir|nov|nouvembre|nuwanbr|nonbr|november|نونبر|نوفمبر|نونمبر",
    12: "dujanbir|dojanbir|dec|dijanbir|dujambir|dojambir|dijember|disembre|disambr|ديجنبر|dujanbr|dojember|december|decembre|دجنبر|ديسمبر|دجمبر",
}

DAY: "dict[int, str]" = {
    0: "aujourd hui|aujourdhui|lyum|lyuma|lyoum|lioma|lium|liom|lyom|had nhar|had lyum|had nharna|today|اليوم|ليوم|ليوما|اليوما|هاد النهار|"
    "هذا اليوم|assa|ass a|ass ad|assad|ghassa|ghassad|ghass ad|wassa|idam",
    1: "demain|dmain|2m1|dmn|لغدا|ghdan|ghadan|dmin|2main|ghda|ghada|ghedda|gheda|ghuda|gda|غدا|غدّا|غدوة|غدوا|الغد|غد|يوم غد|نهار غدا|tomorrow|azka|azekka|azzka|aska|"
    "askka|azka ad|tiwcca|tiwcha|tiucca|thiwecha",
    2: "apres demain|لغد ليه|lghd lih|lghad lih|apres dmain|apré demain|b3d ghda|ba3d ghda|mn b3d ghda|mur ghda|mura ghda|wra ghda|after tomorrow|day after tomorrow|"
    "the day after tomorrow|بعد غد|بعد غدا|من بعد غدا|مور غدا|بعد الغد|naf azka|naf uzka|naf uzekka|naf aska|naf uska|dffir uzka|dffir n uzka|"
    "awrn uzka|sllid|sslid|asllid|nnaf uzka",
    -1: "hier|lbar7|lbare7|lbareh|bar7|barih|yesterday|البارح|لبارح|البارحة|أمس|امس|الأمس|idgam|igdam|idlli|idli|idnad|assnnat|asnat|asnad",
    -2: "avant hier|wl lbar7|wal lbar7|w lbar7|أول البارحة|اول البارح|أول من أمس|wllbar7|wlbar7|wallbare7|wellbare7|ولبارح|وللبارح|أول البارح|اول امس|أول أمس|قبل امس|قبل البارح|slid nidgam|fridllin|naf idgam",
}

PART: "dict[str, str]" = {
    "morning": "matin|matinee|فجرا|dat n tizwarnin|dat n tizwarin|zdat n tizwarn|matinees|matins|sbah|sba7|sabah|bkri|lbkri|fjr|lfjer|alfajr|fajr|sobh|sob7|dha|da7wa|morning|الصباح|صباح|صباحا|صبح|فجر|الفجر|بكري|"
    "ضحى|الضحى|tifawt|tifawin|tfawt|tfaut|zik|sbah bkri|tizi n tifawt|avant midi|9bl dohr|9bl dhor|9bl duhr|قبل الظهر|قبل الضهر|lfjr|tuzwit",
    "afternoon": "apres midi|aprem|b3d lghda|mn b3d lghda|من بعد الغدا|بعد الغداء|بعد الغدا|مور الغدا|dffir n lghda|apres midis|3chwiya|l3chwiya|لعشوية|العشوية|ddhur|apm|apres dohr|apres dhohr|3chia|3chya|3chiya|la3chia|3achia|3achiya|aachia|3shia|dohr|dhor|dhr|duhr|duhur|do8r|do8ar|dhuhr|"
    "3sr|3asr|3aser|l3asar|mn b3d dohr|b3d dohr|b3d dhor|b3d duhr|afternoon|العشية|عشية|لعشية|ظهر|الظهر|الضهر|ضهر|ظهرا|بعد الظهر|بعد الضهر|من بعد الظهر|"
    "من بعد الضهر|العصر|عصر|عصرا|لعصر|بعد الزوال|زوالا|الزوال|tizwarn|tizwarnin|tizwarin|takzin|takkzin|takuzin|takwzin|dffir n tizwarnin",
    "evening": "soir|soiree|maghreb|lmaghreb|soirs|soirees|tiwutci|tiwutsi|tinwutci|mghrb|mghrib|maghrib|mghreb|lmghrab|msa|lmsa|lmasa|masa|evening|المساء|مساء|مسا|المغرب|مغرب|لمغرب|tadgat|tadggwat|tadegwat|"
    "tadggat|tdggat|tdgwat|tadguat|tadgguat|tamddit|tameddit|tmdit|tiwutchi|tiwtchi|tinwutchi|tiwuchi",
    "night": "nuit|lilt|lilat|lil|nuits|laylan|بالليل|lila|llil|lyali|layl|leil|lile|3cha|l3cha|3icha|3isha|night|الليل|ليل|ليلا|ليلة|العشاء|عشاء|العشا|لعشا|n yid|g yid|gh yid|deg yid|i yid|tinids|tinyids|tin ids|"
    "tinidsin",
}

TODAY_PART: "dict[str, str]" = {
    "morning": "ce matin|had sbah|lyum sbah|lyum f sbah|هاد الصباح|هذا الصباح|this morning",
    "afternoon": "cet apres midi|cet aprem|cette aprem|cet apm|had l3chia|had l3chiya|had 3chiya|هاد العشية|this afternoon",
    "evening": "ce soir|tonight|had lmsa|هذا المساء|tadgat ad|tadggwat ad|tadggat ad",
    "night": "cette nuit|had lila|had llila|lila hadi|هاد الليلة|هذه الليلة|الليلة|had lil|id ad",
}

CLOCK: "dict[str, str]" = {
    "12:00": "midi|nss nhar|nus nhar|wst nhar|wsst nhar|نص النهار|نصف النهار|منتصف النهار|وسط النهار|azgn n wass|tuzzumt n wass",
    "00:00": "minuit|nss lil|nus lil|wst lil|midnight|نص الليل|نصف الليل|منتصف الليل|azgn n yid|tuzzumt n yid",
}

UNIT: "dict[str, str]" = {
    "minute": "minute|minutes|mn|min|mins|d9i9a|da9i9a|daqiqa|dqiqa|d9aye9|d9ay9|da9ai9|daqaiq|dkayk|d9i9at|دقيقة|دقايق|دقائق|دقيقات|tusdat|tusdatin|"
    "tusdidt|tusdidin|tasdidt|tisdidin|dqiqt|tdqiqt|tdqiqin",
    "hour": "heure|heures|h|hr|hrs|sa3a|sa3at|swaye3|sway3|swaya3|swai3|tswaye3|tsway3|hour|hours|ساعة|ساعات|سوايع|tasragt|tasraght|tisragin|tisraghin|"
    "tsragt|tsraght|tsragin|tsraghin|tsa3t|tassa3t|tisa3tin|tsa3tin|swayu3",
    "day": "jour|jours|jrs|jr|j|journee|nhar|nharat|yum|yawm|youm|ayam|iyam|iyyam|lyam|yam|youmat|day|days|يوم|أيام|ايام|أيامات|نهار|نهارات|يوما|ass|ussan|"
    "wass|wussan|was|usan",
    "week": "semaine|semaines|smaine|smn|wimalass|wimalassn|sem|simana|smana|siamana|assimana|simanat|smanat|semana|osbou3|usbu3|ousbou3|asabi3|week|weeks|أسبوع|اسبوع|أسابيع|أسبوعا|سيمانة|"
    "سيمانات|سمانة|سمانات|السيمانة|imalas|imalass|imalasn|imalassn|durt|durtat|dduart|tudert n imalass|simant|sman",
    "month": "mois|chhr|uyyur|شهرها|شهري|chhrha|chahrha|chhri|wayyurn|ayyurn|iyyurn|uyyurn|wayyuren|chhar|chher|ch8r|ch8ar|ch8er|shhar|chhour|chohor|chhura|chhur|ch8or|month|months|شهر|شهور|أشهر|اشهر|شهرا|ayur|ayyur|wayur|irn|yirn|iyyirn|"
    "wayyur|iyirn",
    "year": "an|ans|annee|isggʷasn|annees|3am|3wam|a3wam|sna|snin|year|years|سنة|سنوات|سنين|عام|أعوام|عوام|اعوام|asgas|usgas|isgasn|asggas|asggwas|usggwas|isggwasn|"
    "asgwas|usgwas|isgwasn",
}

PAIR: "dict[str, str]" = {
    "minute": "d9i9tayn|d9i9tin|دقيقتين|دقيقتان",
    "hour": "sa3tayn|sa3tin|sa3tain|ساعتين|ساعتان",
    "day": "yumayn|yumin|youmain|youmayn|nharin|نهارين|يومين|يومان",
    "week": "simantayn|simantin|simantain|smantayn|smantin|osbou3ayn|أسبوعين|اسبوعين|أسبوعان|سيمانتين",
    "month": "chhrayn|chahrayn|chhrin|ch8rayn|شهرين|شهران",
    "year": "3amayn|3amin|سنتان|عامين|سنتين|عامان",
}

MINUTES: "dict[int, str]" = {
    30: "demi heure|demie heure|une demi heure|nss sa3a|nssa3a|ness sa3a|nus sa3a|nessa3a|wahd nss sa3a|half an hour|نصف ساعة|نص ساعة|نصساعة|واحد نص ساعة|"
    "azgn n tsragt|azgn n tsraght|azgen n tsaat|azgn n tsa3t",
    15: "quart d heure|un quart d heure|rb3 sa3a|rub3 sa3a|robo3 sa3a|ربع ساعة|rub3 n tsragt|rb3 n tsa3t",
    20: "tulut sa3a|tulut d sa3a|tolotsa3a|tolout sa3a|ثلث ساعة",
    45: "trois quarts d heure|sa3a lla rub|تلاتة ارباع ساعة",
    90: "sa3a w nss|sa3a w nus|ساعة ونص|ساعة ونصف|une heure et demie|ساعة و نص",
}

LENGTH: "dict[int, str]" = {15: "quinzaine|une quinzaine", 8: "huitaine|une huitaine"}
"""Days."""

FRACTION: "dict[int, str]" = {
    30: "demi|demie|nss|uzgn|uzgen|nus|nas|nusf|half|نص|نصف|azgn|azgen",
    15: "quart|rb3|rub3|rbu3|rubu3|ربع",
    20: "tulut|tulout|toulout|ثلث|تلت",
    5: "9sm|qsem|9sem|9ssm|قسم",
    10: "9smayn|qsmayn|9smin|قسماين|قسمين",
}
"""Minutes past the hour."""

LESS: "dict[int, str]" = {
    15: "moins le quart|إلا ربعا|الا ربعا|lla rub3|lla rb3|la rb3|ila rub|ila rb3|illa rb3|9al rb3|qll rub3|qll rb3|لا ربع|إلا رب|moins quart|larub|llarob|laroub|lla rub|la rob|ila rub3|9ll rub3|9l rb3|ghir rub3|ghir rb3|إلا ربع|الا ربع|إلا الربع|الا الربع|قل ربع|لاروب|غير ربع",
    20: "9ll toulout|9ll tulut|ghir tulut|إلا ثلث|الا ثلث|قل ثلث",
    5: "9ll 9sm|ghir 9sm|ghir qsem|قل قسم|غير قسم|الا خمسة|إلا خمس|الا خمس دقائق",
    10: "9ll 9smayn|ghir 9smayn|قل قسماين|غير قسمين|الا عشرة|إلا عشر دقائق",
    0: "moins|9ll|ghir|إلا|الا|غير|قل",
}
"""Minutes before the hour; 0 where the number comes after the word."""

MARK: "dict[str, str]" = {
    "next": "prochain|pro|lli d yuckan|lli d yuchkan|lli yuchkan|li d yuckan|lli yuckan|d itddun|lli d itddun|lli itddun|d ittddun|lli d yiwin|li ghadi yji|li ghadi tji|li ghadya|dakhl|dakhla|ddakhl|ddakhla|li dakhl|li dakhla|الداخل|الداخلة|داخلة|اللي داخلة|الموالي|الموالية|لي جاي|لي جاية|لي جايا|اللي جايا|المقبلين|القادمين|قادم|قادمة|مقبل|مقبلة|prochaine|prochains|prochaines|proch|suivant|suivante|qui vient|a venir|jay|jai|jaya|jaia|jja|jaiya|ljay|ljaya|majya|machya|ad yuckan|d yuckan|"
    "d yuchkan|dd yuckan|id yuckan|i d yuckan|yuckan|yuchkan|ad d yuckan|ur d yiwin|itddun|adytddun|next|coming|الجاي|الجاية|جاي|جاية|الماجي|الماجية|المقبل|المقبلة|"
    "القادم|القادمة|اللي جاي|اللي جاية|لجاي|لجاية|جايا|الجايا|li jay|li jaya|lli jay|lli jaya|ghadi yji|التالي|d ytddun",
    "this": "ce|cet|cette|had|hada|hadi|this|هاد|هذا|هذه|هدا|هادا|هادي|الحالي|en cours|ad",
    "last": "dernier|derniere|لي فات|لي فاتت|اللي داز|اللي دازت|لي داز|لي دازت|li fatet|li fatat|li fattt|li dazet|السابق|السابقة|الفارط|الفارطة|المنصرمة|الماضية|الفايتة|lli zrin|d izrin|derniers|passe|passee|li fat|lli fat|li fatt|lli fatt|li dazt|li daz|lfayt|lfayta|fayt|fayta|last|اللي فات|اللي فاتت|الماضي|الماضية|"
    "الفايت|الفايتة|المنصرم|izrin|yzrin|iezrin|ad yzrin|lli izrin|li izrin",
    "every": "chaque|tous les|tout les|toute les|toutes le|tous le|kkul|mkul|mkkul|toutes les|tt les|ttes les|kul|kula|kol|kulla|kolla|koul|kull|every|كل|كول|kud|kraygat|krayga|kraygatt|kra igat|ku|kuyan|kul yan|yal",
    "in": "dans|mn hna|من هنا|d ici a|mn daba l|mn daba b|in|من دابا|من دابا ب|zgh ghila s|au bout d|mn daba|3la|zg ghila",
    "within": "d ici|dici|خلال|من هنا ل|sous|9bl ma ydouzou|mn hna l|mn hna hta|mn daba hta|في ظرف|within|في غضون",
    "ago": "il y a|y a|قبل|من قبل|9bl|qbl",
    "since": "depuis|مند|mnd|cela fait|mn|munud|من|منذ|since|ca fait|sar li|sarli|hadi|هادي|صار لي|صارلي|zg|seg",
    "edge8": "n huit|en huit|f tmnya",
    "for": "pendant|durant|l mdat|mudat|mudat d|lmudda d|لمدة|مدة|for|pour|f mudat|twal",
    "after": "apres|b3d|ba3d|mn b3d|mn ba3d|mur|mura|mn mur|wra|بعد|من بعد|من ورا|مورا|ورا|after|dffir|dffir n|awrn|zg dffir",
    "before": "avant|9bl|qbl|9bl mn|قبل|قبل من|before|dat|zdat|jmu|9bl ma",
    "until": "jusqu a|jusqua|jusqu au|jusqu|htal|7tal|7ta l|hta l|hta|حتى|حتال|إلى|الى|until|till|ar|al",
    "from": "de|du|des|entre|mn|min|من|بين|ma bin|mabin|bin|from|between|zg|seg|gr|zgh|zi",
    "to": "a|au|s|l|hta|hta l|7tal|htal|et|w|o|u|wla|ل|حتى|الى|إلى|و|ar|d|to|till|and",
    "times": "fois|x|twalt|lmrat|lmarat|المرات|lmrrat|twalat|mra|mara|marat|mrat|mrrat|merrat|tkhtrat|khtrat|khatra|times|مرات|مرة|مرا|مرّات|خطرات|tikkal|tikklt|tiklt|tikal|twal|tikkelt|tikalt|tiklit",
    "twice": "mrtayn|mrtin|marratayn|مرتين|مرتان|twice|snat tikal|sint tikkal",
    "per": "par|f|fi|fl|kul|في|ف|كل|g|gh|dg|deg|i|per|a day|n|au|بال|dans la|dans le|la|le",
    "everyday": "quotidien|quotidiennement|chaque jour|tous les jours|ts ls jours|yawmiyan|yawmian|yumian|youmiyan|يوميا|يومياً|daily|every day|kulyum|kulnhar|kolnhar|كل يوم|كل نهار|kul nhar|kola nhar|kul yum|kraygat ass|kraygat as|ku as|ku ass|yal as|yal ass|kud ass|kul as|kulu ass",
    "everyweek": "hebdomadaire|usbu3iyan|أسبوعيا|اسبوعيا|weekly",
    "everymonth": "mensuel|mensuellement|شهريا|chahriyan|monthly",
    "alternate": "un jour sur deux|yan wass ih yan wass uhu|yan was ih yan uhu|nhar ah nhar la|nhar iyh nhar la|nhar eh nhar la|nhar eh w nhar la|nhar iwa nhar la|نهار إيه نهار لا|نهار إيه ونهار لا|نهار آه نهار لا|يوم نعم يوم لا|يوما بعد يوم|nhar b nhar la|ass ih ass uhu|nhar w nhar la|nhar ah w nhar la|nhar iyeh w nhar la|نهار و نهار لا|نهار اه نهار لا|يوم بعد يوم|يوم ويوم لا|نهار ونهار لا|un jour sur 2",
    "clock": "ssa3a|ssa3t|tasa3t|sa3a|lsa3a|الساعة|الساعه|ساعة|tasragt|tasraght|tsragt|tsraght|tsa3t|tassa3t|o clock|l m3a|lw9t",
    "at": "a|à|vers|m3a|ma3|mea|مع|عند|في|ف|f|fi|fl|3la|على|at|around|g|gh|i|ar|deg|dg|n|pour|pr|des|tis|wis|l",
    "noun": "nhar|jour|le jour|yum|yawm|youm|ass|ass n|wass|wass n|يوم|نهار|ال|day|f nhar",
    "point": "virgule|fasila|fassila|point|فاصلة|فاصل",
    "and": "et|w|o|u|ou|و|d|ed|and",
    "out": "sur|3la|على",
    "greeting": "sbah lkhir|sbah l khir|msa l khir|msa l khair|msa lkhair|sbah lkhair|sba7 lkher|sbah nur|msa lkhir|msa nur|masa lkhir|masa2 lkhir|صباح الخير|صباح النور|مساء الخير|مساء النور|tifawt igrzn|tadggwat igrzn|bon matin|صباح الفل",
    "onward": "a partir de|a partir du|a partir|a compter de|a compter du|ابتداء من|ابتداءا من|انطلاقا من|اعتبارا من|bda mn|ibda mn|بدا من",
    "daytime": "d nhar|dyal nhar|dial nhar|ديال النهار|د النهار|دالنهار",
    "move": "decaler|decale|reporter|repousser|deplacer|avancer|changer|modifier|bdl|bdlo|bdlu|nbdl|tbdl|bedlo|nbedlo|بدل|بدلو|نبدل|نبدلو|تبدل|تأجيل|تاجيل|تغيير|نقل|تقديم|nakhr|akhr|snfl|sbdl",
    "visit": "rdv|rendez vous|rendezvous|randivou|rondivou|maw3id|maw3d|mou3id|mw3id|lmaw3id|موعد|الموعد|موعدي|رونديفو|رنديفو|asihar|lmi3ad|date|visite|consultation",
    "filler": "chi|شي|courant|inchallah|incha allah|nchallah|inchaallah|in cha allah|ان شاء الله|إن شاء الله|3afak|عافاك|svp|si possible|n debut d|debut d|n fin d|f|fi|fl|d|du|de|des|l|la|le|les|dial|dyal|dyalt|على|من|في|ف|د|ديال|ل|مع|mn|m3a|a|à|au|g|gh|n|deg|dg|s|i|of|on|at|the|in|w|vers|pour|ar|nhar|jour|b|ب|عند|"
    "dans|sur|fach|ghi|و|ssa3a|الساعة",
    "weekend": "fin de semaine|week end|weekend|wikand|wikend|weekand|نهاية الأسبوع|نهاية الاسبوع|ويكاند|الويكاند|tigira n imalas|tigra n imalass",
    "start": "debut|lwl|luwl|اللول|لول|awl|au debut|bdayt|bdya|lwl d|بداية|أول|اول|début|start of|tazwart",
    "middle": "mi|milieu|wst|nss|wsst|وسط|منتصف|نص|middle",
    "end": "fin|la fin|akhir|lkhr d|akher|آخر|اخر|نهاية|أواخر|end of|tigira|tigra",
    "now": "maintenant|tout de suite|daba|drok|druk|now|دابا|الآن|حالا|ghila|ghilad|dghi|daba daba|immediatement",
    "first": "premier|1er|اللول|لول|awal|awel|awl|lwl|luwl|أول|فاتح|اول|فاتح من|amzwaru|tis yan|wis yan",
    "ask": "l3id|l3id lkbir|l3id sghir|l aid|aid el kebir|aid el adha|aid el fitr|aid el kbir|aid adha|aid al adha|aid al fitr|الحج|العيد|عيد الفطر|عيد الأضحى|rmdan|ramdan|ramadan|ramadhan|رمضان|l3utla|3utla|otla|العطلة|عطلة|vacances|les vacances|"
    "conges|conge|l3rs|العرس|mulid|lmulud|mouloud|المولد|l3ashura|achoura|عاشوراء|lhsad|shubbak|lmussm|lmoussem|الموسم|rmdan jay|ussan n l3id|lbac|examens|imtihanat|الامتحانات|"
    "les fetes|la fete|kays n l3id|tafaska|tfaska|lfaska|rrmdan",
    "vague": "je sais pas|je ne sais pas|aucune idee|لا أعرف|لا أدري|ma3rftch|ma3rfch|ma 3rftch|ma3rft|ur sing|ur sinɣ|فاش نسالي|fach nsali|fach nkun msali|"
    "من بعد ونقول ليك|mn b3d|men ba3d|mnb3d|من بعد|مرة اخرى|مرة أخرى|later|bientot|قريبا|qrib|yan wass|dffir s|ghir f lqrib|quand je peux|mli nkun msali|"
    "ila bgha lah|nchuf|ما عرفتش|pas encore|tizi yadni",
    "anytime": "plus tard|أي يوم|اي يوم|أي وقت|اي وقت|اي نهار|أي نهار|ay nhar|ay wa9t|ay yum|wa9tach ma bghiti|wa9t ma bghiti|وقتاش ما بغيتي|وقت ما بغيتي|f lw9t li ghadi|f lwkt li ghadi|f lw9t li jay|في الوقت القادم|des que possible|le plus tot possible|au plus vite|a9rab w9t|a9rb w9t|a9rab wa9t|a9rb wa9t|akrab wa9t|أقرب وقت|أقرب موعد|شي وقت|"
    "chi w9t|chi wqt|chi wa9t|une autre fois|un autre jour|un autre moment|la prochaine fois|لاحقا|فيما بعد|another time|nhar akhur|yum akhur|نهار اخر|يوم آخر|wa9t akhur|wqt akhur|وقت آخر|f ay wqt|"
    "n importe quand|n importe quel jour|quand vous voulez|ass yadn|ass yadni|chi nhar|شي نهار|un de ces jours",
}

EXACT: "dict[str, tuple[str, ...]]" = {
    "hir": ("hier",),
    "jun": ("june",),
    "ku": ("ku", "kou", "ⴽⵓ"),
    "j": ("j",),
    "kul": ("kul", "koul", "kol", "koll", "koull", "kull", "kolle", "ⴽⵓⵍ", "ⴽⵓⵍⵍ"),
    "سبت": ("سبت",),
    "fait": ("fayt",),
    "main": ("2main",),
    "ut": ("out", "aout"),
    "duz": ("douze",),
    "mat": ("mat",),
}
"""Spellings that stand for a word only as written: `hir` is Darija for only, `hier` French for yesterday."""
