"""Child processes that do not outlive the one that started them."""
import ctypes
import signal

PR_SET_PDEATHSIG = 1    # linux/prctl.h
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent():
    """For Popen(preexec_fn=...): have the kernel send SIGTERM when the parent ends in whatever way, kill -9 included."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
