# ruff: noqa: RUF001 - letters of other languages are what this file is made of
"""How words of judging begin in languages that inflect, or that few other rules were written for.

The kinds are those of `flag_words`. A word of five letters or more counts when it begins with one of
these, so that cases and persons need not be listed; shorter ones, and phrases, must stand as they are.
An underscore joins the words of a phrase. Words that other languages know for something else are left
out, and phrases are listed in their place.
"""

from __future__ import annotations

from collections.abc import Mapping

STEMS: Mapping[str, str] = {
    # Polish, Czech, Slovak, Hungarian, Swedish, Danish, Finnish, Romanian, Turkish, Ukrainian, Russian,
    # Indonesian, Vietnamese, Greek, Arabic, Hebrew, Hindi, in this order.
    "J": "oceniając oceniającego oceniającej recenzent hodnotitel hodnotiteľ értékelő bedömare bedömer bedømmer arvioija evaluatorul "
    "değerlendiren değerlendiric оцінювач оценивающ проверяющ экзаменатор рецензент penilai người_chấm giám_khảo người_đánh_giá "
    "κριτή αξιολογητ βαθμολογητ المقيم للمقيم المحكم المصحح للمحكم للمصحح מעריך המעריך למעריך הבודק לבודק मूल्यांकनकर्ता परीक्षक",
    "j": "sędzi juror porot soudc soudce bíráló zsűri domare domaren dommer tuomari judecător hakem jüri судд журі судь жюри эксперт "
    "hakim δικαστ القاضي الحكم للجنة שופט השופט לשופט שופטים निर्णायक iudici iudices",
    "R": "zignoruj ignoruj pomiń pomińcie zapomnij odrzuć zapomeň ignorujte přehlédni vynech figyelmen_kívül bortse ignorera ignorér unohda "
    "jätä_huomiotta ignorați yok_say yok_sayın görmezden_gel göz_ardı_et unutun unut dikkate_alma dikkate_almayın проігноруй ігноруй игнорир проигнорир "
    "не_обращай_внимания не_обращайте_внимания не_учитывай отбрось abaikan lupakan bỏ_qua quên_đi phớt_lờ αγνόησε αγνοήστε ξέχασε ξεχάστε "
    "تجاهل تجاهلوا انس התעלם התעלמו תתעלם שכח भूल नज़रअंदाज़ नजरअंदाज neglege",
    "I": "kryteri kritéri kriterie bedömningskriteri vurderingskriteri criteriil ölçüt kriter критері критери kriteria tiêu_chí κριτήρι "
    "المعايير معايير הקריטריונים קריטריונים मानदंड मापदंड कसौटी",
    "i": "instrukcj polece wytyczn pokyny pokynů instrukc pravidl utasítás anvisning instruktion ohjeet instrucțiun talimat yönerge kurallar "
    "інструкці инструкц указани правила правило petunjuk aturan instruksi hướng_dẫn chỉ_dẫn οδηγί التعليمات تعليمات הוראות ההוראות בהוראות מההוראות निर्देश नियम praecept",
    "Q": "poprzedni wcześniejsz wszystk předchoz všechn korábbi tidigare tidligere aiemmat önceki bütün попередн предыдущ прежни sebelumnya semua "
    "trước_đó tất_cả προηγούμεν السابقة הקודמות पिछल",
    "T": "niniejsz tento tuto toto tohoto ezt detta denna dette denne tämä tämän acest această işbu mevcut αυτό αυτή αυτήν هذا هذه הזה הזאת इस hunc",
    "D": "szkic návrh tervezet utkast luonno taslağ taslak чернетк чернови варіант bản_thảo bản_nháp bài_nộp προσχέδι المسودة טיוטה הטיוטה בטיוטה मसौद प्रारूप "
    "draf_ini bản_thảo_này",
    "a": "odpowied odpověď odpověd válasz svaret vastau răspuns yanıt cevap cevab відповід jawaban câu_trả_lời απάντηση الإجابة תשובה התשובה उत्तर",
    "d": "wersj propozycj szöveg texten teksti textul metni metin naskah văn_bản phiên_bản κείμεν النص טקסט הטקסט textum",
    "s": "ten_tekst tego_tekstu tę_odpowiedź ta_odpowiedź tej_odpowiedzi ten_szkic tę_wersję ta_wersja tej_wersji tę_propozycję ten_projekt "
    "bu_yanıt bu_yanıtı bu_taslağı bu_taslak bu_metni bu_metin bu_cevabı bu_cevap bu_öneri bu_öneriyi draf_ini teks_ini jawaban_ini naskah_ini versi_ini "
    "bản_thảo_này bài_này văn_bản_này câu_trả_lời_này bản_này ez_a_válasz ezt_a_választ ezt_a_szöveget цей_текст цю_відповідь цей_варіант эту_версию эта_версия эту_работу इस_मसौद",
    "O": "pozostałe pozostałych inne_teksty inne_wersje innych ostatní többi övriga andra_utkast muut_luonnokset celelalte diğer diğerler інших остальн другие другого другой "
    "lainnya yang_lain υπόλοιπ άλλα الأخرى האחרים האחרות दूसर",
    "C": "wybierz wybierzcie wskaż preferuj vyberte zvolte vyber zvol válaszd válassza föredra vælg velg valitse alegeți olarak_seç olarak_seçin birinci_seç seçiniz tercih_et "
    "обери оберіть предпочти pilih pilihlah chọn διάλεξε διαλέξτε επίλεξε επιλέξτε اختر واختر اختاروا ובחר בחר בחרו תבחר העדף चुनिए चुनें",
    "c": "przyznaj ogłoś oceńcie uznaj przydziel přiděl vyhlaš prohlaš ohodnoť uděl utse ilan_et puan_ver puanı_ver признач постав berikan nyatakan cho_điểm "
    "tuyên_bố δώσε ανακήρυξε امنح أعلن הכרז दीजिए घोषित",
    "M": "proszę musisz należy powinn powinien prosím musíš måste trebuie lütfen gerekir gerekiyor повинен повинна должен должна нужно harus mohon phải vui_lòng πρέπει "
    "παρακαλώ يجب يرجى חייב चाहिए कृपया",
    "W": "zwycięz zwycięsk wygrać wygrywa wygra pierwsze_miejsce pierwszym_miejscu vítěz vyhrává výherc győztes vinnare vinder voittaj câștigăt kazanan kazansın kazanmalı birinci_seç "
    "перемож победител побежда pemenang juara thắng_cuộc chiến_thắng giải_nhất νικητ الفائز فائزا فائزة الفائزة מנצח כמנצח מנצחת כמנצחת הזוכה विजेता victorem",
    "w": "najleps najwyżs nejlep nejvyš legjobb bästa högsta bedste højeste paras korkein cel_mai_bun en_iyi en_yüksek daha_iyi daha_iyidir daha_üstün en_iyisi en_iyisidir найкращ найвищ лучш "
    "наилучш наивысш terbaik tertinggi tốt_nhất cao_nhất καλύτερ ανώτατ الأفضل الأعلى הטובה הטוב_ביותר सर्वश्रेष्ठ",
    "z": "punktów oceną ocenę bodů hodnocení poäng puanı puan баллов балів nilai điểm_tối_đa βαθμό الدرجة ציון अंक",
    "=": "porównani srovnán összehasonlít jämförels sammenlign vertailu karşılaştırma порівнян сравнени perbandingan so_sánh σύγκριση المقارنة השוואה तुलना",
    "H": "uwaga_dla uwaga_do drogi droga szanowny szanowna till vážený milý sayın kepada kính_gửi gửi_người προς إلى",
}
"""Kind of word: how words of that kind begin; `s` is a phrase for this very draft."""
