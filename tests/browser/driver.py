"""Playwright, once a process: a second one would find the event loop of the first."""
import atexit
import functools

from playwright.sync_api import sync_playwright


@functools.cache
def driver():
    """The Playwright of this process."""
    started = sync_playwright().start()
    atexit.register(started.stop)
    return started
