"""A wire between the portal and a directory that breaks, or carries a byte at a time."""
import contextlib
import selectors
import socket

from tests.ldap.silence import silent_server


@contextlib.contextmanager
def wire(port, answers=None, each_s=0.0):
    """The port of a way to 127.0.0.1:port that hangs up after so many bytes of answers; each_s: seconds before each byte of them."""
    def behave(connection, end):
        left = answers
        with socket.create_connection(('127.0.0.1', port)) as there, selectors.DefaultSelector() as ready:
            ready.register(connection, selectors.EVENT_READ, there)
            ready.register(there, selectors.EVENT_READ, connection)
            while not end.is_set():
                for key, _events in ready.select(0.1):
                    data = key.fileobj.recv(65536)
                    if not data:
                        return
                    if key.fileobj is connection:
                        there.sendall(data)
                        continue
                    part = data if left is None else data[:left]
                    for at in range(0, len(part), 1 if each_s else len(part) or 1):
                        if end.wait(each_s):
                            return
                        connection.sendall(part[at:at + 1] if each_s else part)
                    if left is not None:
                        left -= len(part)
                        if left == 0:
                            return
    with silent_server(behave) as here:
        yield here


@contextlib.contextmanager
def listener():
    """(port, list of what connected): nobody should."""
    came = []

    def behave(connection, end):
        came.append(connection.recv(4096))
    with silent_server(behave) as port:
        yield port, came
