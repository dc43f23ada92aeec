"""`python -m tests.browser.languages web`: the portal with two languages more, which only tests speak. Nobody is shipped either.

PSEUDO says everything longer and between brackets, so that what is not translated, or has no room, is seen. MIRRORED runs from right
to left, in Hebrew letters. Dates are those of a real language whose words have no Latin letter.
"""
import re

from appliance.core import i18n

PSEUDO, MIRRORED = 'zh', 'he'
NAMES = {PSEUDO: '⟦Pseudo⟧', MIRRORED: 'ראי'}
_KEPT = re.compile(r'(%\(\w+\)[sd]|%%|<[^>]*>|&\w+;)')
_LETTERS = str.maketrans({letter: chr(0x5D0 + number) for number, letter in enumerate('abcdefghijklmnopqrstuvwxyz')}
                         | {letter: chr(0x5D0 + number) for number, letter in enumerate('ABCDEFGHIJKLMNOPQRSTUVWXYZ')})
_ACCENTS = str.maketrans('aeiouAEIOUcnsz', 'áéíóúÁÉÍÓÚçñšž')


def pseudo(text):
    """`⟦Sávé ···⟧`: as much longer as translations are, and more for short words. Spaces alone stay as they are."""
    if not text.strip():
        return text
    longer = max(2, len(text) * 2 // 5)
    return f'⟦{_outside(text, _ACCENTS)} {"·" * longer}⟧' if longer < 8 else f'⟦{_outside(text, _ACCENTS)} {" ".join(["····"] * (longer // 4))}⟧'


def mirrored(text):
    """The text in Hebrew letters, which nobody need understand."""
    return _outside(text, _LETTERS)


def _outside(text, letters):
    return ''.join(piece if _KEPT.fullmatch(piece) else piece.translate(letters) for piece in _KEPT.split(text))


def install():
    """Teach this process both."""
    languages, translate, spoken = i18n.languages, i18n.translate, {PSEUDO: pseudo, MIRRORED: mirrored}

    def with_these(domain, message, plural=None, n=1):
        found = translate(domain, message, plural, n)
        return spoken[i18n.current_language()](found) if i18n.current_language() in spoken else found

    i18n.languages = lambda: {**languages(), **NAMES}
    i18n.translate = with_these


if __name__ == '__main__':
    install()
    from appliance.__main__ import main  # slow: after `install`, since modules take `languages` by name
    main()
