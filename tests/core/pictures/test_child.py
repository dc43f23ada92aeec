"""The process that opens pictures: once it is locked in it reaches nothing, whatever a picture made of it."""
import ctypes
import json
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.core import storage
from appliance.core.errors import Invalid, StorageFull
from appliance.core.pictures import child, reading

pytestmark = pytest.mark.slow       # a process of its own for each case
# Run in place of the decoders, as code that a picture brought along might.
ATTACKS = {
    'reads a file': 'open("/etc/passwd").read()',
    'reads what is open beside it': 'import os; os.read(3, 1)',
    'lists a folder': 'os.listdir("/")',
    'writes a file': 'open("/tmp/planted", "w")',
    'removes a file': 'os.unlink(VICTIM)',
    'renames a file': 'os.rename(VICTIM, VICTIM + "2")',
    'opens a socket': 'socket.socket()',
    'opens one of the machine': 'socket.socket(socket.AF_UNIX)',
    'starts a program': 'subprocess.run(["/bin/true"])',
    'takes memory': 'bytearray(3 << 30)',
    'frees a descriptor and opens': 'os.close(0) or open("/etc/passwd")',
    'writes much': 'os.write(1, bytes(9 << 20)) < (9 << 20) and os.write(1, b"x")',
}
PROBE = '''
import os, socket, subprocess, sys
sys.path.insert(0, {folder!r})
import child
VICTIM = {victim!r}
child.warm_up()
child.lock_in()
try:
    {attack}
except BaseException as error:
    os.write(2, type(error).__name__.encode())
else:
    os.write(2, b"done")
os._exit(0)
'''


# Of Linux 5.13 and newer, where it was not left out.
HAS_LANDLOCK = ctypes.CDLL(None).syscall(child.LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), 1) > 0
BY_NAME = {'removes a file', 'renames a file'}


@pytest.mark.parametrize('attack', ATTACKS)
def test_locked_in(tmp_path, attack):
    if attack in BY_NAME and not HAS_LANDLOCK:
        pytest.skip('this kernel has no Landlock')
    victim = tmp_path / 'victim'
    victim.write_text('precious')
    probe = PROBE.format(folder=str(Path(child.__file__).parent), victim=str(victim), attack=ATTACKS[attack])
    with (tmp_path / 'answer').open('wb') as answer:
        done = subprocess.run([sys.executable, '-I', '-c', probe], stdin=subprocess.DEVNULL, stdout=answer, stderr=subprocess.PIPE, cwd=tmp_path)
    assert done.stderr != b'done' and victim.read_text() == 'precious'
    assert done.stderr or done.returncode < 0, 'the probe itself did not run'
    assert (tmp_path / 'answer').stat().st_size <= child.ANSWER_BYTES


def test_it_is_given_nothing_of_ours(tmp_path, monkeypatch):
    """Neither environment nor folder nor descriptors of the one that starts it."""
    monkeypatch.setenv('APPLIANCE_CONFIG', 'SECRET')
    _as_child(tmp_path, monkeypatch, 'import os, json; os.write(1, json.dumps({"refused": "no_picture"}).encode() + b"\\n");'
              'open(OUT, "w").write(json.dumps([dict(os.environ), os.listdir("."), sorted(os.listdir("/proc/self/fd"))]))')
    with pytest.raises(Invalid):
        _ask(tmp_path)
    environment, here, descriptors = json.loads((tmp_path / 'out').read_text())
    assert 'SECRET' not in str(environment) and here == []
    assert descriptors[:3] == ['0', '1', '2'] and len(descriptors) == 5        # its own two: what it writes, and the list


@pytest.mark.parametrize(('does', 'words'), [
    ('while True: pass', 'too much'), ('raise SystemExit(3)', 'too much'), ('import os; os.kill(os.getpid(), 11)', 'too much'),
    ('import time; time.sleep(60)', 'too much'), ('print("nonsense")', 'too much'), ('print("[1]")', 'too much'), ("print('{\"sizes\": [\"x\"]}')", 'too much'),
    ("print('{\"refused\": \"<b>words of its own</b>\"}')", 'damaged'), ("print('{\"sizes\": [4]}\\nhtml', end='')", 'damaged')])
def test_whatever_it_answers_is_a_refusal_in_our_words(tmp_path, monkeypatch, does, words):
    monkeypatch.setattr(reading, 'ANSWER_WITHIN_S', 1)
    _as_child(tmp_path, monkeypatch, does)
    with pytest.raises(Invalid) as refused:
        _ask(tmp_path)
    assert words in str(refused.value) and '<b>' not in str(refused.value)


@pytest.mark.parametrize('does', ["print('{\"sizes\": [400]}\\nshort')", "print('{\"sizes\": []}')"])
def test_a_cut_answer_is_a_full_disk(tmp_path, monkeypatch, does):
    _as_child(tmp_path, monkeypatch, does)
    with pytest.raises(StorageFull):
        _ask(tmp_path)


def _as_child(tmp_path, monkeypatch, code):
    (tmp_path / 'planted.py').write_text(code.replace('OUT', repr(str(tmp_path / 'out'))))
    monkeypatch.setattr(reading, 'CHILD', tmp_path / 'planted.py')


def _ask(tmp_path):
    storage.use_folder(tmp_path)
    with (tmp_path / 'planted.py').open('rb') as file:
        return reading.squares(file, [64])
