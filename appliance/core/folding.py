"""Text without case and accents, for searching and sorting. Stored in tables and indexes: it must not change its mind."""

import unicodedata


def fold(text):
    """Text without case and accents, for searching and sorting: `Ángel Ñuñez` is `angel nunez`."""
    # Twice: some letters change case only once they are decomposed (mathematical capitals).
    decomposed = unicodedata.normalize('NFKD', unicodedata.normalize('NFKD', text.casefold()).casefold())
    return ' '.join(''.join(char for char in decomposed if not unicodedata.combining(char)).split())
