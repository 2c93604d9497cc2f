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


def sorry(locale: str) -> str:
    """Return the words in the language of `locale`, in English for a language not listed."""
    return WORDS_BY_LANGUAGE.get(locale[:2], WORDS_BY_LANGUAGE["en"])
