"""How prompts speak of keys, language by language: data for `ivrflow.analysis.mentions`.

Another language is another entry of `WORDS_BY_LANGUAGE`; until it is there, lint says nothing about
its prompts. Words are lower case and parted by spaces; a name of several words is `number_sign`.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, fields
from functools import cached_property

Phrase = tuple[str, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Words:
    """The words of one language that tell what to press.

    `press` are imperatives before a key, `press_last` verbs right behind one. Between `press` and
    a key only `fillers` may stand. A key may be followed by `key` words, and else only by words of
    `after`: other words make a count of it ("press 3 times"). `purposes` are those of `after` that
    say what a key is for. `joins` part keys, `ranges` their first and last; `more` behind a join
    names no key. `articles` before a digit name a key. `names` are digits, star and hash; `any`
    stands for every key.
    """

    press: Set[str]
    press_last: Set[str]
    fillers: Set[str]
    key: Set[str]
    purposes: Set[str]
    after: Set[str]
    joins: Set[str]
    ranges: Set[str]
    more: Set[str]
    articles: Set[str]
    negations: Set[str]
    names: Mapping[Phrase, str]
    any: tuple[Phrase, ...]

    @cached_property
    def first_words(self) -> Set[str]:
        """The words with which names begin."""
        return frozenset(name[0] for name in self.names)


def _language(names: Mapping[str, str], **words: str) -> Words:
    """Build the words of a language; `names` are those of each key."""
    given = {field: frozenset(words.get(field, "").split()) for field in _SETS}
    given["after"] |= given["purposes"] | given["joins"] | given["ranges"] | given["press_last"]
    given["fillers"] |= given["key"]
    spoken = {_phrase(name): key for key, each in names.items() for name in each.split()}
    phrases = tuple(_phrase(each) for each in words.get("any", "").split())
    return Words(**given, names=spoken, any=phrases)


def _phrase(name: str) -> Phrase:
    return tuple(name.split("_"))


_SETS = tuple(each.name for each in fields(Words) if each.name not in ("names", "any"))

WORDS_BY_LANGUAGE: Mapping[str, Words] = {
    "en": _language(
        {
            "0": "zero oh",
            "1": "one",
            "2": "two",
            "3": "three",
            "4": "four",
            "5": "five",
            "6": "six",
            "7": "seven",
            "8": "eight",
            "9": "nine",
            "*": "star asterisk",
            "#": "hash pound hashtag number_sign hash_sign pound_sign",
        },
        press="press push dial enter hit tap select choose",
        fillers="the number digit a on in or say either please from between numbers digits",
        key="key keys button buttons sign",
        purposes="for to if when",
        after="or and at in now again please then anytime followed once twice here while as with",
        joins="or and",
        ranges="to through until",
        more="more several",
        negations="not don dont never without doesn cannot",
        any="any_key any_button any_digit any_number",
    ),
    "sv": _language(
        {
            "0": "noll nolla nollan",
            "1": "ett etta ettan",
            "2": "två tvåa tvåan",
            "3": "tre trea trean",
            "4": "fyra fyran",
            "5": "fem femma femman",
            "6": "sex sexa sexan",
            "7": "sju sjua sjuan",
            "8": "åtta åttan",
            "9": "nio nia nian",
            "*": "stjärna stjärnan asterisk stjärntangenten",
            "#": "fyrkant fyrkanten brädgård nummertecken hashtag fyrkantstangenten",
        },
        press="tryck slå välj ange knappa",
        fillers="på in siffran knappen tangenten nummer då eller säg mellan från",
        key="knappen tangenten",
        purposes="för om till så när",
        after="eller och nu igen i sedan därefter följt på vid medan",
        joins="eller och",
        ranges="till",
        more="fler flera mer",
        negations="inte ej aldrig utan",
        any="valfri_knapp valfri_tangent valfri_siffra",
    ),
    "de": _language(
        {
            "0": "null",
            "1": "eins",
            "2": "zwei zwo",
            "3": "drei",
            "4": "vier",
            "5": "fünf",
            "6": "sechs",
            "7": "sieben",
            "8": "acht",
            "9": "neun",
            "*": "stern sterntaste sternchen sternchentaste asterisk",
            "#": "raute rautetaste rautentaste rautezeichen doppelkreuz hashtag",
        },
        press="drücken drücke drückt wählen wähle tippen betätigen",
        press_last="drücken wählen tippen eingeben",
        fillers="sie bitte die auf der taste ziffer zahl nummer ziffern tasten dann einfach dazu "
        "hierfür dafür entweder von",
        key="taste",
        purposes="für um wenn falls zu zum zur",
        after="oder und jetzt nochmals erneut auf ein bitte aus damit sobald bei gefolgt dann "
        "im in",
        joins="oder und beziehungsweise",
        ranges="bis",
        more="mehr mehrere",
        articles="die",
        negations="nicht nie niemals keine keinesfalls ohne",
        any="beliebige_taste irgendeine_taste beliebigen_taste",
    ),
    "fr": _language(
        {
            "0": "zéro",
            "1": "un",
            "2": "deux",
            "3": "trois",
            "4": "quatre",
            "5": "cinq",
            "6": "six",
            "7": "sept",
            "8": "huit",
            "9": "neuf",
            "*": "étoile astérisque",
            "#": "dièse croisillon hashtag",
        },
        press="appuyez tapez composez pressez faites sélectionnez choisissez appuyer taper tape "
        "appuie",
        fillers="sur le la l touche chiffre numéro les touches de ou dites entre soit",
        key="touche",
        purposes="pour si afin",
        after="ou et maintenant à puis lorsque quand de dès du suivi sinon",
        joins="ou et",
        ranges="à",
        more="plus plusieurs",
        negations="ne n jamais sans pas",
        any="n_importe_quelle_touche une_touche",
    ),
    "es": _language(
        {
            "0": "cero",
            "1": "uno",
            "2": "dos",
            "3": "tres",
            "4": "cuatro",
            "5": "cinco",
            "6": "seis",
            "7": "siete",
            "8": "ocho",
            "9": "nueve",
            "*": "asterisco estrella",
            "#": "almohadilla numeral gato michi cuadrado hashtag",
        },
        press="pulse pulsa oprima oprime presione presiona marque marca digite digita teclee "
        "teclea elija seleccione",
        fillers="el la tecla número dígito las teclas en o diga entre los números signo del de",
        key="tecla",
        purposes="para si",
        after="o y u ahora en otra de cuando a al seguido luego",
        joins="o y u",
        ranges="a al",
        more="más varias varios",
        negations="no nunca sin",
        any="cualquier_tecla cualquier_número",
    ),
    "pt": _language(
        {
            "0": "zero",
            "1": "um",
            "2": "dois",
            "3": "três",
            "4": "quatro",
            "5": "cinco",
            "6": "seis meia",
            "7": "sete",
            "8": "oito",
            "9": "nove",
            "*": "asterisco estrela",
            "#": "cardinal cerquilha sustenido quadrado hashtag jogo_da_velha",
        },
        press="prima pressione marque digite tecle aperte carregue escolha selecione pulse "
        "introduza",
        fillers="o a em no na tecla número dígito as teclas ou diga entre os números sinal de",
        key="tecla",
        purposes="para se",
        after="ou e agora em outra de do da quando a ao no na seguido depois",
        joins="ou e",
        ranges="a ao até",
        more="mais várias vários",
        negations="não nunca sem",
        any="qualquer_tecla qualquer_número",
    ),
    "it": _language(
        {
            "0": "zero",
            "1": "uno",
            "2": "due",
            "3": "tre",
            "4": "quattro",
            "5": "cinque",
            "6": "sei",
            "7": "sette",
            "8": "otto",
            "9": "nove",
            "*": "asterisco stella stelletta",
            "#": "cancelletto hashtag",
        },
        press="prema premi premere premete digiti digita digitare componga selezioni scelga",
        fillers="il lo la l tasto numero i tasti le o dica tra fra",
        key="tasto",
        purposes="per se",
        after="o e oppure ora adesso di quando a ad in da seguito poi",
        joins="o e oppure",
        ranges="a ad al",
        more="più",
        negations="non mai senza",
        any="qualsiasi_tasto un_tasto_qualsiasi qualunque_tasto",
    ),
    "nl": _language(
        {
            "0": "nul",
            "1": "één",
            "2": "twee",
            "3": "drie",
            "4": "vier",
            "5": "vijf",
            "6": "zes",
            "7": "zeven",
            "8": "acht",
            "9": "negen",
            "*": "ster sterretje asterisk",
            "#": "hekje hekjestoets hashtag",
        },
        press="toets druk kies tik draai",
        press_last="toetsen kiezen drukken intoetsen indrukken",
        fillers="op de een cijfer nummer toets u dan het in of zeg tussen",
        key="toets",
        purposes="voor om als indien",
        after="of en nu opnieuw in wanneer op dan gevolgd",
        joins="of en",
        ranges="tot",
        more="meer meerdere",
        negations="niet nooit geen zonder",
        any="willekeurige_toets een_toets",
    ),
    "da": _language(
        {
            "0": "nul",
            "1": "en et ettal ettallet",
            "2": "to",
            "3": "tre",
            "4": "fire",
            "5": "fem",
            "6": "seks",
            "7": "syv",
            "8": "otte",
            "9": "ni",
            "*": "stjerne asterisk",
            "#": "firkant havelåge hashtag",
        },
        press="tryk tast indtast vælg",
        fillers="på tasten knappen tallet nummer så eller sig mellem",
        key="tasten knappen",
        purposes="for hvis til når",
        after="eller og nu igen i så derefter efterfulgt på",
        joins="eller og",
        ranges="til",
        more="flere mere",
        negations="ikke aldrig uden",
        any="vilkårlig_tast valgfri_tast",
    ),
    "nb": _language(
        {
            "0": "null",
            "1": "en ett",
            "2": "to",
            "3": "tre",
            "4": "fire",
            "5": "fem",
            "6": "seks",
            "7": "sju syv",
            "8": "åtte",
            "9": "ni",
            "*": "stjerne stjernetasten asterisk",
            "#": "firkant firkanttasten hashtag",
        },
        press="trykk tast velg",
        fillers="på tasten knappen tallet nummer inn så eller si mellom",
        key="tasten knappen",
        purposes="for hvis om til når",
        after="eller og nå igjen i så deretter etterfulgt på",
        joins="eller og",
        ranges="til",
        more="flere mer",
        negations="ikke aldri uten",
        any="valgfri_tast hvilken_som_helst_tast",
    ),
    "fi": _language(
        {
            "0": "nolla nollaa nollan",
            "1": "yksi ykkönen ykköstä",
            "2": "kaksi kakkonen kakkosta",
            "3": "kolme kolmonen kolmosta",
            "4": "neljä nelonen nelosta",
            "5": "viisi viitonen viitosta",
            "6": "kuusi kuutonen kuutosta",
            "7": "seitsemän seiska seiskaa",
            "8": "kahdeksan kasi kasia",
            "9": "yhdeksän ysi ysiä",
            "*": "tähti tähteä tähtinäppäintä",
            "#": "ruutu ruutua risuaita risuaitaa ruutunäppäintä",
        },
        press="paina valitse näppäile",
        fillers="näppäintä numeroa numero näppäin",
        key="näppäintä",
        purposes="jos kun niin",
        after="tai ja nyt uudelleen sitten niin",
        joins="tai ja",
        ranges="viiva",
        more="useampaa",
        negations="älä ei",
        any="mitä_tahansa_näppäintä",
    ),
    "pl": _language(
        {
            "0": "zero",
            "1": "jeden jedynka jedynkę",
            "2": "dwa dwójka dwójkę",
            "3": "trzy trójka trójkę",
            "4": "cztery czwórka czwórkę",
            "5": "pięć piątka piątkę",
            "6": "sześć szóstka szóstkę",
            "7": "siedem siódemka siódemkę",
            "8": "osiem ósemka ósemkę",
            "9": "dziewięć dziewiątka dziewiątkę",
            "*": "gwiazdka gwiazdkę",
            "#": "krzyżyk kratka kratkę hasz",
        },
        press="naciśnij wybierz wciśnij proszę nacisnąć wybrać wcisnąć",
        fillers="klawisz cyfrę numer przycisk nacisnąć wybrać wcisnąć lub",
        key="klawisz",
        purposes="aby żeby jeśli jeżeli w dla by",
        after="lub albo i teraz ponownie gdy na potem",
        joins="lub albo i",
        ranges="do",
        more="więcej",
        negations="nie nigdy bez",
        any="dowolny_klawisz",
    ),
}
