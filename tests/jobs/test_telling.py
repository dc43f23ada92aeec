"""What jobs tells: sealed rows of the audit log go to syslog once, also when it was away; deliveries reach listeners."""
import json
import socket
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from appliance.core import audit, settings
from appliance.core.actor import SYSTEM
from appliance.core.db import write


def do(what, **data):
    with write('test'):
        audit.record(SYSTEM, what, 'core.thing:1', **data)


def test_sealed_rows_go_to_syslog_once(run_due):
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(('127.0.0.1', 0))
    listener.settimeout(2)
    settings.set_setting(SYSTEM, 'audit.syslog', f'udp://127.0.0.1:{listener.getsockname()[1]}')
    do('a.b.c', word='día')
    with listener, time_machine.travel(datetime.now(UTC) + timedelta(seconds=10)):
        run_due('core.audit')
        found = [listener.recv(65536).decode() for _number in range(2)]
        run_due('core.audit')
        listener.settimeout(0.1)
        with pytest.raises(TimeoutError):
            listener.recv(1)
    records = [json.loads(text.partition('\ufeff')[2]) for text in found]
    assert [one['what'] for one in records] == ['core.setting.changed', 'a.b.c'] and records[1]['data'] == {'word': 'día'}
    assert found[0].startswith('<86>1 20') and records[1]['seal'] == audit.seal_of(2)


def test_a_syslog_server_that_is_away_gets_them_later(run_due):
    with socket.create_server(('127.0.0.1', 0)) as server:
        port = server.getsockname()[1]
    settings.set_setting(SYSTEM, 'audit.syslog', f'tcp://127.0.0.1:{port}')
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=10)) as moving:
        run_due('core.audit')
        assert audit.mark('forwarded') == 0
        with socket.create_server(('127.0.0.1', port)) as server:
            do('a.b.c')
            moving.shift(10)
            run_due('core.audit')
            connection, _address = server.accept()
            with connection:
                text = connection.recv(65536).decode()
        assert audit.mark('forwarded') == 2
    length, _space, rest = text.partition(' ')
    assert rest.startswith('<86>1 ') and rest.encode()[int(length):].split(b' ')[0].isdigit()
