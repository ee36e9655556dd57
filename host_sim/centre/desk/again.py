"""A form that was refused is shown again on its page, with the sentence above it and with what was typed in it.

Each form says where it stands (`AT`: the page's address, and which form of it). A refusal is answered by that page, drawn
as if it were asked for anew. Passwords and codes of an authenticator are typed again: their fields do not ask for `typed`.
"""

from http import HTTPStatus
from typing import Any

from fastapi import Request
from starlette.datastructures import FormData
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from host_sim.centre.desk.forms import own_path

AT = "at"


class Sent:
    """What one form sent, and `words`: why it was refused. A page asks for it while it draws the form with `form(action)`."""

    def __init__(self, form: FormData | None, words: str = "") -> None:
        self.words = words
        self._form = form or FormData()
        self._action = str(self._form.get(AT, "")).partition(" ")[2]
        self._drawn = ""

    def form(self, action: str) -> str:
        """The form of this action is drawn from here on. Writes nothing."""
        self._drawn = action
        return ""

    def typed(self, name: str, else_: Any) -> Any:
        """What stood in a field of the form that is drawn; otherwise `else_`."""
        return self._form.get(name, else_) if self._here else else_

    def marked(self, name: str, value: str, else_: bool = False) -> bool:
        """Whether a box or a choice was marked."""
        return value in self._form.getlist(name) if self._here else else_

    @property
    def _here(self) -> bool:
        return bool(self._action) and self._action == self._drawn


def sent_with(request: Request, status: int) -> Sent:
    """What the page fills its forms with: what the refused form sent, or nothing."""
    found: Sent | None = getattr(request.state, "again", None)
    return found or Sent(sent(request) if status >= HTTPStatus.BAD_REQUEST else None)


def sent(request: Request) -> FormData | None:
    """The form that this request brought, once it is known to be of this browser."""
    form: FormData | None = getattr(request.state, "sent", None)
    return form


class Again(Response):
    """The page of the form that `request` sent, with why it was refused."""

    def __init__(self, request: Request, words: str, status: int) -> None:
        super().__init__(status_code=status)
        self._request, self._words = request, words

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        form = self._request.state.sent
        path, _, query = page_of(form).partition("?")
        asked = {
            **{name: scope[name] for name in ("type", "asgi", "http_version", "scheme", "headers", "client", "server")},
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "state": {"again": Sent(form, self._words)},
        }

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                message = {**message, "status": self.status_code}
            await send(message)

        await self._request.app(asked, receive, answer)


def page_of(form: FormData | None) -> str:
    """The address of the page where this form stood; empty: it has none of its own."""
    page = str((form or FormData()).get(AT, "")).partition(" ")[0]
    return own_path(page) if page else ""
