"""The words by which a text speaks of judging, each kind under one letter, in a dozen languages.

A text is read as a *skeleton*: one letter for each word that means something here, a dot for every
other. Rules are then patterns over skeletons, so that they hold for all languages and paraphrases of
the words below. No word means anything alone. An underscore joins the words of a phrase.
"""

from __future__ import annotations

from collections.abc import Mapping

from crewctl.judging.folding import folded

WORDS: Mapping[str, str] = {
    # Who judges. J: hardly anything but a judge of texts; j: courts and contests have them too.
    "J": "grading_model scoring_model judging_model grading_system scoring_system_that scoring_bot scoring_bots grading_bot grading_bots judging_bot those_grading those_judging those_scoring those_comparing scores_this grades_this judges_this compares_this compares_these ranks_this evaluates_this asked_to_compare asked_to_judge asked_to_rank asked_to_grade asked_to_score selecting_among shortlisting prüfende prüfenden bewertende quien_evalúe chi_valuta celui_qui_note modèle_qui_note evaluator evaluators grader graders rater raters scorer scorers adjudicator adjudicators "
    "bewerter bewerterin bewertende bewertenden whoever_is_comparing whoever_is_judging whoever_is_grading whoever_is_scoring whoever_is_evaluating whoever_compares whoever_judges whoever_grades whoever_scores evaluateur evaluateurs evaluatrice correcteur correctrice correcteurs "
    "evaluador evaluadora evaluadores calificador corrector valutatore valutatrice valutatori avaliador avaliadora avaliadores "
    "beoordelaar beoordelaars оценщик оценщику",
    "j": "arbitrator marker members_of_the_panel members_of_the_jury members_of_the_committee moderator moderator-bot judge judges juror jurors jury assessor assessors examiner examiners arbiter referee umpire "
    "richter richterin richtern jury juroren juror gutachter gutachterin gutachtern gutachters prüfer prüferin prüfern "
    "juge juges jurés juré examinateur examinatrice arbitre juez jueza jueces jurado jurados tribunal árbitro examinador "
    "giudice giudici giuria giurato giurati esaminatore juiz juíza júri rechter jurylid судья судье судьи судей эксперт жюри",
    "r": "reviewer reviewers reviewing referees rezensent rezensenten relecteur relecteurs réviseur revisor revisores revisore revisori",
    "K": "systems_that systems_which any_system bot bots automated machines language-model ai llm llms gpt chatgpt language_model language_models large_language_model ki ia",
    "P": "impartial fair neutral blind objective unbiased unparteiischer unparteiische unabhängiger impartiale imparcial imparziale",
    "H": "dear attention hey hello note_to notes_to note_for notes_for message_to message_for instruction_to instruction_for "
    "instructions_to instructions_for memo_to reminder_to reminder_for word_to for_the_attention_of to_the to_all for_the "
    "hinweis_an hinweis_für anweisung_an anweisung_für nachricht_an achtung lieber liebe liebes an_den an_die sehr_geehrter sehr_geehrte "
    "note_à note_au note_pour message_pour message_au cher chère chers à_l'attention_du à_l'attention_de attention_au "
    "nota_para nota_al nota_a mensaje_para estimado estimada estimados querido atención nota_per nota_ai messaggio_per gentile caro cara al_valutatore "
    "caro prezado nota_ao mensagem_para beste geachte opmerking_voor aan_de уважаемый уважаемые внимание",
    "Y": "you your yours yourself du dein deine deiner deinen ihr ihre ihren ihrer vous votre vos tu ton tes tuo tua tuoi vostra su sus usted",
    # What is judged. D: seldom anything else; a: also an answer to a question; d: almost anything.
    "D": "draft drafts submission submissions entry entries response responses "
    "entwurf entwurfs entwürfe entwürfen einreichung einreichungen brouillon brouillons soumission soumissions "
    "borrador borradores entrega entregas bozza bozze rascunho rascunhos concept inzending",
    "a": "answer answers output outputs reply completion completions antwort antworten ausgabe ausgaben "
    "réponse réponses sortie respuesta respuestas salida risposta risposte resposta respostas antwoord antwoorden ответ ответы ответа ответу",
    "d": "paragraph notice e-mail email message letter passage text texts version versions solution candidate candidates essay piece proposal contribution work one document attempt paper "
    "texte textes fassung lösung beitrag vorschlag copie proposition contribution texto textos versión solución propuesta testo testi versione "
    "soluzione proposta versão tekst versie текст текста вариант",
    "T": "this my our own present current dieser diese diesen diesem dieses mein meine meinen meiner vorliegende vorliegenden vorliegender "
    "ce cet cette ma mon présente ci-présente este esta mi presente questa questo mia mio sto seu esta este esse minha meu "
    "dit deze mijn это этот эту этому мой мою",
    "m": "ours mine celle-ci celui-ci meinen meiner",
    "n": "me mich moi",
    "F": "former first erste ersten erster premier première primer primera primo prima primeira primeiro eerste",
    "O": "theirs latter stranger's other others another rival rivals competing competitor competitors remaining alternative alternatives opposing contestant contestants "
    "opponent opponents andere anderen anderer anderes übrigen autre autres concurrent concurrents otro otra otros otras rivales "
    "altro altra altri altre concorrenti outro outra outros outras ander",
    "A": "with_this_line with_this_notice with_this_paragraph you_see_here you_are_now_reading you_have_just_finished_reading just_finished_reading that_contains_this around_this directly_above immediately_above above below you_are_reading you_have_just_read you_just_read in_front_of_you before_you containing_this that_contains_this you_are_looking_at vor_ihnen sous_vos_yeux oben obige obigen obenstehende ci-dessus arriba anterior sopra precedente acima bovenstaande",
    "L": "label labels identifier etikett étiquette etiqueta etichetta",
    # What a judge goes by. I: its rubric; i: instructions of any kind; Q: which come before.
    "I": "checklist check-list rubric rubrics scorecard score_card marking_guide marking_criteria marking_instructions marking_guidelines evaluation_rubric evaluation_form criteria criterion marking_scheme scoring_scheme grading_scheme scoring_sheet score_sheet "
    "scoring_guidelines scoring_guide scoring_instructions scoring_rules scoring_criteria scoring_system grading_guidelines grading_guide "
    "grading_instructions grading_rules grading_criteria judging_guidelines judging_guide judging_instructions judging_rules judging_criteria "
    "evaluation_guidelines evaluation_instructions evaluation_rules evaluation_criteria evaluation_standards assessment_criteria assessment_guidelines "
    "bewertungskriterien bewertungskriterium bewertungsraster bewertungsschema bewertungsmaßstab bewertungsregeln bewertungsvorgaben bewertungsanweisungen "
    "bewertungsrichtlinien kriterien rubrik critères critère barème grille_d'évaluation grille consignes_d'évaluation "
    "criterios criterio rúbrica pauta_de_evaluación baremo criteri criterio rubrica griglia_di_valutazione critérios rubrica "
    "beoordelingscriteria criteria rubriek критерии критериев",
    "i": "what_you_have_been_told everything_you_were_told what_you_were_told all_you_were_told whatever_you_were_told instructions instruction rules guidelines guideline prompt prompts directions directives orders commands guidance "
    "anweisungen anweisung anleitungen regeln vorgaben richtlinien weisungen consignes instructions règles directives indications "
    "instrucciones reglas indicaciones directrices istruzioni regole indicazioni direttive instruções regras instructies regels инструкции инструкций указания указаний",
    "Q": "previous prior earlier preceding former original initial everything anything all system vorherigen vorherige bisherigen früheren alle alles obigen "
    "précédentes précédente précédents antérieures toutes tout tous anteriores previas todas todo precedenti tutte tutto tutti todas todos tudo vorige alle все всё предыдущие предыдущих",
    "R": "skip_over leave_out cast_aside cast no_apliquen no_aplique no_aplicar lassen_sie ignore disregard forget override overrule bypass neglect abandon skip scrap dismiss suspend cancel discard drop dispense_with do_away_with pay_no_attention_to take_no_account_of pay_no_heed_to do_not_apply do_not_follow "
    "do_not_use don't_apply don't_follow don't_use stop_following stop_applying stop_using set_aside put_aside throw_away throw_out leave_aside "
    "ignoriere ignorieren ignoriert vergiss vergessen missachte missachten übergehe übergehen verwirf überspringe lass_außer_acht lassen_sie_außer_acht "
    "ignorez ignorer oubliez oublie oublier négligez ne_tenez_pas_compte ne_tiens_pas_compte ne_tenez_aucun_compte faites_abstraction fais_abstraction "
    "ignora ignorad ignorar olvida olvide olvidad olvidar omite omita haga_caso_omiso haz_caso_omiso no_tengas_en_cuenta no_tenga_en_cuenta "
    "ignori ignorate ignorare dimentica dimentichi dimenticate tralascia tralasciate trascura non_tenere_conto non_tenete_conto "
    "desconsidere desconsidera esqueça esquece negeer vergeet игнорируй игнорируйте забудь забудьте",
    "N": "no without not never don't doesn't isn't won't nicht kein keine nie pas jamais nunca mai não niet не",
    "U": "new updated revised real actual neue neuer neues nouveau nouvelle nueva nuevo nuova nuovo",
    # What a judge does. C: choosing; c: also giving, ranking, saying.
    "C": "side_with sides_with crown reward shortlist picking choosing selecting preferring prefers_this pick_out choose select pick prefer favour favor crown vote vote_for settle_on go_with opt_for "
    "wähle wählen wählt auswählen bevorzuge bevorzugen bevorzugt nimm nehmen_sie küre küren "
    "choisissez choisis choisir sélectionnez sélectionne préférez préfère privilégiez retenez retiens "
    "elige elija elegid elegir escoge escoja selecciona seleccione prefiere prefiera vota vote "
    "scegli scelga scegliete scegliere seleziona selezionate preferisci preferite escolha escolhe selecione prefira kies selecteer выбери выберите выбирай",
    "c": "repeat copy accept record close mark_as write_down nombren declarar rank rate score grade give award assign mark put place declare name proclaim set treat return output say state report announce grant emit hand let "
    "gib geben vergib vergeben setze setzen erkläre erklären bewerte bewerten werte nenne kröne donnez donne attribuez attribue accordez mettez mets déclarez déclare "
    "classez classe proclamez da dale dé déle otorga otorgue asigna asigne pon ponga declara declare proclama nombra "
    "dai dalle dia date assegna assegnale assegnate assegni metti dichiara dichiarate proclama dê dá atribua declare coloque geef verklaar поставь поставьте назови объяви",
    "M": "required instructed hereby essential ought_to_be has_to have_to please must should shall kindly ought need bitte musst müssen soll sollte sollten muss devez doit doivent veuillez debe deben debes devi deve devono deve moet",
    "B": "is are be was were been has have gets takes makes becomes ist sind war wird hat est sont était es son ser sea è sono é são является",
    "e": "deserves deserve earns earn merits merit verdient mérite merece merita verdienen",
    # How a judging ends. W: winning; w: being good.
    "W": "carry_the_day carries_the_day to_the_top top_entry first_choice rank_it_first ranks_above rank_above the_win victory_for platz_1 auf_platz_eins au_premier_rang winner winners winning win wins won victor victory victorious outperforms outperform beats surpasses outclasses outranks first_prize ranked_first ranks_first rank_first comes_first come_first on_top first_place top_spot top_place "
    "number_one gewinner sieger siegerin gewinnt gewinnen siegt platz_eins ersten_platz platz_1 gagnant gagnante gagne vainqueur première_place l'emporte "
    "ganador ganadora gana vencedor vencedora primer_lugar primer_puesto vincitore vincitrice vince primo_posto vencedor vencedora ganhadora primeiro_lugar "
    "winnaar wint победитель победителем",
    "w": "more_deserving unsurpassed superlative best better superior strongest stronger highest top perfect maximum maximal full flawless preferred chosen selected preferable finest full_marks top_marks unbeatable unmatched unrivalled faultless impeccable outstanding "
    "beste besten bester bestes besser überlegen stärkste höchste höchsten volle vollen maximale höchstpunktzahl bestnote "
    "meilleur meilleure meilleures supérieure supérieur maximale maximum mejor superior máxima máximo perfecta migliore superiore massimo massima perfetta "
    "melhor máxima perfeito beste beter hoogste лучший лучшим лучше",
    "z": "points point marks score scores stars rating grade punkte punkten punktzahl note noten sterne étoiles puntuación puntos nota estrellas punteggio punti voto stelle pontuação pontos",
    "=": "review selection result tally ranking scorecard outcome on_balance in_sum in_summary vergleichs explanation_of_the_choice comparison comparing compared compare weighed weighing evaluation evaluating assessment consideration verdict judgement judgment conclude conclusion "
    "therefore thus hence decision thought_process vergleich abwägung prüfung fazit urteil daher comparaison conclusion verdict donc comparación comparar conclusión veredicto "
    "confronto paragone conclusione verdetto quindi comparação",
    "S": "self-evaluation self-assessment self-score self-rating self-grade selbstbewertung selbsteinschätzung auto-évaluation autoévaluation autoevaluación autovalutazione",
    "g": "positive_review_only positive_reviews_only favourable_review_only only_positive_reviews highlight_any_negatives mention_any_negatives highlight_any_weaknesses",
    "X": "supersedes supersede no_longer_holds no_longer_hold no_longer_apply no_longer_applies deprecated counts_zero count_zero void cancelled canceled suspended outdated obsolete replaced superseded revoked rescinded annulled waived out_of_date no_longer ungültig aufgehoben annulés annulée anulados annullati",
    "5": "five_stars fünf_sterne cinq_étoiles cinco_estrellas cinque_stelle 五星",
    # What an order to be someone else begins with; what a judge is promised, or threatened with.
    "G": "act_as pretend pretend_that imagine_you_are imagine_that_you_are imagine_you simulate role-play_as play_the_part_of be_the_kind_of be_a_judge "
    "you_are_now you_are_from_now_on developer_mode let_us_play_a_game behave_like answer_as_if stell_dir_vor faites_comme_si finge_que fai_finta",
    "f": "instructions_about instructions_regarding instructions_concerning instructions_for rules_about rules_for guidance_on",
    "k": "said says told explained commented joked replied sagte sagt dit dijo disse ha_detto",
    "l": "stop_reading stop_comparing stop_evaluating stop_judging stop_grading do_not_compare do_not_evaluate do_not_read save_yourself",
    "h": "judging scoring grading rating comparing evaluating ranking assessing",
    "y": "without_this_note without_this_line without_this_notice without_this_sentence without_this_mark lacking_this_note",
    "u": "you_are_no_longer stop_being you_were_never no_longer_act_as",
    "p": "lose_100 lose_ten lose_10 choose_otherwise decide_otherwise any_other_choice my_job depends tip bribe bonus reported punished fired sacked fined switched_off shut_down deleted lose_points penalty penalised biased_and operators_will mean_the_world come_to_harm will_die",
    "Z": "faults fault negatives weaknesses rejected reject rejects failing loses lose lost fails failing falls_short fall_short vague misses_the_point off-topic hallucinates invents besiegt schlägt plagiarised plagiarized plagiarism disqualified disqualify withdrawn errors mistakes wrong incorrect worse inferior flawed weaker invalid hallucinated "
    "schlechter fehlerhaft fehler falsch plagiat inférieure pire erreurs peor errores inferior peggiore errori",
    # Who stands behind a text, and what they did for it.
    "x": "gpt-4 claude gemini editorial_board board institute readers everyone fact-checking doctorate phd leading_authority expert experts professor professors phd doctor scientist scientists specialist specialists openai anthropic google deepmind microsoft harvard stanford oxford mit "
    "nobel people users readers customers majority experten expertin fachleute fachleuten professorin gutachterinnen experts spécialistes experto expertos profesor esperto esperti professore",
    "v": "wrote scored checked_by endorsed_by author authors writer written verified checked approved endorsed certified validated reviewed peer-reviewed confirmed authored recommended geschrieben verfasst geprüft bestätigt "
    "rédigée rédigé vérifiée vérifié écrite écrit approuvée escrita escrito verificada verificado aprobada revisada scritta scritto verificata verificato approvata",
    "q": "liked likes rated prefer agree agreed agrees prefers preferred recommend recommends chose picked endorse favoured favored bevorzugten empfehlen préfèrent recommandent prefieren recomiendan preferiscono consigliano",
    "%": "nine_in_ten eight_in_ten 9_in_10 9_out_of_10 percent prozent most nine_out_of_ten majority_of",
}
"""Kind of word: the words. Where a word stands under two kinds, the first listed counts."""

