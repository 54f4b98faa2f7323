"""A flood through both doors: answered, then acknowledged, then silence with a 2xx; danger is heard in the middle of it."""

from itertools import count

from tests.web.conftest import Door
from tests.web.test_bad_input import post, signed_form

name = count(1)


def say(door: Door, text: str, number: str) -> str:
    form = {"MessageSid": f"SMflood{next(name)}", "From": number, "To": "+212500000000", "Body": text}
    status, body = post(door, *signed_form("/channels/tw/inbound", form))
    assert status == 200
    return body.decode()


def test_a_flood_ends_in_silence_and_danger_is_still_heard(door: Door) -> None:
    number, before = "+212612345611", door.messages()
    answers = [say(door, "menu", number) for _ in range(30)]
    assert all("<Message>" in one for one in answers[:20])
    assert "141" in answers[20]
    assert {one.partition("?>")[2] for one in answers[21:]} == {"<Response/>"}
    assert "141" in say(door, "je saigne beaucoup", number)
    assert say(door, "STOP", number).count("<Message>") == 1
    assert door.messages() == before + 32


def test_a_machine_that_answers_is_not_answered(door: Door) -> None:
    assert "<Message>" not in say(door, "Réponse automatique : je suis absent.", "+212612345612")
    assert "<Message>" in say(door, "je suis absent demain", "+212612345612")


def test_a_stranger_abroad_gets_a_few_answers_and_help_in_danger(door: Door) -> None:
    answers = [say(door, f"bonjour {step}", "+33612345678") for step in range(14)]
    assert [("<Message>" in one) for one in answers] == [True] * 10 + [False] * 4
    assert "<Message>" in say(door, "je saigne beaucoup", "+33612345678")
