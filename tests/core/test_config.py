"""The configuration file: each wrong thing is named with its line and what would be right."""

import pytest

from appliance.core import config

WELL = '[server]\naddress = 127.0.0.1:8080\n\n[data]\nfolder = data\n'


def load(tmp_path, text):
    path = tmp_path / 'config.ini'
    path.write_text(text)
    return config.load(path)


def test_relative_paths_start_at_the_file(tmp_path):
    loaded = load(tmp_path, WELL + '[database]\nurl = sqlite:///data/portal.db\n')
    assert loaded.data.folder == tmp_path / 'data'
    assert loaded.database.url == f'sqlite:///{tmp_path}/data/portal.db'
    assert loaded.repository == str(tmp_path / 'data' / 'backups') and not loaded.is_outside


@pytest.mark.parametrize('text, line, words', [
    ('[server]\nadress = x:1\n', 2, 'no such key'),
    ('[sever]\naddress = x:1\n', 1, 'no section'),
    ('[server]\n; a remark\naddress = 8080\n', 3, 'HOST:PORT'),
    ('[server]\nworkers = many\n', 2, 'whole number'),
    ('[server]\nworkers = 0\n', 2, 'from 1 to 64'),
    ('[server]\nworkers = ٣\n', 2, 'whole number'),
    ('[server]\npublic_address = http://portal.example\n', 2, 'loopback'),
    ('[server]\npublic_address = https://portal.example/path\n', 2, 'without a path'),
    ('[server]\npublic_address = https://portal.example:99999\n', 2, 'https://NAME'),
    ('[server]\npublic_address = https://[::1\n', 2, 'https://NAME'),
    ('[server]\ncontent_address = files.portal.example\n', 2, 'https://NAME'),
    ('[server]\ncontent_address = http://files.portal.example\n', 2, 'loopback'),
    ('[server]\ncontent_address = http://127.0.0.1:8080\n', 2, 'another name or another port'),
    ('[server]\npublic_address = https://Portal.example\ncontent_address = https://portal.example:443\n', 3, 'another name or another port'),
    ('[server]\nadmin_address = 0.0.0.0:1\n', 2, 'loopback'),
    ('[server]\nproxies = everybody\n', 2, 'networks'),
    ('[database]\nurl = mysql://x/y\n', 2, 'sqlite:///PATH'),
    ('[database]\nurl = sqlite://\n', 2, 'sqlite:///PATH'),
    ('[log]\nlevel = loud\n', 2, 'debug, info, warning or error'),
    ('[data]\nfolder =\n', 2, 'a path'),
    ('[backup]\nrepository = s3:host/bucket\n', 2, 'a folder'),
    ('address = x\n', 1, 'key = value'),
    ('[log]\nlevel = info\nlevel = debug\n', 3, 'already exists'),
])
def test_a_wrong_line_is_named(tmp_path, text, line, words):
    with pytest.raises(config.ConfigError) as refused:
        load(tmp_path, text)
    assert f'config.ini:{line}:' in str(refused.value) and words in str(refused.value)


@pytest.mark.parametrize('content', ['', 'http://localhost:8080', 'http://127.0.0.1:8443'])
def test_files_of_people_have_an_address_of_their_own(tmp_path, content):
    assert load(tmp_path, f'[server]\npublic_address = http://127.0.0.1:8080\ncontent_address = {content}\n').server.content_address == content


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(config.ConfigError, match='cannot be read'):
        config.load(tmp_path / 'absent.ini')
    (tmp_path / 'config.ini').write_bytes(b'\xff\xfe')
    with pytest.raises(config.ConfigError, match='UTF-8'):
        config.load(tmp_path / 'config.ini')


def test_a_repository_outside_the_data_folder_is_seen(tmp_path):
    assert load(tmp_path, WELL + f'[backup]\nrepository = {tmp_path}/elsewhere\n').is_outside
    assert not load(tmp_path, WELL + '[backup]\nrepository = data/../data/here\n').is_outside


def test_the_environment_names_the_file(tmp_path, monkeypatch):
    monkeypatch.setenv('APPLIANCE_CONFIG', str(tmp_path / 'mine.ini'))
    assert config.find() == tmp_path / 'mine.ini'
    assert config.find(tmp_path / 'other.ini') == tmp_path / 'other.ini'
