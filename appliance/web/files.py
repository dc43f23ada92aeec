"""Answers that are files of people: ranges, names as RFC 6266 has them, and nginx sending the bytes itself where it offers to."""

from urllib.parse import quote

from flask import Response, request, send_file

from appliance.core import storage
from appliance.web.proxies import SENDS_FILES

# What a browser shows by itself and runs nothing of; all else is for saving.
SHOWN = frozenset({
    'image/jpeg', 'image/png', 'image/gif', 'image/webp', 'image/avif', 'text/plain',
    'audio/mpeg', 'audio/ogg', 'audio/wav', 'audio/x-wav', 'audio/aac', 'audio/mp4', 'audio/webm', 'video/mp4', 'video/webm', 'video/ogg'})
UNKNOWN = 'application/octet-stream'


def send(one, is_shown):
    """The answer for an attachment (a dict of attachments.access_attachment): shown, if asked for and harmless, or for saving."""
    is_shown = is_shown and one['media_type'] in SHOWN
    kind = one['media_type'] if is_shown else UNKNOWN
    if request.environ.get(SENDS_FILES):
        answer = Response(mimetype=kind)
        answer.headers['X-Accel-Redirect'] = f'/blobs/{one["blob"][:2]}/{one["blob"]}'
    else:
        answer = send_file(storage.path_of(one['blob']), mimetype=kind, conditional=True, etag=one['blob'])
    answer.headers['Content-Disposition'] = disposition(one['name'], is_shown)
    answer.headers['Cache-Control'] = 'no-store'
    return answer


def disposition(name, is_shown):
    """RFC 6266: the name in ASCII for old programs, and as it is for all others."""
    plain = ''.join(char if 31 < ord(char) < 127 and char not in '"\\%' else '_' for char in name)
    return f"{'inline' if is_shown else 'attachment'}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
