"""What a script with fast-bitrix24 does, run in that client's own environment: prints JSON of what it got."""
import json
import sys
import warnings

import aiohttp
from fast_bitrix24 import Bitrix
from fast_bitrix24.server_response import ErrorInServerResponseException


def failure(call):
    """What a call ends with: the HTTP status, or what the client says."""
    try:
        call()
    except aiohttp.ClientResponseError as error:
        return error.status
    except (ErrorInServerResponseException, RuntimeError) as error:
        return str(error)
    return 'no failure'


def only(answer):
    """What call() got of one command: it answers a row below the label that it gave to the command."""
    found, = answer.values()
    return found


def main(webhook):
    """Read lists over 50, by filter and by ids, batches, single calls; write; fail."""
    warnings.simplefilter('error')
    client = Bitrix(webhook, verbose=False, requests_per_second=1000.0, request_pool_size=1000)
    found = {
        'all': [one['ID'] for one in client.get_all('user.get')],
        'filtered': [one['ID'] for one in client.get_all('user.get', {'filter': {'>=ID': 20, '<ID': 90, '@UF_DEPARTMENT': [1, 2, 3]}, 'select': ['ID', 'NAME']})],
        'departments': client.get_all('department.get'),
        'by_id': client.get_by_ID('user.get', [1, 2, 3]),
        'batch': client.call_batch({'halt': 0, 'cmd': {'me': 'user.current', 'mine': 'department.get?ID=$result[me][UF_DEPARTMENT][0]'}}),
        'call': client.call('user.search', {'FILTER': {'FIND': 'marta'}}),
        'raw': client.call('profile', raw=True)['result'],
    }
    found['opened'] = only(client.call('timeman.open', {'REPORT': 'hello'}))['STATUS']
    found['closed'] = only(client.call('timeman.close', {'REPORT': ''}))['STATUS']
    found['unknown_filter'] = failure(lambda: client.get_all('user.get', {'filter': {'NOPE': 1}}))
    found['unknown_method'] = failure(lambda: client.call('no.such.method', raw=True))
    found['in_a_batch'] = failure(lambda: client.call('no.such.method', [{'ID': 1}, {'ID': 2}]))
    print(json.dumps(found))


if __name__ == '__main__':
    main(sys.argv[1])
