"""What bin/install writes where there is a keytab, and where there is none."""
import re

import jinja2
import pytest

from appliance.core import config as configuration
from appliance.core.limits import TICKET_BYTES
from tests.contracts.sources import ROOT

ROLES = ROOT / 'ansible' / 'roles'
KEYTAB = '/etc/appliance/http.keytab'
ANSWERS = {'address': 'portal.company.test', 'database': 'sqlite', 'backup_repository': ''}
FACTS = {'processor_vcpus': 2, 'all_ipv6_addresses': []}


def written(template, has_keytab, **values):
    """A template of a role as Ansible fills it in."""
    environment = jinja2.Environment(trim_blocks=True, undefined=jinja2.StrictUndefined)
    return environment.from_string((ROLES / template).read_text()).render(
        appliance_keytab_file={'stat': {'exists': has_keytab}}, appliance_answers=ANSWERS, ansible_facts=FACTS, appliance_content_port=8443,
        appliance_saved={}, **values)


@pytest.mark.parametrize(('has_keytab', 'values', 'sso'), [
    (False, {}, ('', '')), (True, {}, (KEYTAB, '')),
    (True, {'appliance_principal': 'HTTP/server01@COMPANY.TEST'}, (KEYTAB, 'HTTP/server01@COMPANY.TEST'))])
def test_the_configuration_names_the_keytab_where_there_is_one(tmp_path, has_keytab, values, sso):
    (tmp_path / 'config.ini').write_text(written('configuration/templates/config.ini', has_keytab, **values))
    found = configuration.load(tmp_path / 'config.ini').sso
    assert (found.keytab, found.principal) == sso


def test_nginx_takes_the_greatest_ticket_only_where_there_is_a_keytab():
    assert 'large_client_header_buffers' not in written('webserver/templates/appliance.conf', False)
    text = written('webserver/templates/appliance.conf', True)
    found = re.search(r'large_client_header_buffers 4 (\d+)k;', text)
    assert int(found[1]) * 1024 > TICKET_BYTES + len('Authorization: Negotiate ') + 2
    # In a server it would count for the default server of a port alone.
    assert found.start() < text.index('server {')
