"""A process without a way out: `python -m appliance.core.enclosure web` becomes `appliance web`, for a portal that is started on trial.

Its one door is the listening socket whose descriptor $APPLIANCE_DOOR names; web finds it as if systemd had passed it. Two walls, neither of which needs a right: a filter in
the kernel (seccomp) under which it and all that it starts open no socket, connect none and send to no address, C libraries
included; and, where the kernel has none for this processor, a guard over everything that Python, and the client of directories, asks.
"""

import ctypes
import os
import platform
import runpy
import signal
import struct
import sys

from appliance.core.children import PR_SET_PDEATHSIG

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2        # linux/prctl.h, linux/seccomp.h
ALLOW, REFUSE = 0x7fff0000, 0x00050000 | 13                                 # SECCOMP_RET_ALLOW; SECCOMP_RET_ERRNO with EACCES
_LOAD, _IS, _IS_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06                  # linux/bpf_common.h
_NUMBER, _PROCESSOR, _FIFTH_LOW, _FIFTH_HIGH = 0, 4, 48, 52                 # offsets in struct seccomp_data
X32 = 0x40000000        # the same calls of x86_64 by other numbers
# {machine: (AUDIT_ARCH, sendto, what is refused whole)}: socket, connect, bind, socketpair, sendmsg, sendmmsg, io_uring_setup, and
# what takes a socket or a memory from another process: ptrace, process_vm_writev, pidfd_getfd.
_CALLS = {'x86_64': (0xc000003e, 44, (41, 42, 49, 53, 46, 307, 425, 101, 311, 438)),
          'aarch64': (0xc00000b7, 206, (198, 203, 200, 199, 211, 269, 425, 117, 271, 438))}
# What Python says of before it does it; `appliance.connect` is said by those whose library connects by itself.
GUARDED = frozenset({'socket.connect', 'socket.bind', 'socket.sendto', 'socket.sendmsg', 'socket.getaddrinfo', 'socket.gethostbyname',
                     'socket.gethostbyaddr', 'appliance.connect'})


class NoWayOut(PermissionError):
    """This process may reach nothing."""


def close_in():
    """Put up the walls around this process and all that it will start; whether the kernel's stands. There is no way back."""
    sys.addaudithook(_guard)
    return _filter()


def _guard(event, arguments):
    if event in GUARDED:
        raise NoWayOut(13, f'a portal on trial reaches nothing: {event}')


def _filter():
    """Have the kernel refuse (EACCES) every call that reaches out; False where we do not know the calls of this processor."""
    if platform.machine() not in _CALLS or sys.maxsize < 2**32:
        return False
    program = b''.join(struct.pack('HBBI', *line) for line in _program(*_CALLS[platform.machine()]))

    class Program(ctypes.Structure):        # struct sock_fprog
        _fields_ = (('count', ctypes.c_ushort), ('lines', ctypes.c_char_p))

    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    return libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(Program(len(program) // 8, program)), 0, 0) == 0


def _program(processor, sendto, refused):
    """The filter: (operation, steps when yes, steps when no, value) a line; steps count from the line after."""
    tail = [(_RETURN, 0, 0, ALLOW), (_RETURN, 0, 0, REFUSE)]
    # An answer on an open connection has no address; a datagram to somebody has one.
    sending = [(_IS, 0, 4, sendto), (_LOAD, 0, 0, _FIFTH_LOW), (_IS, 0, 3, 0), (_LOAD, 0, 0, _FIFTH_HIGH), (_IS, 0, 1, 0)]
    listed = [(_IS, len(refused) - place + len(sending), 0, number) for place, number in enumerate(refused)]
    after = len(listed) + len(sending) + 1
    return [(_LOAD, 0, 0, _PROCESSOR), (_IS, 0, after + 2, processor), (_LOAD, 0, 0, _NUMBER), (_IS_AT_LEAST, after, 0, X32),
            *listed, *sending, *tail]


def main(*arguments):
    """Become `appliance ARGUMENTS` behind the walls."""
    libc = ctypes.CDLL(None)
    # Workers go with the master also when it is killed.
    os.register_at_fork(after_in_child=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))
    if (door := os.environ.pop('APPLIANCE_DOOR', None)) is not None:
        os.dup2(int(door), 3)
        os.environ['LISTEN_PID'] = str(os.getpid())
    print(f'walls: {"kernel" if close_in() else "process"}', file=sys.stderr, flush=True)
    sys.argv = ['appliance', *arguments]
    runpy.run_module('appliance', run_name='__main__', alter_sys=True)


if __name__ == '__main__':
    main(*sys.argv[1:])
