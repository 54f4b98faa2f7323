"""Identity: one person with many addresses, several people behind one number."""

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Nothing yet."""
