"""config.example.ini documents every key with its default."""
import configparser

from appliance.core import config
from tests.contracts.sources import ROOT

EXAMPLE = ROOT / 'config.example.ini'


def test_example_holds_the_defaults():
    assert config.load(EXAMPLE) == config.Config(path=EXAMPLE)


def test_example_holds_every_key():
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(EXAMPLE)
    assert {name: set(parser[name]) for name in parser.sections()} == {
        name: set(readers) for name, (_, readers) in config.KEYS.items()}
