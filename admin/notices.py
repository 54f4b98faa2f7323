"""One line for the next page: what was done, or why not. Kept in the address as a word of the pages, never as text."""

from flask import redirect, url_for
from werkzeug.wrappers import Response


def back(endpoint: str, *, done: str | None = None, refused: str | None = None, **values: object) -> Response:
    """Go to a page and have it say one thing."""
    notice = {"done": done} if done and not refused else {"refused": refused} if refused else {}
    return redirect(url_for(endpoint, **values, **notice), 303)  # type: ignore[arg-type] # values of the address
