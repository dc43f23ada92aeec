"""Directories that take a connection and then do not do what a directory does. Small threads, real sockets."""

import contextlib
import socket
import threading

# RFC 4511, 4.14.2: an ExtendedResponse with result code success for message id 1.
GRANTED = bytes.fromhex('300c02010178070a010004000400')


@contextlib.contextmanager
def silent_server(behave):
    """Yield the port of a server that runs behave(connection, end) in a thread a connection until the block ends."""
    end = threading.Event()
    with socket.create_server(('127.0.0.1', 0)) as listening:
        listening.settimeout(0.1)
        threads = [threading.Thread(target=_accept, args=(listening, behave, end))]
        threads[0].start()
        try:
            yield listening.getsockname()[1]
        finally:
            end.set()
            threads[0].join()


def _accept(listening, behave, end):
    threads = []
    while not end.is_set():
        with contextlib.suppress(TimeoutError):
            connection, _address = listening.accept()
            threads.append(threading.Thread(target=_talk, args=(connection, behave, end)))
            threads[-1].start()
    for thread in threads:
        thread.join()


def _talk(connection, behave, end):
    with connection, contextlib.suppress(OSError):
        behave(connection, end)


def never_answer(connection, end):
    """Read nothing, say nothing: also what LDAPS without a handshake looks like."""
    end.wait()


def grant_then_silence(connection, end):
    """Grant StartTLS and leave the handshake unanswered."""
    connection.recv(4096)
    connection.sendall(GRANTED)
    end.wait()


def drip(connection, end):
    """Promise a long handshake and send it a byte at a time."""
    connection.recv(4096)
    connection.sendall(bytes.fromhex('1603034000'))
    while not end.wait(0.2):
        connection.sendall(b'\2')


def hang_up(connection, end):
    """Read a little and close."""
    connection.recv(16)


def answer_bind(code, words):
    """A behaviour: answer the first request, message id 1, with a bind response of this result code and these words."""
    text = words.encode()
    inner = bytes((0x0a, 1, code, 4, 0, 4, len(text))) + text
    message = bytes((2, 1, 1, 0x61, 0x81, len(inner))) + inner

    def behave(connection, end):
        connection.recv(4096)
        connection.sendall(bytes((0x30, 0x81, len(message))) + message)
        end.wait()
    return behave
