"""The built files of the browser: their addresses by name. assets/build.mjs writes them and the manifest."""

import functools
import json
import pathlib
import time

from flask import url_for
from markupsafe import Markup

from appliance.core.errors import StartError

DIST = pathlib.Path(__file__).parent / 'static' / 'dist'


def manifest():
    """{name: name with its content's hash}, read again within a second of a new build. StartError when the files were not built."""
    # A page asks some twenty times: looking at the file each time was a twentieth of its cost.
    return _seen(int(time.monotonic()))


@functools.lru_cache(maxsize=1)
def _seen(second):
    try:
        return _read((DIST / 'manifest.json').stat().st_mtime_ns)
    except FileNotFoundError:
        raise StartError(f'the browser files are missing in {DIST}; build them: cd assets && npm ci && npm run build') from None


@functools.lru_cache(maxsize=1)
def _read(changed_at):
    return json.loads((DIST / 'manifest.json').read_text())


def asset(name):
    """The address of a built file (`app.css`)."""
    return static(f'dist/{manifest()[name]}')


# A page has some twenty icons: drawing each anew was an eighth of its cost.
@functools.cache
def static(path):
    """The address of a file in static/."""
    return url_for('static', filename=path)


def icon(name):
    """An icon of the sprite; silent, since words stand beside it or label its button."""
    return _icon(asset('icons.svg'), name)


@functools.cache
def _icon(sprite, name):
    return Markup('<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>').format(sprite, name)


# The same people stand in list after list.
@functools.lru_cache(maxsize=4096)
def initials(name):
    """One or two letters for a face without a photo: `Ángel de la Cruz` is `ÁC`."""
    letters = [word[0] for word in name.split() if word[0].isalnum()]
    return (letters[0] + letters[-1] if len(letters) > 1 else ''.join(letters)).upper() or '?'


_SIZES = {'': '', 'small': ' face-small', 'large': ' face-large'}


# A list has fifty: from a template each cost six pieces of text.
@functools.lru_cache(maxsize=4096)
def face(person_id, name, photo=None, size='', is_here=False):
    """A round with the photo of a person, or his initials until he has one (`photo` is its version). size: '', small, large.

    Silent: the name stands beside it, and with it in words what the dot of `is_here` says: he has the portal open now.
    """
    picture = Markup('<img src="/people/{}/photo/{}/{}" alt="" loading="lazy">').format(person_id, photo, 512 if size == 'large' else 96) if photo else ''
    return Markup('<span class="face face-{}{}{}" data-initials="{}" aria-hidden="true">{}</span>').format(
        person_id % 8, _SIZES[size], ' face-here' if is_here else '', initials(name), picture)


def dashed(attributes):
    """Attributes as HTML spells them: `aria_label` is `aria-label`."""
    return {name.replace('_', '-'): value for name, value in attributes.items()}
