"""Every view says who may call it. A test finds one that does not; among the staff's pages it is also refused."""

from collections.abc import Callable
from typing import Literal, TypeVar

from flask import Flask

Audience = Literal["everyone", "provider", "demonstration", "staff", "approver", "administrator"]
View = TypeVar("View", bound=Callable[..., object])
MARK = "sahti_open_to"


def open_to(audience: Audience) -> Callable[[View], View]:
    """Mark a view with who may call it."""

    def mark(view: View) -> View:
        setattr(view, MARK, audience)
        return view

    return mark


def unmarked(app: Flask) -> list[str]:
    """Endpoints whose view does not say who may call it (Flask's own static files apart)."""
    return [
        name for name, view in app.view_functions.items() if not hasattr(view, MARK) and not name.endswith("static")
    ]
