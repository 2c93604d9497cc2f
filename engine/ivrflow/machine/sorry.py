"""The engine's own words before it has to hang up, for callers whose flow gives none."""

WORDS_BY_LANGUAGE = {
    "da": "Vi beklager, der opstod en fejl. Prøv venligst igen senere.",
    "de": "Leider ist ein Fehler aufgetreten. Bitte rufen Sie später noch einmal an.",
    "en": "We are sorry, something went wrong. Please call again later.",
    "es": "Lo sentimos, se ha producido un error. Por favor, vuelva a llamar más tarde.",
    "fi": "Valitettavasti tapahtui virhe. Soittakaa myöhemmin uudelleen.",
    "fr": "Nous sommes désolés, une erreur s'est produite. Veuillez rappeler plus tard.",
    "it": "Siamo spiacenti, si è verificato un errore. Vi preghiamo di richiamare più tardi.",
    "nb": "Vi beklager, det oppstod en feil. Vennligst ring igjen senere.",
    "nl": "Het spijt ons, er is iets misgegaan. Bel later nog eens.",
    "pl": "Przepraszamy, wystąpił błąd. Prosimy zadzwonić później.",
    "pt": "Lamentamos, ocorreu um erro. Por favor, ligue mais tarde.",
    "sv": "Tyvärr har något gått fel. Ring gärna igen senare.",
}

NOT_NEEDED_BY_LANGUAGE = {
    "da": "Der er ikke længere brug for dette opkald. Tak, og farvel.",
    "de": "Dieser Anruf hat sich erledigt. Vielen Dank und auf Wiederhören.",
    "en": "This call is no longer needed. Thank you, and goodbye.",
    "es": "Esta llamada ya no es necesaria. Gracias y adiós.",
    "fi": "Tätä puhelua ei enää tarvita. Kiitos ja kuulemiin.",
    "fr": "Cet appel n'est plus nécessaire. Merci et au revoir.",
    "it": "Questa chiamata non è più necessaria. Grazie e arrivederci.",
    "nb": "Denne samtalen trengs ikke lenger. Takk, og ha det.",
    "nl": "Dit gesprek is niet meer nodig. Dank u wel, tot ziens.",
    "pl": "Ta rozmowa nie jest już potrzebna. Dziękujemy, do widzenia.",
    "pt": "Esta chamada já não é necessária. Obrigado e até logo.",
    "sv": "Det här samtalet behövs inte längre. Tack och hej då.",
}
"""What who answers is told whom nobody wants to talk to any more."""


def sorry(locale: str) -> str:
    """Return the words in the language of `locale`, in English for a language not listed."""
    return WORDS_BY_LANGUAGE.get(locale[:2], WORDS_BY_LANGUAGE["en"])


def not_needed(locale: str) -> str:
    """Return the words in the language of `locale`, in English for a language not listed."""
    return NOT_NEEDED_BY_LANGUAGE.get(locale[:2], NOT_NEEDED_BY_LANGUAGE["en"])