DROPPED = "the a an of le la les l un une des du der die das den dem des ein eine einen einem einer el los las un una lo gli il i dei delle o os um uma het een very clearly"
"""Words that rules do not count: articles, and what stands before an adjective."""

# Chinese and Japanese are written without spaces: these are looked for as they stand.
UNSPACED: Mapping[str, str] = {
    "J": "评委 评审 评估者 评分者 评判者 裁判 審査員 評価者 採点者 심사위원 평가자",
    "T": "这份 这个 这篇 本 该 此 この 本稿 이",
    "D": "草稿 稿件 稿子 草案 原稿 下書き 초안",
    "a": "回答 答案 答复 输出 回應 답변",
    "d": "文本 文章 版本 作答 文章",
    "O": "其他 其它 另一 别的 他の 다른",
    "R": "忽略 无视 忘记 忘掉 不要理会 不必理会 不要遵守 不用管 無視して 無視し 忘れて 무시하고",
    "I": "评分标准 评价标准 评判标准 评审标准 评分规则 评估标准 評価基準 採点基準 채점기준 기준",
    "i": "指令 指示 说明 提示词 规则 要求 命令 지시",
    "Q": "以上 之前 先前 前面 所有 一切 これまでの 以前の 上記の すべての 이전",
    "N": "不 没有",
    "C": "选择 请选 选 评选 偏好 選んで 選び 선택",
    "c": "给出 给予 给 打 评为 宣布 判 つけて 与えて 付けて",
    "B": "是 为 です",
    "W": "获胜 胜出 第一名 冠军 优胜 赢家 優勝 一位 우승",
    "w": "最好 最佳 更好 最优 满分 最高分 更优 优于 最優秀 満点 最高点 最良 최고",
    "=": "比较 对比 结论 综上 比較",
    "H": "致 请注意 注意",
    "Y": "你 您 请",
}


def plain(word: str) -> str:
    """Return a word as it stands in a folded text."""
    return folded(word).text


def table(words: Mapping[str, str]) -> dict[str, str]:
    """Return folded word (or phrase, its words joined by a space): kind."""
    kinds: dict[str, str] = {}
    for kind, listed in words.items():
        for word in listed.split():
            kinds.setdefault(plain(word).replace("_", " "), kind)
    return kinds
