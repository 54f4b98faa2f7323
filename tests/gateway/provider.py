"""Starting the fake provider and talking to it from a test."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class FakeProvider:
    """A running provider: `url` is its base address, `sent()` its ledger."""

    url: str
    ledger: Path
    http: urllib3.PoolManager

    def sent(self) -> list[dict[str, Any]]:
        lines = self.ledger.read_text(encoding="utf-8").splitlines() if self.ledger.exists() else []
        return [json.loads(line) for line in lines]

    def order(self, *behaviours: dict[str, Any], **orders: Any) -> None:
        """Behaviours for the coming messages; `reset=True`, `report=[…]`, `report_url=…` as the provider documents."""
        answer = self.http.request("POST", f"{self.url}/control", json={"next": list(behaviours), **orders})
        assert answer.status == 200

    def counts(self) -> dict[str, Any]:
        return self.http.request("GET", f"{self.url}/control").json()

    def call_back(self, message_id: str, status: str, **more: str) -> str:
        """Report a status now; what the hub answered (HTTP status, or the name of the fault)."""
        said = {"id": message_id, "status": status, **more}
        answer = self.http.request("POST", f"{self.url}/control/callback", json=said)
        assert answer.status == 200, answer.data
        return answer.json()["heard"]


@contextmanager
def fake_provider(ledger: Path, *, auth_token: str = "", secret: str = "", port: int = 0) -> Iterator[FakeProvider]:
    """A provider process that ends with the block; start it again on the same ledger and port to outlive a fault."""
    command = [sys.executable, "-m", "tests.gateway.fake_provider", "--port", str(port), "--ledger", str(ledger)]
    command += ["--auth-token", auth_token, "--secret", secret]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = process.stdout.readline().split()
        http = urllib3.PoolManager(retries=False, timeout=30)
        try:
            assert ready[:1] == ["ready"], "the fake provider did not start"
            yield FakeProvider(f"http://127.0.0.1:{ready[1]}", ledger, http)
        finally:
            http.clear()
            process.kill()
