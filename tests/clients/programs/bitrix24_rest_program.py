"""What a script with bitrix24-rest does, run in that client's own environment: prints JSON of what it got."""
import asyncio
import json
import sys

from bitrix24 import Bitrix24, BitrixError


async def main(webhook):
    """Read lists over 50, filters whose `=` it does not escape, a batch; write; fail."""
    client = Bitrix24(webhook)

    async def failure(method, params=None):
        try:
            await client.callMethod(method, params or {})
        except BitrixError as error:
            return str(error.message)
        return 'no failure'

    found = {
        'all': [one['ID'] for one in await client.callMethod('user.get')],
        'from_100': [one['ID'] for one in await client.callMethod('user.get', {'filter': {'>=ID': 100}, 'select': ['ID']})],
        'not_1': (await client.callMethod('user.get', {'filter': {'!=ID': 1, '<=ID': 3}})),
        'ordered': (await client.callMethod('user.get', {'order': {'ID': 'DESC'}, 'filter': {'ID': [1, 2, 3]}})),
        'batch': await client.callMethod('batch', {'halt': 0, 'cmd': {'me': 'user.current', 'him': 'user.get?ID=$result[me][ID]'}}),
        'profile': await client.callMethod('profile'),
        'opened': (await client.callMethod('timeman.open'))['STATUS'],
        'closed': (await client.callMethod('timeman.close'))['STATUS'],
        'unknown_filter': await failure('user.get', {'filter': {'NOPE': 1}}),
        'unknown_method': await failure('no.such.method'),
    }
    print(json.dumps(found))


if __name__ == '__main__':
    asyncio.run(main(sys.argv[1]))
