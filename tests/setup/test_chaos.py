"""`make chaos` says what it can do, and ends with 1 where a ledger does not agree."""

import pytest

from tests.processes import chaos, faults
from tests.processes.campaigning import Campaigned
from tests.processes.faults import Fault
from tests.processes.ledgers import Ledger


def test_it_lists_every_fault_and_refuses_what_it_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    assert chaos.main(["--list"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert listed == [*(fault.name for fault in faults.FAULTS), "campaign"]
    with pytest.raises(SystemExit) as ended:
        chaos.main(["--only", "no such fault"])
    assert ended.value.code == 2
    with pytest.raises(SystemExit) as helped:
        chaos.main(["--help"])
    assert helped.value.code == 0


def test_a_broken_ledger_ends_with_one(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[Fault] = []

    def suffered(fault: Fault, longer: float) -> bool:
        seen.append(fault)
        return fault.name != "queue full"

    monkeypatch.setattr(chaos, "_suffered", suffered)
    assert chaos.main(["--only", "queue", "--people", "0"]) == 1
    assert "broken: queue full" in capsys.readouterr().out
    assert [fault.name for fault in seen] == ["queue wiped and killed", "queue frozen", "queue full"]
    assert chaos.main(["--only", "frozen", "--people", "0"]) == 0
    assert "every ledger agrees" in capsys.readouterr().out


def test_ledgers_are_printed_with_what_is_wrong_with_them(capsys: pytest.CaptureFixture[str]) -> None:
    ledger = Ledger(10, 21, 10, 1, 9, 8, 10, 8, 0, 1, 2, 3.5, 4, 0.5, ["P1: 1 not stored exactly once"])
    chaos._tell(ledger, 60)  # noqa: SLF001
    chaos._count(Campaigned(100, 99, 0, 1, 2, {"sent": 99, "unknown": 1}, 4.0, ["P2: something"]))  # noqa: SLF001
    said = capsys.readouterr().out
    assert "sent 10  tries 21  answered 10  refused 1  stored 9  effects 8  accepted 8  doubled 0  lost 1" in said
    assert "BROKEN: P1: 1 not stored exactly once" in said
    assert "accepted 99  doubled 0" in said
    assert "BROKEN: P2: something" in said
