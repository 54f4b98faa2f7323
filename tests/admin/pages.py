"""A browser of the tests: signs in, sends forms with their token, and looks at every page it gets."""

import re
from html.parser import HTMLParser

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

APART = {"td", "th", "li", "p", "dd", "dt", "br", "option", "h1", "h2"}
VOID = {"meta", "link", "input", "br"}
UNTRANSLATED = re.compile(r">\s*[a-z_]+\.[a-z_]+(\.[a-z_]+)?\s*<")


class Page(HTMLParser):
    """A page read strictly: every element is closed in its turn, ids are unique, fields have labels."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: list[str] = []
        self.title = ""
        self.attributes: dict[str, dict[str, str | None]] = {}
        self.fields: dict[str, str] = {}
        self.labels: set[str] = set()
        self.named: list[tuple[str, str | None]] = []
        self.inline: list[str] = []
        self.words = ""
        self.feed(text)
        self.close()
        assert self.open == [], f"left open: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.attributes.setdefault(tag, given)
        if tag in APART:
            self.words += " "
        if "id" in given:
            self.ids.append(str(given["id"]))
        if tag == "label" and "for" in given:
            self.labels.add(str(given["for"]))
        self.inline += [name for name in given if name == "style" or name.startswith("on")]
        if tag in {"script", "style"} and "src" not in given:
            self.inline.append(tag)
        hidden = given.get("type") in {"hidden", "checkbox"}
        if tag in {"input", "textarea", "select"} and not hidden:
            self.named.append((tag, given.get("id")))
        if tag == "input" and given.get("name"):
            self.fields[str(given["name"])] = str(given.get("value") or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open[-1] == tag, f"</{tag}> while {self.open} are open"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "title":
            self.title += data
        self.words += data


def look(response: TestResponse) -> Page:
    """The page, judged: whoever fetches one judges it."""
    text = response.get_data(as_text=True)
    assert text.startswith("<!doctype html>")
    page = Page(text)
    assert page.title.strip(" –")
    assert len(page.ids) == len(set(page.ids))
    assert page.inline == []
    assert not UNTRANSLATED.search(re.sub(r"<(code|option|bdi)\b.*?</\1>", "", text, flags=re.DOTALL))
    html = page.attributes["html"]
    assert html["dir"] == {"fr": "ltr", "ar": "rtl"}[str(html["lang"])]
    for tag, id_ in page.named:
        assert id_ in page.labels, f"a {tag} without a label"
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    return page


class Browser:
    """One member of the staff at their browser."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()

    def get(self, path: str, status: int = 200) -> Page:
        response = self.client.get(path)
        assert response.status_code == status, (path, response.status_code)
        return look(response)

    def token(self) -> str:
        page = look(self.client.get("/staff/login", follow_redirects=True))
        return page.fields["token"]

    def post(self, path: str, status: int = 200, **fields: object) -> Page:
        """Send a form as the page would, and follow where it leads."""
        response = self.client.post(path, data={"token": self.token(), **fields}, follow_redirects=True)
        assert response.status_code == status, (path, response.status_code)
        return look(response)

    def log_in(self, login: str, password: str) -> Page:
        return self.post("/staff/login", login=login, password=password)
