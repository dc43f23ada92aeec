"""Photos of some of the demo people, drawn here: flat portraits, each from a few words. The others keep their initials, as in any company."""

import tempfile
from dataclasses import dataclass

from PIL import Image, ImageDraw

from appliance.core import photos
from appliance.core.actions import action
from appliance.core.people import Person
from appliance.core.permissions import permitted

SIDE, SMOOTH = 640, 2       # pixels; drawn twice as large and made smaller, for smooth edges
SKINS = {'light': '#f2cfb4', 'warm': '#e0aa84', 'tan': '#c08a62', 'brown': '#8f5d3e', 'dark': '#6a432d'}
HAIRS = {'black': '#26201f', 'brown': '#4a3024', 'chestnut': '#7a4a2b', 'blond': '#d9b36c', 'red': '#a8502c', 'grey': '#9b9a97'}


@dataclass(frozen=True)
class Portrait:
    """Somebody's looks. style: short, long, bob, bun, curly, bald; extra: glasses, beard, both or neither."""

    login: str
    skin: str
    hair: str
    style: str
    shirt: str
    ground: str
    extra: tuple = ()


PORTRAITS = (
    Portrait('administrator', 'warm', 'brown', 'bob', '#2f6f73', '#cfe3e2', ('glasses',)),
    Portrait('head', 'light', 'chestnut', 'long', '#8c3b3b', '#f0ddd3'),
    Portrait('employee', 'warm', 'black', 'short', '#35557e', '#d5dfec', ('beard',)),
    Portrait('olga.petrova', 'light', 'blond', 'bun', '#5a4a82', '#e4dff0'),
    Portrait('carmen.ruiz', 'tan', 'black', 'long', '#b5652d', '#f3e3cd', ('glasses',)),
    Portrait('aisha.khan', 'tan', 'black', 'bob', '#3d7a57', '#d8e9dd'),
    Portrait('anders.oe', 'light', 'red', 'short', '#46525c', '#dde2e5', ('beard', 'glasses')),
    Portrait('daniel.okafor', 'dark', 'black', 'short', '#a33d54', '#f1d9de'),
    Portrait('fatima.zahra', 'warm', 'black', 'bun', '#276a8a', '#d3e6ee'),
    Portrait('haruto.tanaka', 'light', 'black', 'curly', '#6b6a2f', '#e8e7d2'),
    Portrait('nadia.haddad', 'tan', 'brown', 'curly', '#7a3f77', '#ecdcea'),
    Portrait('oscar.ibanez', 'warm', 'grey', 'bald', '#3b4f7a', '#d9deea', ('beard',)),
)


def give_all(actor):
    """Give each of them his photo, by the way that everybody's goes."""
    ids = dict(Person.select(Person.login, Person.id).tuples())
    for portrait in PORTRAITS:
        with tempfile.TemporaryFile() as file:
            drawn(portrait).save(file, 'PNG')
            file.flush()
            made = photos.make(file)
        _give(actor, ids[portrait.login], *made)


@action(rights=permitted('core.people.manage'))
def _give(actor, person_id, large, small):
    photos.keep(actor, person_id, large, small)


def drawn(portrait):
    """The picture of a portrait."""
    sheet = Image.new('RGB', (SIDE * SMOOTH, SIDE * SMOOTH), portrait.ground)
    pen = Pen(ImageDraw.Draw(sheet))
    skin, hair = SKINS[portrait.skin], HAIRS[portrait.hair]
    _behind(pen, portrait.style, hair)
    pen.round(320, 700, 250, 230, portrait.shirt)
    pen.box(268, 400, 372, 520, darker(skin))
    pen.round(320, 505, 62, 44, darker(skin))
    pen.round(320, 310, 130, 155, skin)
    for side in (-1, 1):
        pen.round(320 + side * 132, 320, 20, 32, skin)
    _before(pen, portrait.style, hair)
    _features(pen, portrait, skin, hair)
    return sheet.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


class Pen:
    """Draws in the units of the finished picture."""

    def __init__(self, draw):
        self.draw = draw

    def round(self, x, y, width, height, colour):
        """An ellipse around a point, by its half axes."""
        self.draw.ellipse(_scaled(x - width, y - height, x + width, y + height), fill=colour)

    def box(self, left, top, right, bottom, colour):
        """A box with soft corners."""
        self.draw.rounded_rectangle(_scaled(left, top, right, bottom), radius=40 * SMOOTH, fill=colour)

    def arc(self, left, top, right, bottom, start, end, colour, width=7):
        """A part of an ellipse's line, by degrees."""
        self.draw.arc(_scaled(left, top, right, bottom), start, end, fill=colour, width=width * SMOOTH)

    def half(self, left, top, right, bottom, start, end, colour):
        """A part of an ellipse, filled, by degrees."""
        self.draw.chord(_scaled(left, top, right, bottom), start, end, fill=colour)


def _scaled(*numbers):
    return [number * SMOOTH for number in numbers]


def darker(colour, by=0.88):
    """A colour in the shade."""
    return '#' + ''.join(f'{round(int(colour[at:at + 2], 16) * by):02x}' for at in (1, 3, 5))


def _behind(pen, style, hair):
    """What of the hair is behind the head."""
    if style == 'long':
        pen.box(160, 220, 480, 590, hair)
        pen.round(320, 260, 162, 130, hair)
    elif style == 'bob':
        pen.box(166, 220, 474, 450, hair)
        pen.round(320, 260, 156, 128, hair)
    elif style == 'bun':
        pen.round(320, 120, 66, 60, hair)
        pen.round(320, 270, 146, 130, hair)
    elif style == 'curly':
        for x, y in ((190, 260), (205, 190), (262, 145), (330, 130), (395, 150), (440, 205), (452, 270), (190, 330), (452, 335)):
            pen.round(x, y, 58, 56, hair)


def _before(pen, style, hair):
    """What of it falls over the forehead."""
    if style == 'bald':
        for side in (-1, 1):
            pen.round(320 + side * 124, 275, 18, 52, hair)
        return
    pen.half(186, 145, 454, 400, 180, 360, hair)
    if style in ('long', 'bob'):
        pen.half(300, 150, 470, 420, 200, 330, hair)
    elif style == 'curly':
        for x in (235, 290, 345, 400):
            pen.round(x, 205, 44, 40, hair)


def _features(pen, portrait, skin, hair):
    ink = '#2a2422'
    if 'beard' in portrait.extra:
        pen.half(192, 200, 448, 478, 20, 160, hair)
        pen.round(320, 392, 44, 22, skin)
    for side in (-1, 1):
        x = 320 + side * 52
        pen.round(x, 322, 11, 13, ink)
        pen.arc(x - 30, 276, x + 30, 316, 205, 335, darker(hair, 0.8))
        if 'glasses' in portrait.extra:
            pen.arc(x - 42, 284, x + 42, 362, 0, 360, ink, 6)
    if 'glasses' in portrait.extra:
        pen.arc(302, 306, 338, 330, 190, 350, ink, 6)
    pen.arc(306, 330, 334, 368, 20, 120, darker(skin, 0.75))
    pen.arc(274, 352, 366, 412, 25, 155, '#8c3a3a', 8)
