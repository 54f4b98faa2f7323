"""A campaign goes on whoever dies: the short form of the campaign of 100,000 in `make chaos`."""

import pytest

from tests.processes.campaigning import campaign
from tests.processes.system import running

pytestmark = [
    pytest.mark.processes,
    pytest.mark.loopback,
    pytest.mark.allow_hosts(["127.0.0.1"]),
    pytest.mark.timeout(180),
    pytest.mark.xdist_group("processes"),
]


def test_a_campaign_to_two_thousand_with_worker_queue_and_web_killed_in_its_middle() -> None:
    with running() as system:
        found = campaign(system, 2_000, patience=90)
    assert found.problems == [], found
    assert found.doubled == 0
    assert found.accepted + found.untaken == 2_000
    assert found.untaken < 200  # what two workers had in hand when they died
