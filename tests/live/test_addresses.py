"""Where pages find the stream, and under which names it answers."""
import pytest

from appliance.core import config as configuration
from appliance.live.door import Door


@pytest.mark.parametrize(('public', 'live', 'address', 'hosts'), [
    ('https://portal.example', 'unix:/run/x.sock', '/live', {'portal.example': None, 'portal.example:443': None, 'PORTAL.example': None,
                                                             'portal.example:8082': 421}),
    ('https://portal.example:8443', '127.0.0.1:8082', '/live', {'portal.example:8443': None, 'portal.example': 421}),
    ('http://127.0.0.1:8080', '127.0.0.1:8082', 'http://127.0.0.1:8082/live', {'127.0.0.1:8080': None, '127.0.0.1:8082': None, '127.0.0.1:80': 421}),
    ('http://[::1]:8080', '[::1]:8082', 'http://[::1]:8082/live', {'[::1]:8082': None}),
    ('http://localhost:8080', '0.0.0.0:9000', 'http://localhost:9000/live', {'localhost:9000': None, '0.0.0.0:9000': 421}),
    ('http://127.0.0.1:8080', 'unix:/run/x.sock', '/live', {'127.0.0.1:8080': None})])
def test_where_pages_find_it(tmp_path, public, live, address, hosts):
    path = tmp_path / 'config.ini'
    path.write_text(f'[server]\npublic_address = {public}\n[live]\naddress = {live}\n')
    config = configuration.load(path)
    assert config.live_address == address
    assert {host: Door(config).refusal({'Host': host}) for host in hosts} == hosts
