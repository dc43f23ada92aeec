"""The members of a group, of which Active Directory gives 1,500 at once ([MS-ADTS] 3.1.1.3.1.3.3: `member;range=0-1499`)."""

import re

from appliance.identity.directory.errors import DirectoryDown

PART = re.compile(r'member;range=(\d+)-(\d+|\*)', re.IGNORECASE)
MOST = 2_000        # parts of one group


def in_parts(values, ask):
    """[bytes, ...]: those members of an entry that came, or are to be asked for, in parts; none where all came at once.

    ask([attribute]): the answers about that entry. DirectoryDown where the parts break off, or have no end: whoever is in the rest would
    seem to have left.
    """
    found, parts = [], 0
    while part := next((match for match in map(PART.fullmatch, values) if match), None):
        found += values[part[0]]
        parts += 1
        if part[2] == '*':
            return found
        answers = ask([f'member;range={int(part[2]) + 1}-*']) if parts <= MOST else ()
        values = answers[0][1] if answers else {}
    if parts:
        raise DirectoryDown('nonsense')
    return found
