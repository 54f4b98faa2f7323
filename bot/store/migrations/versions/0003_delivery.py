"""Delivery: what pacing, fall-back and dead letters remember."""

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Nothing yet."""
