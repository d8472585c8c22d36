"""What the pages work with."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from handraise.console.access import Access
from handraise.console.guard import Place
from handraise.console.live import Live
from handraise.console.log_reader import LogReader
from handraise.console.rendering import Renderer
from handraise.console.trial.trials import Trials
from handraise.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Services:
    """One of each, for every request."""

    settings: Settings
    access: Access
    place: Place
    renderer: Renderer
    log: LogReader
    live: Live
    trials: Trials


def services_of(request: Request) -> Services:
    """The services of the application that a request came to."""
    services = request.app.state.services
    if not isinstance(services, Services):
        raise TypeError("the application was made without its services")
    return services
