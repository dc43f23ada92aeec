"""What the walks ask of texts and of the code: said in both languages, named somewhere outside the place that declares it."""
import functools

from appliance.core.i18n import language
from tests.contracts.sources import ROOT, python_files, template_files


def not_said(text):
    """Why a text is not one for people, or '': it is missing, or nobody translated it."""
    with language('en'):
        english = str(text or '').strip()
    with language('es'):
        spanish = str(text or '').strip()
    if not english:
        return 'says nothing'
    return 'is not said in Spanish' if english == spanish else ''


@functools.cache
def code():
    """{path: text} of all Python and all templates of the portal."""
    return {path.as_posix(): (ROOT / path).read_text() for path in [*python_files('appliance'), *template_files()]}


def named_in(text, but=()):
    """The files that hold a text, without some."""
    return [path for path, held in code().items() if text in held and path not in but]
