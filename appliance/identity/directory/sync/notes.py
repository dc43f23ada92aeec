"""Words that a job writes down and people read later, each in his language.

Kept is the source text, which is the catalogue's key, with its values as JSON where it has some. What was written otherwise is shown as it is.
"""

import json

from appliance.core.i18n import SOURCE, Lazy, language, texts

_ = texts(__name__)


def kept(message):
    """The text to keep of a message: a Lazy, or words already."""
    if isinstance(message, Lazy) and message.values:
        return json.dumps({'text': message.message, 'values': {name: str(value) for name, value in message.values.items()}})
    with language(SOURCE):
        return str(message)


def shown(text):
    """A kept text in the current language."""
    if text.startswith('{'):
        try:
            found = json.loads(text)
            message, values = found['text'], found['values']
            return str(_.lazy(message, **values))
        except (ValueError, KeyError, TypeError):
            return text
    return str(_.lazy(text)) if text else ''
