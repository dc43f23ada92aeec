"""An address as somebody asks for it: what tests/addresses.py, and the addresses.py of each tool's tests, are lists of."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Example:
    """An address as somebody asks for it. `path` may name values of tests/browser/stage.py; `opens` is what to click there."""

    login: str | None
    path: str
    opens: str = ''

    def __str__(self):
        return f'{self.login or "stranger"} {self.path}{" opened" if self.opens else ""}'
