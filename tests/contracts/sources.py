"""The project's own source files, for the tests that read them."""
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = {'node_modules', 'dist', '__pycache__'}


def python_files(*folders):
    """Return the Python files under folders of the clone, relative to it, sorted."""
    return _files('*.py', folders)


def template_files():
    """Return the Jinja templates, relative to the clone, sorted."""
    return _files('*.html', ['appliance'])


def found_in(walk, paths):
    """All that `walk(path, text)` finds in files."""
    return [one for path in paths for one in walk(path, (ROOT / path).read_text())]


def _files(pattern, folders):
    return sorted(path.relative_to(ROOT) for folder in folders for path in (ROOT / folder).rglob(pattern)
                  if not NOT_OURS & set(path.parts))
