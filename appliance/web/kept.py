"""HTML that is drawn once and kept: what differs from page to page is put into its places, and its bytes are kept with it.

To encode text that is not plain ASCII takes some fifty times as long as to copy its bytes: of a page with a long talk it was a twentieth.
"""

from markupsafe import Markup


class Kept(Markup):
    """Markup that may know its bytes in UTF-8 (`kept`, `Stencil.filled`)."""

    __slots__ = ('data',)

    def encode(self, encoding='utf-8', errors='strict'):
        """Its bytes, without working them out once more."""
        data = getattr(self, 'data', None)
        return data if data is not None and encoding == 'utf-8' else super().encode(encoding, errors)


class Page(str):
    """A page as text, and the pieces that it was joined from: what goes out is joined from their bytes."""

    __slots__ = ('pieces',)

    def encode(self, encoding='utf-8', errors='strict'):
        """Its bytes."""
        return b''.join([piece.encode(encoding, errors) for piece in self.pieces])


class Stencil:
    """HTML with places for what is known only when it is shown: a `mark` stands there. Without a value a place is empty."""

    def __init__(self, html):
        pieces = html.split('\0')
        self._places = {}
        for index, name in enumerate(pieces):
            if index % 2:
                self._places.setdefault(name, []).append(index)
        self._pieces = ['' if index % 2 else piece for index, piece in enumerate(pieces)]
        self._data = [piece.encode() for piece in self._pieces]
        self._whole = kept(''.join(self._pieces))

    def filled(self, values):
        """The Kept with {name: Markup} in its places; what has no place is left out."""
        named = values.keys() & self._places.keys()
        if not named:
            return self._whole
        pieces, data = self._pieces.copy(), self._data.copy()
        for name in named:
            for index in self._places[name]:
                pieces[index], data[index] = values[name], values[name].encode()
        return kept(''.join(pieces), b''.join(data))


def mark(name):
    """What stands in HTML where a value belongs. No text that people write can hold a NUL."""
    return f'\0{name}\0'


def kept(html, data=None):
    """The Kept of a text that is markup; `data` are its bytes, where they are known."""
    found = Kept(html)
    found.data = html.encode() if data is None else data
    return found
