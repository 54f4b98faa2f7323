"""How people call a health centre whose name is written "CS Agdal, Rabat": by its quarter or its town. PURE."""

from collections import Counter
from collections.abc import Mapping, Sequence

KINDS = frozenset(
    {"cs", "c.s", "csu", "csr", "centre", "center", "sante", "santé", "de", "م.ص", "مركز", "صحي", "المركز", "الصحي"}
)
"""Words for the kind of place, which alone name none."""


def spoken(names: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The names by id, and the parts of them that only one place has: a town with two centres names neither."""
    parts = {id_: [part for name in known for part in _parts(name)] for id_, known in names.items()}
    shared = Counter(part.casefold() for found in parts.values() for part in set(found))
    return {
        id_: [*known, *dict.fromkeys(part for part in parts[id_] if shared[part.casefold()] == 1)]
        for id_, known in names.items()
    }


def _parts(name: str) -> list[str]:
    found = []
    for piece in name.replace("،", ",").split(","):
        words = [word for word in piece.split() if word.casefold() not in KINDS]
        if words and " ".join(words) != name:
            found.append(" ".join(words))
    return found
