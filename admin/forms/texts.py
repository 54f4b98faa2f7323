"""Reads the texts of a flow from its page."""

from collections.abc import Callable, Iterable

from werkzeug.datastructures import MultiDict

from locales.catalog import FORMS

Texts = dict[str, dict[str, str]]


def read(form: MultiDict[str, str], shown: Iterable[str], shipped: Callable[[str, str], str]) -> Texts:
    """Texts that differ from the shipped ones, by key and form, from fields called `text:<key>:<form>`."""
    texts: Texts = {}
    for key in shown:
        for one in FORMS:
            typed = form.get(f"text:{key}:{one}")
            if typed is None:
                continue
            text = typed.replace("\r\n", "\n").strip()
            if text and text != shipped(key, one).strip():
                texts.setdefault(key, {})[one] = text
    return texts
