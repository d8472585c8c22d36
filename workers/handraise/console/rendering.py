"""Pages from templates. Everything that comes from a conversation is escaped, and no template can switch that off."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse

from handraise.console import words
from handraise.console.access import Session

FOLDER: Final = Path(__file__).parent
STATIC: Final = FOLDER / "static"
_VERSION_LENGTH: Final = 12


class Renderer:
    """Fills templates; each knows the reader's session and the time of the request."""

    def __init__(self) -> None:
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals |= {"words": words, "static": _addresses().__getitem__}

    def page(self, request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:  # noqa: ANN401  # whatever the template names
        """Answer a request with a template."""
        return HTMLResponse(self.text(request, template, **values), status)

    def text(self, request: Request, template: str, **values: Any) -> str:  # noqa: ANN401  # whatever the template names
        """The same as text, for what is put together from several."""
        session: Session | None = request.state.session
        return self._environment.get_template(template).render(
            session=session,
            zone=session.timezone if session else UTC,
            now=datetime.now(UTC),
            path=request.url.path,
            partial=is_partial(request),
            **values,
        )


def is_partial(request: Request) -> bool:
    """Whether htmx asks for a part of the page that it shows."""
    return request.headers.get("hx-request") == "true"


def wants_part(request: Request) -> bool:
    """The same, save where htmx has lost the page that the browser went back to, and needs the whole of it."""
    return is_partial(request) and request.headers.get("hx-history-restore-request") != "true"


def _addresses() -> dict[str, str]:
    """The address of each static file, with what it holds in it, so that a browser may keep it for ever."""
    return {
        str(file.relative_to(STATIC)): f"/static/{file.relative_to(STATIC)}?{_version(file)}"
        for file in STATIC.rglob("*")
        if file.is_file()
    }


def _version(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:_VERSION_LENGTH]
