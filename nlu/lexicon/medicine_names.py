"""Names of medicines as people in Morocco write them, written for Sahti: substances, and brands where the brand is the usual word.

A name here is only recognised as a medicine; the text of the writer is kept as it is and nothing follows from it by itself.
"""

NAMES = (
    "paracetamol|paracétamol|doliprane|dolipran|efferalgan|dafalgan|panadol|aspirine|aspegic|aspirin|kardegic|ibuprofene|ibuprofène|advil|brufen|voltarene|diclofenac|ketoprofene|"
    "profenid|tramadol|codeine|codoliprane|spasfon|buscopan|amoxicilline|amoxil|clamoxyl|augmentin|azithromycine|zithromax|ciprofloxacine|metronidazole|flagyl|"
    "ceftriaxone|cefixime|oroken|penicilline|extencilline|doxycycline|bactrim|cotrimoxazole|antibiotique|antibiotiques|metformine|metformin|glucophage|"
    "gliclazide|diamicron|glimepiride|amarel|daonil|glibenclamide|insuline|insulin|lantus|novorapid|mixtard|humalog|actrapid|amlodipine|amlor|captopril|ramipril|perindopril|coversyl|"
    "losartan|valsartan|irbesartan|furosemide|lasilix|hydrochlorothiazide|aldactone|spironolactone|bisoprolol|atenolol|propranolol|avlocardyl|digoxine|"
    "sintrom|acenocoumarol|heparine|lovenox|plavix|clopidogrel|atorvastatine|tahor|simvastatine|rosuvastatine|crestor|levothyrox|levothyroxine|"
    "omeprazole|oméprazole|mopral|inexium|esomeprazole|pantoprazole|gaviscon|motilium|primperan|smecta|imodium|ventoline|salbutamol|symbicort|seretide|becotide|flixotide|prednisolone|"
    "prednisone|solupred|cortancyl|cortisone|celestene|betamethasone|zyrtec|cetirizine|aerius|loratadine|desloratadine|rhinathiol|toplexil|"
    "tardyferon|tardyferon b9|fumafer|acide folique|speciafoldine|uvedose|vitamine d|vitamine c|vitamine b12|magnesium|magne b6|microgynon|microval|diane 35|minidril|norlevo|"
    "depakine|tegretol|valproate|carbamazepine|rivotril|valium|diazepam|xanax|lexomil|temesta|haldol|zoloft|prozac|seroplex|laroxyl|levodopa|"
    "rifampicine|isoniazide|pyrazinamide|ethambutol|rimactane|colchicine|allopurinol|zyloric|tamoxifene|methotrexate|plaquenil|betadine|biafine|fucidine|"
    "دوليبران|باراسيتامول|براسيتامول|أسبرين|اسبيرين|أسبيجيك|إيبوبروفين|ايبوبروفين|فولتارين|أموكسيسيلين|اموكسيسيلين|أوكمنتين|اوكمونتان|مضاد حيوي|مضادات حيوية|أنتيبيوتيك|انتيبيوتيك|"
    "ميتفورمين|كلوكوفاج|گلوكوفاج|غلوكوفاج|دياميكرون|أنسولين|انسولين|الأنسولين|لانسولين|أملوديبين|املور|كابتوبريل|لاسيليكس|ليفوتيروكس|أوميبرازول|فنتولين|فانتولين|كورتيزون|"
    "الكورتيكويد|طارديفيرون|حمض الفوليك|فيتامين د|فيتامين سي|ديباكين|سنتروم|سنطروم|لانتوس|لوفينوكس|antibiotic|antibiyotik|ansoline|lansoline|ansulin|ansolin|lansolin|fontoline|"
    "ventolin|dolipran|parasitamol|paracitamol|lantibiotik|ⴷⵓⵍⵉⴱⵔⴰⵏ|ⴰⵏⵙⵓⵍⵉⵏ"
)
