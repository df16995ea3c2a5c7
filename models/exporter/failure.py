"""What can go wrong, as the C++ programs see it too (common/base/error.h)."""

from collections.abc import Sequence

DONE, INTERNAL, USAGE, BAD_INPUT = 0, 1, 2, 3  # exit codes


class Failure(Exception):
    """The text is one line; details follow it, one a line."""

    def __init__(self, text: str, details: Sequence[str] = ()):
        super().__init__(text)
        self.details = details


class UsageError(Failure):
    """An option that is unknown, missing or out of range. The text names option, value and bound."""


class InputError(Failure):
    """A file that cannot be used. The text names file, value and remedy."""


def first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
