"""What a look asks a directory for, so that a test can say that it was a cheap one."""
import contextlib
from types import SimpleNamespace

from appliance.identity.directory.client import Connection

LISTED = 5      # attributes of a list: the number and the mark of the last change; for groups login, primary group and manager
FEW = 5


@contextlib.contextmanager
def watched():
    """Within the block: `lists` and `wholes`, how many searches page by page asked for little and for whole entries, `filters`,
    what these asked for, and `read`, how many entries were read by number.
    """
    asked, pages, search = SimpleNamespace(lists=0, wholes=0, read=0, filters=[]), Connection.pages, Connection.search

    def watched_pages(self, search_filter, attributes, *args):
        asked.filters.append(search_filter)
        if len(attributes) > LISTED:
            asked.wholes += 1
        else:
            asked.lists += 1
        return pages(self, search_filter, attributes, *args)

    def watched_search(self, search_filter, attributes, *args, **kwargs):
        found = search(self, search_filter, attributes, *args, **kwargs)
        asked.read += len(found) if len(attributes) > 4 else 0
        return found
    Connection.pages, Connection.search = watched_pages, watched_search
    try:
        yield asked
    finally:
        Connection.pages, Connection.search = pages, search


@contextlib.contextmanager
def cheap(most=FEW):
    """Within the block nobody is read but by number, and few."""
    with watched() as asked:
        yield asked
    assert asked.wholes == 0 and asked.read <= most, asked
