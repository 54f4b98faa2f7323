"""Versions of flows: drafts, the published one of each flow, and those before it. A published version never changes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from bot.store.tables.work import flow_versions

FIRST = 2
"""Version 1 is the one that ships with the release."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a flow: its YAML and the texts it brings along (key → form → text)."""

    id: str
    flow: str
    number: int
    yaml: str
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    state: str = "draft"
    note: str | None = None
    created_by: str | None = None
    published_at: datetime | None = None

    @property
    def in_force(self) -> bool:
        return self.state == "published"


def stamp(connection: Connection) -> str:
    """Changes whenever what is in force may have changed."""
    latest = select(func.count(), func.max(flow_versions.c.published_at)).where(flow_versions.c.state != "draft")
    count, when = connection.execute(latest).one()
    states = connection.scalar(select(func.count()).where(flow_versions.c.state == "published"))
    return f"{count}/{when}/{states}"


def published(connection: Connection) -> tuple[Version, ...]:
    """Every version that is or was in force: conversations may still be on an earlier one."""
    rows = connection.execute(
        select(flow_versions).where(flow_versions.c.state != "draft").order_by(flow_versions.c.version),
    )
    return tuple(_version(row) for row in rows)


def history(connection: Connection, flow: str) -> list[Version]:
    """All versions of a flow, the newest first."""
    query = select(flow_versions).where(flow_versions.c.flow == flow).order_by(flow_versions.c.version.desc())
    return [_version(row) for row in connection.execute(query)]


def get(connection: Connection, id_: str) -> Version | None:
    row = connection.execute(select(flow_versions).where(flow_versions.c.id == id_)).first()
    return _version(row) if row else None


def add_draft(connection: Connection, draft: Version, now: datetime) -> Version:
    """Keep a draft; its number follows the last one of its flow."""
    last = connection.scalar(select(func.max(flow_versions.c.version)).where(flow_versions.c.flow == draft.flow))
    number = max(FIRST, (last or 0) + 1)
    connection.execute(
        insert(flow_versions).values(
            id=draft.id,
            flow=draft.flow,
            version=number,
            yaml=draft.yaml,
            texts=json.dumps(draft.texts, ensure_ascii=False),
            state="draft",
            note=draft.note,
            created_by=draft.created_by,
            created_at=now,
        ),
    )
    return Version(draft.id, draft.flow, number, draft.yaml, draft.texts, "draft", draft.note, draft.created_by)


def change_draft(connection: Connection, id_: str, yaml: str, texts: Mapping[str, Mapping[str, str]]) -> bool:
    """Change a draft; False when it has been published meanwhile."""
    where = (flow_versions.c.id == id_, flow_versions.c.state == "draft")
    values = {"yaml": yaml, "texts": json.dumps(texts, ensure_ascii=False)}
    return connection.execute(update(flow_versions).where(*where).values(values)).rowcount == 1


def publish(connection: Connection, id_: str, now: datetime) -> None:
    """Put a version in force in place of its flow's current one. An earlier version is put back the same way."""
    version = get(connection, id_)
    if version is None:
        return
    current = (flow_versions.c.flow == version.flow, flow_versions.c.state == "published")
    connection.execute(update(flow_versions).where(*current).values(state="retired"))
    values = {"state": "published", "published_at": now}
    connection.execute(update(flow_versions).where(flow_versions.c.id == id_).values(values))


def withdraw(connection: Connection, flow: str, now: datetime) -> None:
    """Go back to the version that ships with the release."""
    current = (flow_versions.c.flow == flow, flow_versions.c.state == "published")
    connection.execute(update(flow_versions).where(*current).values(state="retired", published_at=now))


def _version(row: object) -> Version:
    get_ = row._mapping.__getitem__  # type: ignore[attr-defined] # noqa: SLF001 (SQLAlchemy's row)
    return Version(
        id=get_("id"),
        flow=get_("flow"),
        number=get_("version"),
        yaml=get_("yaml"),
        texts=json.loads(get_("texts")),
        state=get_("state"),
        note=get_("note"),
        created_by=get_("created_by"),
        published_at=get_("published_at"),
    )
