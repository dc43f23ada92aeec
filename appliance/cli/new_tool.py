"""`appliance new-tool NAME`: the bones of a tool of one's own, in a clone of the sources."""

import click

from appliance.cli import tool_bones
from appliance.cli.output import as_json_option, as_json_text


@click.command('new-tool')
@click.argument('name')
@click.option('--title', help='What people read in the menu; else the name with a capital.')
@click.option('--title-es', help='The same in Spanish; else as in English.')
@as_json_option
def command(name, title, title_es, as_json):
    """Write a new tool NAME into this clone: a small one that works, off by default, with its tests. NAME is its folder, its address and
    the beginning of its tables: 2 to 30 small letters, digits and _.
    """
    folder = tool_bones.clone()
    tool_bones.check_name(name)
    title = tool_bones.check_title(name.replace('_', ' ').capitalize() if title is None else title, '--title')
    title_es = title if title_es is None else tool_bones.check_title(title_es, '--title-es')
    found = tool_bones.files(name, title, title_es)
    tool_bones.write(folder, name, found)
    if as_json:
        print(as_json_text({'name': name, 'title': title, 'files': sorted(found)}))
        return
    print(f'''The tool {name} stands in appliance/tools/{name}, its tests in tests/tools/{name}.
It is off. To see it:    appliance migrate && appliance tool on {name}
To see that it is whole: .venv/bin/python -m pytest tests/tools/{name} tests/contracts
What stands where:       appliance/tools/README.md''')
