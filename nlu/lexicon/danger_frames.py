"""What stands around a danger sign and takes its urgency: jokes, bookings, general questions, the past, a good end.

Entries are written as in `danger_words`; single words match by their letters only. review: needed for the Tamazight.
"""

JOKE = (
    "mdr|mdrr|lol|lool|ptdr|haha|hahaha|hahahaha|hh|hhh|hhhh|hhhhh|jk|blague|je plaisante|je rigole|je deconne|kanmzah|kandhak|"
    "kandhek|ghir kandhak|ghi kandhak|ghir nokta|كنضحك|غير كنضحك|كنمزح|أمزح|هههه|ههه|ههههه|هه|نكتة|امزح|de rire|mn d7k|mn dhek|b d7k|b dhek|"
    "بالضحك|من الضحك|tadsa|s tadsa|ar dssagh"
)
BOOKING = (
    "rdv|rendez vous|rendezvous|rendez-vous|consultation|maw3id|lmaw3id|mou3id|ranidvou|randivou|rondivou|موعد|الموعد|موعدا|حجز|احجز|نحجز|"
    "reserver|radio|echographie|irm|scanner|analyse|analyses|bilan|controle|pansement|ordonnance|vaccin|tahlil|t7lil|t7alil|تحليل|تحاليل|"
    "asiggez|asatal|تلقيح"
)
WHY = (
    "pourquoi|combien|est il|est elle|faut il|peut on|doit on|quelle difference|ou acheter|ou trouver|comment se transmet|comment faire pour|combien de temps|a quelle temperature|"
    "wach kaytdawa|wach kayt dawa|واش كيتداوى|واش كيتداوا|كيتداوى|قاتلة|قاتل|هل لدغة|ما اسباب|ما هي اسباب|شنو كيدير|ما سبب|باش ما يجيهش|شحال كتبقى|chno kaydiro|chno kadiro|chno howa|chno huwa|chnou huwa|a partir de|a quel age|quel mois|a quel mois|en cas de|quels gestes|quel geste|quels sont|quelle est|quelles sont|"
    "est ce que l|est ce que la|est ce que les|se soigne|se guerit|c est dangereux|est dangereux|dangereux ou pas|est contagieux|"
    "c est normal|est ce normal|normal ou pas|comment proteger|comment ranger|comment soigner|comment traiter|comment on soigne|que faire en cas|"
    "que faire quand|que faut il faire|il faut faire quoi|quoi faire en cas|conseil|conseils|prevention|affiche|formation|cours de|secourisme|premiers secours|"
    "3lach|3lah|wach kaydir|wach kat dir|imta|fo9ach|fou9ach|waqtach|ch7al|kifach n7mi|kifach nt3amel|kifach kaydawiw|kifach ndawi|"
    "chno ndir ila|chno n3mel ila|"
    "علاش|علاه|فوقاش|إمتى|امتى|شحال|كيفاش نتعامل|كيفاش نداوي|كيفاش نحمي|كيفاش كيداويو|لماذا|متى|كم|كيف احمي|كيف نحمي|كيف نقي|كيف اقي|كيف نقي|كيفاش نقي|kifach n9i|kifach nwe9i|kifach n7afed|كيف اتعامل|كيف نتعامل|كيف اسعف|كيف نعالج|"
    "الاسعافات الاولية|ما الفرق|هل الحمى|هل يمكن علاج|هل هو خطير|هل هذا خطير|هل يعالج|wach khatar|wach khatir|واش خطير|واش خطر|واش كيتعالج|واش كيدير|"
    "mamk|mamnk|manik|max|maxf|mayimi|melmi|managu|mennaw|is iga"
)
PREVENT = "kifach n7mi|kifach n9i|kifach n7afed|kifach nwe9i|كيفاش نحمي|كيفاش نقي|كيف نحمي|كيف احمي|كيف نقي|كيف اقي|comment proteger|comment eviter|comment empecher"

