"""The exceptions by which a command says that it cannot go on."""

from __future__ import annotations

from typing import ClassVar


class UserError(Exception):
    """Something that the person at the terminal can mend.

    The message is one sentence for a terminal: what is wrong, and what to change. It starts in lower case, for it
    follows `handraise: `, and holds no text of a conversation. Chain the cause with `raise … from error`.
    """

    exit_code: ClassVar[int] = 1


class UnusableInputError(UserError):
    """What was given holds nothing to work on: as wrong a usage as a file that is not there.

    It has an exit code of its own, since `replay --against` ends with 1 where it finds a difference.
    """

    exit_code = 2
