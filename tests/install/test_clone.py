"""A clone on a bare Debian: `bin/run` gives a demo company one can log in to, `bin/test fast` passes."""
import json
import time

STARTED_WITHIN_S = 600
LOG_IN = r'''
import http.cookiejar, json, re, sys, urllib.parse, urllib.request
demo = json.load(open('var/demo.json'))
person = next(p for p in demo['people'] if p['role'] == sys.argv[1])
browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
page = browser.open(demo['address'] + '/login').read().decode()
fields = {name: re.search(f'name="{name}" value="([^"]+)"', page)[1] for name in ('csrf_token',)}
fields |= {'login': person['login'], 'password': demo['password']}
answer = browser.open(demo['address'] + '/login', urllib.parse.urlencode(fields).encode())
print(answer.url)
'''


def test_run_then_test_fast(bare, tmp_path, figure):
    """One guest for both: the second finds what the first installed, as it would for a person."""
    began = time.monotonic()
    run = bare.start('cd /srv/appliance && echo $$ > /run/bin-run.pid && exec bin/run', tmp_path / 'run.log')
    try:
        demo = _wait_for_demo(bare, run, tmp_path / 'run.log')
        figure(f'bin/run on a bare Debian: ready after {time.monotonic() - began:.0f} s')
        for role in ('administrator', 'employee'):    # a local account, and one that lives in the demo directory
            arrived = bare.run(f'cd /srv/appliance && python3 - {role}', stdin=LOG_IN).stdout.strip()
            assert not arrived.endswith('/login'), arrived
        assert {person['role'] for person in demo['people']} == {'administrator', 'head', 'employee', 'outsider', 'guest'}
    finally:
        bare.run('kill -INT $(cat /run/bin-run.pid)', status=None)
        run.wait(60)
    assert not (bare.root / 'srv/appliance/var/demo.json').exists()
    assert 'slapd' not in bare.run('systemctl list-unit-files --state=enabled --no-legend').stdout
    done = bare.run('cd /srv/appliance && bin/test fast', timeout=1200)
    figure(f'bin/test fast there: {done.stdout.strip().splitlines()[-1]}')


def _wait_for_demo(guest, run, log):
    path = guest.root / 'srv/appliance/var/demo.json'
    deadline = time.monotonic() + STARTED_WITHIN_S
    while not path.exists():
        assert run.poll() is None and time.monotonic() < deadline, log.read_text(errors='replace')[-6000:]
        time.sleep(1)
    return json.loads(path.read_text())