PAST = (
    "l hiver dernier|l ete dernier|hiver dernier|ete dernier|printemps dernier|automne dernier|le mois passe|l autre annee|ssif li fat|sif li fat|chta li fatet|الصيف اللي فات|الصيف لي فات|الصيف الماضي|الشتاء الماضي|quand il avait|quand j avais|quand elle avait|f 20*|fi 20*|f 19*|en 19*|سنة 20*|عام 20*|في 20*|في سنة|في الماضي|sabi9an|سابقا|zikk|zik zik|dans le passe|l an passe|annee passee|"
    "brule petit|brulee petite|etait petit|etait petite|j etais petit|j etais petite|etait bebe|etais enfant|etait enfant|mlli kan sghir|melli kan sghir|"
    "mlli kont sghira|kan sghir|kant sghira|w howa sghir|و هو صغير|وهو صغير|و هي صغيرة|ملي كان صغير|في صغري|في صغره|l3am li daz|l3am lli daz|العام لي داز|العام اللي داز|"
    "3am li fat|3amnawel|3am nawel|عام الاول|asggʷas lli|asggwas lli|ⴰⵙⴳⴳⵯⴰⵙ ⵉⵣⵔⵉⵏ|isggʷasn|il y a des annees|il y a plusieurs annees|il y a 4 ans|il y a 6 ans|il y a 7 ans|il y a 20 ans"
)
OVER = (
    "depuis plus rien|plus rien depuis|plus jamais depuis|plus eu depuis|cicatrice|cicatrices|traite|soigne|opere|operee|retabli|retablie|remis|remise|tout va bien|"
    "va tres bien|est en forme|dawit|dawina|داويت|tchafa|tchafat|tchafit|تشافى|تشافا|تشافات|تشافيت|المتابعة|للمتابعة|للمراقبة|موعد المراقبة|lmoraqaba|lmora9aba|"
    "تعافى|وهو بخير|وهي بخير|w howa labas|w hiya labas|labas 3lih|labas 3liha|لاباس عليه|لاباس عليها|daba bikhir|daba hani|rah bikhir|رجع مزيان|rje3 mzyan|rj3at mzyana|"
    "ijji|tjji|jjigh|labas fllas|labas flas|ghilad labas|ɣilad labas|ɣilad ijji"
)
LIGHTLY = "leger|legere|un peu|legerement|petit peu|petite douleur|chwiya|chwia|chwya|شوية|شويا|قليلا|خفيف|خفيفة|imik|imikk|cwi|drus"

WAS = (
    "kan|kant|kanet|kanat|kano|kanou|kont|kount|كان|كانت|كانو|كنت|كنا|avait|avais|etait|etais|ikka|tkka|ttugh|ttuɣ|tuɣ"
)
"""The imperfect: what follows closely was once."""

EXCUSES = (
    "bhal ila|b7al ila|bhal ila kan|بحال الا|بحال إلا|zund igh|zund iɣ|comme si|va me tuer si|va me tuer quand|me tue avec ses|me tuent avec|se tue au travail|me tue au travail|tue le temps|mort de faim|morte de faim|mort de peur|mort de froid|"
    "crise cardiaque avec|donne une crise cardiaque|brise le coeur|le coeur brise|coup de foudre|a coeur ouvert|par coeur|coup de soleil|acide folique|"
    "wafe9|wafa9|mwafe9|wafe9t|kanwafe9|وافق|موافق|نوافق|كنوافق|اوافق|وافقت|polio|شلل الاطفال|الشلل كيتعطاو|القطرات ديال الشلل|chalal l2atfal|"
    "9telni jou3|9tlni jou3|قتلني الجوع|قتلاتني الخدمة|الخدمة قتلاتني|9tlatni lkhdma|lkhdma 9tlatni|kanmout 3la|mout 3la|kanmout f|كنموت على|كنموت ف|اموت حبا|"
    "immut lazz|immut laẓ|immut laz|ingha yi laz|inɣa yi laẓ|lm9abla|brulure du soleil|au bord de la mer"
)
"""Turns of phrase whose words are no signs."""

SUFFERS = "3ani|اعاني|يعاني|تعاني|نعاني|اشكو|يشكو|تشكو|لدي|لديه|لديها|عندي|عندو|عندها|souffre|souffrons|ɣuri|ghuri|ghori|ɣurs|dari|dars"
"""After a negator these hand it on to what is named next ("I do not suffer from any pain")."""
