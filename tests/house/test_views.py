"""Every view says who may call it."""

from pathlib import Path
from typing import get_args

import pytest
from flask import Flask

from admin.app import attach
from bot.settings import load
from bot.web.access import MARK, Audience, unmarked
from bot.web.app import create_app
from bot.wiring import Services


@pytest.fixture(params=[True, False], ids=["demonstration", "production"])
def application(request: pytest.FixtureRequest, var: Path, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The very application that wsgi.py serves."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    services = Services(load({}, var=var, demo=request.param))
    app = create_app(services)
    attach(app, services)
    return app


def test_every_view_says_who_may_call_it(application: Flask) -> None:
    assert unmarked(application) == []
    said = {name: getattr(view, MARK) for name, view in application.view_functions.items() if hasattr(view, MARK)}
    assert said
    assert {name: who for name, who in said.items() if who not in get_args(Audience)} == {}


def test_a_view_that_does_not_say_is_found() -> None:
    app = Flask("probe")
    app.add_url_rule("/probe", "probe", lambda: "")
    assert "probe" in unmarked(app)


def test_simulated_phones_are_for_demonstrations_only(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    rules = {
        demo: [rule.rule for rule in create_app(Services(load({}, var=var, demo=demo))).url_map.iter_rules()]
        for demo in (True, False)
    }
    assert [rule for rule in rules[False] if rule.startswith("/phone")] == []
    assert [rule for rule in rules[True] if rule.startswith("/phone")]
