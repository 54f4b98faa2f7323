"""Promises seen from outside, on real processes: repeats in parallel, booking without Rasa, danger with everything down,
silence of logs and files."""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest
from sqlalchemy import select
from twilio.request_validator import RequestValidator

from bench.postgres import postgres
from bot.store.tables.care import appointments
from sms_gateway.types import HttpRequest
from tests import planted
from tests.processes import ledgers
from tests.processes.load import post, signed
from tests.processes.system import ROOT, TOKEN, System, running, wait

pytestmark = [
    pytest.mark.processes,
    pytest.mark.loopback,
    pytest.mark.allow_hosts(["127.0.0.1"]),
    pytest.mark.timeout(180),
    pytest.mark.xdist_group("processes"),
]

FRENCH, ARABIC = planted.BLEEDING, planted.NO_BREATH


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    with running() as made:  # no Rasa runs here
        yield made


def by_twilio(system: System, number: str, text: str, name: str) -> HttpRequest:
    """Signed by the vendor's own library, not by our reading of its rules."""
    url = f"{system.url}/channels/tw/inbound"
    form = {"MessageSid": name, "AccountSid": "AC1", "From": number, "To": "+212500000000", "Body": text}
    form |= {"NumMedia": "0", "FromCountry": "MA"}
    signature = RequestValidator(TOKEN).compute_signature(url, form)
    headers = {"x-twilio-signature": signature, "content-type": "application/x-www-form-urlencoded"}
    return HttpRequest("POST", url, headers, urlencode(form).encode())


def test_five_times_in_parallel_has_one_effect(system: System) -> None:
    together = threading.Barrier(5)
    request = by_twilio(system, "+212611111111", "Bonjour", "SM-five")

    def send() -> tuple[int, bytes]:
        together.wait()
        return post(request)

    with ThreadPoolExecutor(5) as pool:
        answers = [done.result() for done in [pool.submit(send) for _ in range(5)]]
    assert {status for status, _ in answers} == {200}
    assert len({body for _, body in answers}) == 1
    assert b"<Message>" in answers[0][1]
    with system.services() as services:
        assert ledgers.received(services)["tw", "SM-five"] == 1
        assert len([row for row in ledgers.rows(services) if row.number == "+212611111111"]) == 1


def test_a_visit_is_booked_without_rasa(system: System) -> None:
    talk = ["Bonjour je voudrais un rendez-vous", "1", "2", "1", "1", "1", "1"]
    answers = [
        post(by_twilio(system, "+212622222222", text, f"SM-book-{step}"))[1].decode() for step, text in enumerate(talk)
    ]
    with system.services() as services, services.database.read() as connection:
        booked = connection.execute(select(appointments.c.state)).scalars().all()
    assert booked == ["booked"], answers


def test_danger_is_answered_with_everything_down() -> None:
    with postgres() as server, running(database=server.url) as system:
        post(signed(system.url, "net", "+212633333333", "Bonjour", "before"))
        wait(lambda: len(system.provider.sent()) == 1, 20, "the first answer")
        server.stop()
        system.kill("queue")
        began = time.monotonic()
        answers = {
            channel: post(signed(system.url, channel, "+212633333333", text, f"danger-{channel}"))
            for channel, text in (("code", FRENCH), ("tw", ARABIC), ("net", FRENCH))
        }
        assert time.monotonic() - began < 15
        assert {status for status, _ in answers.values()} == {200}
        assert re.search(rb"\b(15|141|150)\b", answers["code"][1])
        assert re.search(r"[\u0600-\u06ff]{3}.*\b(15|141|150)\b", answers["tw"][1].decode(), re.DOTALL)
        said = system.provider.sent()
        assert len(said) == 2  # answered within the request
        assert re.search(r"\b(15|141|150)\b", said[1]["text"])
        # anything else is taken too, and answered when the database is back
        assert post(signed(system.url, "net", "+212644444444", "menu", "while-down"))[0] == 200
        server.start()
        wait(system.well, 60, "the whole system")

        def replayed() -> bool:
            with system.services() as services:
                stored = ledgers.received(services)
            wanted = [("code", "danger-code"), ("tw", "danger-tw"), ("net", "danger-net"), ("net", "while-down")]
            return all(stored[key] == 1 for key in wanted)

        wait(replayed, 60, "what was kept on disk")
        wait(lambda: any(line["to"] == "+212644444444" for line in system.provider.sent()), 60, "its answer")
        ledgers.silent(system, ["+212633333333", "+212644444444"], [FRENCH, ARABIC, *(line["text"] for line in said)])


def tried(system: System, *words: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "SAHTI_VAR": str(system.var), "SAHTI_PORT": str(system.port)}
    command = [sys.executable, "-m", "bot.cli", "channel", "test", *words]
    return subprocess.run(command, check=False, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)


def test_a_channel_is_tried_until_its_report_comes(system: System) -> None:
    number = "+212655555551"
    unknown = tried(system, "net", "--to", number)
    assert (unknown.returncode, "never written" in unknown.stderr) == (1, True)
    assert post(signed(system.url, "net", number, "Bonjour", "trial-0"))[0] == 200

    system.provider.order(report=["delivered"], report_url=f"{system.url}/channels/net/status")
    try:
        delivered = tried(system, "net", "--to", "0655555551")
        assert (delivered.returncode, delivered.stderr) == (0, "")
        assert delivered.stdout.split()[-1] == "delivered"
    finally:
        system.provider.order(report=[])
    silent = tried(system, "net", "--to", number, "--seconds", "2")
    assert (silent.returncode, "no report came" in silent.stderr) == (1, True)
    for wrong in (["nobody", "--to", number], ["code", "--to", number], ["net", "--to", "12"], ["net"]):
        ended = tried(system, *wrong)
        assert (ended.returncode, ended.stdout, bool(ended.stderr)) == (1, "", True)


def test_nothing_planted_is_found_in_logs_or_files(system: System) -> None:
    number, text = planted.OTHER_NUMBER, planted.ODD
    post(by_twilio(system, number, "Bonjour", "SM-planted-0"))
    post(by_twilio(system, number, "1", "SM-planted-1"))
    for step, channel in enumerate(("tw", "net", "code")):
        assert post(signed(system.url, channel, number, text, f"planted-{step}"))[0] == 200
    bad = signed(system.url, "net", number, text, "bad")
    assert post(HttpRequest("POST", bad.url, {**bad.headers, "x-sahti-signature": "no"}, bad.body))[0] == 403
    system.provider.order({"status": 400, "code": "rejected"})
    post(signed(system.url, "net", number, "menu", "planted-refused"))
    system.provider.order({"drop": "after"})
    post(signed(system.url, "net", number, "menu", "planted-lost"))
    with system.services() as services:
        wait(lambda: ledgers.settled(services), 60, "every message in a final state")
    ledgers.silent(system, [number], [text])
