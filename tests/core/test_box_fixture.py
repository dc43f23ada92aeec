"""The fixtures themselves: both engines are real and empty, and what one test writes the next does not see."""
import socket

import pytest

from appliance.core import db, migrations
from tests.guards import Escaped


@pytest.mark.parametrize('turn', [1, 2])
def test_box_is_migrated_and_empty(box, turn):
    assert db.is_sqlite() == (box.engine == 'sqlite')
    migrations.require_current()
    assert migrations.row_counts()['person'] == 0
    db.database.execute_sql("INSERT INTO setting (scope, name, value) VALUES ('', 'left over', '1')")
    assert migrations.row_counts()['setting'] == 1


@pytest.mark.parametrize('address', [('192.0.2.1', 80), ('127.0.0.1', 25)])
def test_nothing_leaves(address):
    with socket.socket() as outside, pytest.raises(Escaped):
        outside.connect(address)
    with pytest.raises(Escaped):
        socket.create_connection(('example.org', 80))
