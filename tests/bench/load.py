"""Asking a server many times over kept connections, and the figures that come of it."""
import http.client
import itertools
import statistics
import threading
import time


def ask(port, path, count, connections=2, headers=None, body=None):
    """Ask `count` times over some connections at once; returns ([seconds, ...], [status, ...]). A `path` may be made for a turn's number;
    with a body it is POST.
    """
    times, statuses = [], []

    def run():
        connection = http.client.HTTPConnection('127.0.0.1', port, timeout=60)
        for turn in range(count // connections):
            begun = time.perf_counter()
            statuses.append(_status(connection, path(turn) if callable(path) else path, headers, body))
            times.append(time.perf_counter() - begun)
        connection.close()

    together(run, connections)
    return times, statuses


def at_rate(port, path, rate, seconds, headers=None, connections=32):
    """Ask so many times a second whatever the answers take, over some connections at once; ([seconds from the moment when each was due], [status])."""
    times, statuses, turns, begun = [], [], itertools.count(), time.perf_counter()

    def run():
        connection = http.client.HTTPConnection('127.0.0.1', port, timeout=60)
        while (turn := next(turns)) < rate * seconds:
            due = begun + turn / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            statuses.append(_status(connection, path, headers))
            times.append(time.perf_counter() - due)
        connection.close()

    together(run, connections)
    return times, statuses


def _status(connection, path, headers, body=None):
    connection.request('POST' if body else 'GET', path, body, headers=headers or {})
    answer = connection.getresponse()
    answer.read()
    return answer.status


def together(run, count, *arguments):
    """Run a function in that many threads and wait for all."""
    threads = [threading.Thread(target=run, args=arguments) for _number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def p50(values):
    return statistics.median(values)


def p99(values):
    """The value that one in a hundred exceeds."""
    return sorted(values)[max(0, int(len(values) * 0.99) - 1)]


def cpu_a_request(server, path, count, headers=None, connections=2, body=None):
    """Processor time of all the server's processes for one request, in ms; other processes' noise is not in it."""
    ask(server.port, path, 60, connections, headers, body)      # loads templates and catalogues
    before = server.cpu_ms()
    _times, statuses = ask(server.port, path, count, connections, headers, body)
    assert set(statuses) == {200}, f'{path}: {set(statuses)}'
    return (server.cpu_ms() - before) / len(statuses)
