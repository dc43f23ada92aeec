"""What a browser calls itself, in a few words that a person recognises. Guesswork: only for showing."""

# In this order: Edge and Opera also say Chrome, Chrome also says Safari.
BROWSERS = (('Edg/', 'Edge'), ('OPR/', 'Opera'), ('Firefox/', 'Firefox'), ('Chrome/', 'Chrome'), ('Safari/', 'Safari'))
SYSTEMS = (('Android', 'Android'), ('iPhone', 'iPhone'), ('iPad', 'iPad'), ('Windows', 'Windows'), ('Mac OS X', 'macOS'), ('Linux', 'Linux'))


def describe(agent):
    """{name, is_phone} of a User-Agent: `Firefox · Windows`; its first words when we do not know it."""
    found = [next((name for mark, name in marks if mark in agent), '') for marks in (BROWSERS, SYSTEMS)]
    return {'name': ' · '.join(part for part in found if part) or agent[:40], 'is_phone': found[1] in ('Android', 'iPhone')}
