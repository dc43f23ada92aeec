"""The small markup of what people write: **bold**, *italic*, `code`, fenced code, `> ` quotes, `- ` lists, addresses, mentions.

Text is stored as it was typed, never as HTML. What is drawn consists of our own tags alone, around text that was escaped: no tag and no
attribute comes from a person. Every step is linear in the length of the text, whatever it holds.
"""

import re
import unicodedata

from markupsafe import Markup, escape

MENTION = '\ue000{}\ue001'     # of private use, which `clean` takes out of what is typed: nobody can write one
_MENTION = re.compile('\ue000([0-9]{1,18})\ue001')
_PIECES = re.compile('(`[^`\n]+`|https?://[^\\s<>"\'`*\ue000\ue001]+|\ue000[0-9]{1,18}\ue001|\\*\\*|\\*)')
_FENCE = '```'
_MARKS = re.compile(r'\*\*|`|(?<!\w)\*(?=\S)|(?<=\S)\*(?!\w)')
_TAGS = {'**': 'strong', '*': 'em'}
# Overrides and isolates could make a line read as another; the marks alone are part of Persian, Arabic and Hebrew writing.
_STEERING = frozenset('\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069')
_LEFT_OUT = frozenset({'Cc', 'Cs', 'Co', 'Cn'})


def clean(text):
    """Typed text as it is kept: lines end by \\n, nothing that cannot be seen or that steers others' lines, at most two empty lines on end."""
    text = unicodedata.normalize('NFC', text.replace('\r\n', '\n').replace('\r', '\n').replace('\u2028', '\n').replace('\u2029', '\n'))
    text = ''.join(char for char in text if char in '\n\t' or (char not in _STEERING and unicodedata.category(char) not in _LEFT_OUT))
    return re.sub('\n{4,}', '\n\n\n', '\n'.join(line.rstrip() for line in text.split('\n'))).strip('\n')


def mentioned(text):
    """The ids of the people whom a text mentions, each once, in order."""
    return list(dict.fromkeys(int(number) for number in _MENTION.findall(text)))


def with_names(text, named):
    """A text in which each mention is what `named(person_id)` says."""
    return _MENTION.sub(lambda found: named(int(found[1])), text)


def plain(text, names, most=0):
    """A text without marks on one line, mentions as names, cut at `most` characters."""
    lines = (line.lstrip('> ').removeprefix('- ') for line in text.split('\n') if not line.startswith(_FENCE))
    words = ' '.join(with_names(_MARKS.sub('', ' '.join(lines)), lambda person: names.get(person, '?')).split())
    return words if not most or len(words) <= most else words[:most - 1].rstrip() + '…'


def html(text, names, person_url):
    """A text as Markup; `names` {id: name} of the people mentioned, `person_url(id)` their page or ''."""
    return Markup('').join(_blocks(text.split('\n'), names, person_url))


def _blocks(lines, names, person_url):
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.startswith(_FENCE):
            end = next((number for number in range(at + 1, len(lines)) if lines[number].startswith(_FENCE)), len(lines))
            yield Markup('<pre dir="ltr"><code>{}</code></pre>').format('\n'.join(lines[at + 1:end]))
            at = end + 1
            continue
        kind = _kind(line)
        end = next((number for number in range(at, len(lines)) if _kind(lines[number]) != kind), len(lines))
        if kind != 'empty':
            yield _block(kind, lines[at:end], names, person_url)
        at = end


def _kind(line):
    if line.startswith(_FENCE):
        return 'fence'
    if line.startswith('>'):
        return 'quote'
    if line.startswith(('- ', '* ')):
        return 'list'
    return 'text' if line.strip() else 'empty'


def _block(kind, lines, names, person_url):
    if kind == 'list':
        return Markup('<ul>{}</ul>').format(Markup('').join(Markup('<li dir="auto">{}</li>').format(_line(line[2:], names, person_url)) for line in lines))
    cut = [line.removeprefix('>').removeprefix(' ') if kind == 'quote' else line for line in lines]
    body = Markup('<br>').join(_line(line, names, person_url) for line in cut)
    return Markup('<blockquote dir="auto">{}</blockquote>' if kind == 'quote' else '<p dir="auto">{}</p>').format(body)


def _line(line, names, person_url):
    """One line. A mark opens where the same mark closes later; what stays open is what it is: an asterisk."""
    pieces, found, opened = _PIECES.split(line), [], []
    left = {mark: pieces.count(mark) for mark in _TAGS}
    for number, piece in enumerate(pieces):
        if piece in _TAGS:
            left[piece] -= 1
            if piece in (mark for mark, _place in opened) and not pieces[number - 1].endswith(' '):
                while opened[-1][0] != piece:       # what opened inside and did not close is no mark
                    mark, place = opened.pop()
                    found[place] = mark
                found.append(f'</{_TAGS[opened.pop()[0]]}>')
            elif left[piece] and piece not in (mark for mark, _place in opened) and not pieces[number + 1].startswith(' '):
                opened.append((piece, len(found)))
                found.append(f'<{_TAGS[piece]}>')
            else:
                found.append(piece)
        elif number % 2:
            found.append(str(_special(piece, names, person_url)))
        else:
            found.append(str(escape(piece)))
    for mark, place in opened:
        found[place] = mark
    return Markup(''.join(found))


def _special(piece, names, person_url):
    if piece.startswith('`'):
        return Markup('<code>{}</code>').format(piece[1:-1])
    if piece.startswith('http'):
        end = len(piece.rstrip('.,;:!?)]}*'))
        # A bracket that the address opened belongs to it.
        while end < len(piece) and piece[end] == ')' and piece[:end].count('(') > piece[:end].count(')'):
            end += 1
        return Markup('<a href="{0}" target="_blank" rel="nofollow noopener noreferrer">{0}</a>{1}').format(piece[:end], piece[end:])
    person_id = int(piece[1:-1])
    url, name = person_url(person_id), names.get(person_id, '?')
    return (Markup('<a class="comment-person" href="{}">@<bdi>{}</bdi></a>').format(url, name) if url
            else Markup('<span class="comment-person">@<bdi>{}</bdi></span>').format(name))
