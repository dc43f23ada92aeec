"""Every door that tries a person's password in a directory counts the try where all others do: the portal must lock nobody's account."""
import re

from tests.contracts.sources import found_in, python_files

# These bind when they are called; whoever calls them has counted.
DIALOGUES = ('appliance/identity/directory/expired.py', 'appliance/identity/directory/login.py', 'appliance/identity/directory/password.py', 'appliance/identity/directory/resolving.py')
TRIES = re.compile(r'\b(authenticate|bind_as|login\.ask|login\.prove|password\.change|policy\.bind)\(')


def uncounted(path, text):
    """Where a module asks a directory for a person's password without counting."""
    return [f'{path}: count it by throttle.directory_tries' for _found in TRIES.findall(text)][:1] if 'directory_tries()' not in text else []


def test_whoever_tries_a_password_in_a_directory_counts_it():
    paths = [path for path in python_files('appliance') if path.as_posix() not in DIALOGUES]
    assert found_in(uncounted, paths) == []
    assert uncounted('planted.py', 'directory_login.authenticate(directory, login, password)') == ['planted.py: count it by throttle.directory_tries']


def test_the_places_that_do_are_known():
    """So that the pattern above is seen to find them."""
    assert [path.as_posix() for path in python_files('appliance') if TRIES.search(path.read_text()) and path.as_posix() not in DIALOGUES] == [
        'appliance/identity/accounts.py', 'appliance/identity/directory/probe.py', 'appliance/identity/password_changes.py']
