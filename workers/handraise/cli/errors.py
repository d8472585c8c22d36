"""The one exception by which a command says that it cannot go on."""

from __future__ import annotations


class UserError(Exception):
    """Something that the person at the terminal can mend.

    The message is one sentence for a terminal: what is wrong, and what to change. It starts in lower case, for it
    follows `handraise: `, and holds no text of a conversation. Chain the cause with `raise … from error`.
    """
