"""The right that each route states. A route that states none answers nobody (and fails tests/web/test_security.py)."""

from appliance.core import permissions
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
    """The view answers people with one of these roles (`employee`, `guest`).

    Others get 404, as if it were absent.
    """
    def mark(view):
        view.right = Allowed(frozenset(roles))
        return view
    return mark


def permitted(*names):
    """The view answers people with one of these permissions (`core.jobs.manage`); others read that it is not for them."""
    def mark(view):
        view.right = Permitted(names)
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
        """NotFound when the actor has none of the roles."""
        if not self.roles & actor.roles:
            raise NotFound()


class Permitted:
    """One of these permissions is asked. `roles` are those that surely have it."""

    is_public = is_by_token = False
    roles = frozenset({ADMINISTRATOR})

    def __init__(self, names):
        self.names = frozenset(names)

    def check(self, actor):
        """NotAllowed when the actor has none of the permissions."""
        if not self.names & permissions.of(actor):
            raise NotAllowed()
