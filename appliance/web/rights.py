"""The right that each route states. A route that states none answers nobody (and fails tests/web/test_security.py)."""

from appliance.core.actor import ADMINISTRATOR, EMPLOYEE, GUEST
from appliance.core.errors import NotAllowed, NotFound

EVERYBODY = (EMPLOYEE, GUEST)


def public(why):
    """The view answers anybody, logged in or not; `why` is for the reader of the code."""
    def mark(view):
        view.right = Public(why)
        return view
    return mark


def allowed(*roles):
    """The view answers people with one of these roles (`employee`, `guest`, `administrator`).

    Others get 404, as if it were absent; only administration says openly that it is not for them.
    """
    def mark(view):
        view.right = Allowed(frozenset(roles))
        return view
    return mark


def by_token(why):
    """The view answers who brings a token, and asks for it itself: no cookie is read, so no other site can lend one."""
    def mark(view):
        view.right = ByToken(why)
        return view
    return mark


class Public:
    """Nothing is asked."""

    is_public, is_by_token = True, False

    def __init__(self, why):
        self.why = why

    def check(self, actor):
        """Everybody may."""


class ByToken:
    """A token is asked, by the view."""

    is_public, is_by_token = False, True

    def __init__(self, why):
        self.why = why

    def check(self, actor):
        """The view does."""


class Allowed:
    """One of these roles is asked."""

    is_public = is_by_token = False

    def __init__(self, roles):
        self.roles = roles

    def check(self, actor):
        """NotFound or NotAllowed when the actor has none of the roles."""
        if not self.roles & actor.roles:
            raise NotAllowed() if self.roles == {ADMINISTRATOR} else NotFound()
