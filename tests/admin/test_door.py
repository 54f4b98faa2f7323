"""The door: signing in, lock-out, sessions, form tokens, roles."""

import re
from datetime import timedelta

import pytest

from admin.auth import NEEDS, POLICY, RANK
from bot.service import staffing
from bot.store import staff
from bot.web.access import MARK
from tests.admin.conftest import PASSWORD, QUICK, ROLES, House
from tests.admin.pages import look


def routes(house: House) -> list[tuple[str, str, str]]:
    """Every address of the staff's pages: (method, path with made-up ids, whom it is open to)."""
    found = []
    for rule in house.app.url_map.iter_rules():
        if rule.endpoint.startswith("staff.") and rule.endpoint != "staff.static":
            path = re.sub(r"<[^>]+>", "welcome", rule.rule)
            audience = getattr(house.app.view_functions[rule.endpoint], MARK)
            found += [(method, path, audience) for method in sorted((rule.methods or set()) & {"GET", "POST"})]
    return found


def test_every_route_says_who_may_call_it(house: House) -> None:
    assert {audience for *_, audience in routes(house)} == set(NEEDS)
    assert len(routes(house)) > 30


@pytest.mark.parametrize("login", [None, *ROLES])
def test_every_route_by_role(house: House, login: str | None) -> None:
    rank = RANK[ROLES[login]] if login else 0
    for method, path, audience in routes(house):
        if path in {"/staff/logout", "/staff/password"} and method == "POST":
            continue  # they would end the session; tests of their own look at them
        browser = house.browser(login)
        if method == "GET":
            response = browser.client.get(path)
        else:
            response = browser.client.post(path, data={"token": browser.token()})
        allowed = rank >= NEEDS[audience]
        to_login = (response.location or "").startswith("/staff/login")
        if rank == 0 and not allowed:
            assert response.status_code == 303, path
            assert to_login, path
        elif allowed:
            assert (path == "/staff/welcome") == (response.status_code == 404 and audience == "everyone"), path
            assert not to_login, path
            if audience != "staff":  # some pages of the staff have parts for administrators
                assert response.status_code != 403 or path == "/staff/login", path
        else:
            assert response.status_code == 403, path
            look(response)


def test_a_form_without_its_token_changes_nothing(house: House) -> None:
    browser = house.browser("admin")
    token = browser.token()
    for method, path, _ in routes(house):
        if method == "POST":
            for fields in ({}, {"token": ""}, {"token": "0" * 64}, {"token": "é"}):
                response = browser.client.post(path, data=fields)
                assert response.status_code == 400, path
                assert "expiré" in look(response).words
    other = house.browser("second")
    assert other.client.post("/staff/language", data={"token": token, "lang": "ar"}).status_code == 400
    assert 'dir="ltr"' in other.client.get("/staff/cases").get_data(as_text=True)


def test_signing_in_and_out(house: House) -> None:
    browser = house.browser()
    assert browser.client.get("/staff/people").location == "/staff/login?next=/staff/people"
    page = browser.post("/staff/login", login=" Admin ", password=PASSWORD, next="/staff/people")
    assert "Personnes" in page.title
    page = browser.post("/staff/logout")
    assert "Connexion" in page.title
    assert browser.client.get("/staff/people").status_code == 303


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/staff/", "//evil.example/staff/", "/\\evil.example", "/channels/x", "javascript:1"],
)
def test_after_signing_in_nobody_is_sent_elsewhere(house: House, address: str) -> None:
    browser = house.browser()
    data = {"token": browser.token(), "login": "admin", "password": PASSWORD, "next": address}
    assert browser.client.post("/staff/login", data=data).location == "/staff/"


def test_the_cookie_is_kept_from_scripts_and_other_sites(house: House) -> None:
    browser = house.browser()
    data = {"token": browser.token(), "login": "admin", "password": PASSWORD}
    cookies = browser.client.post("/staff/login", data=data).headers.getlist("Set-Cookie")
    session = next(one for one in cookies if one.startswith("sahti_staff="))
    assert {"HttpOnly", "Path=/staff", "SameSite=Lax"} <= set(session.split("; "))
    with house.services.database.read() as connection:
        value = session.partition(";")[0].partition("=")[2]
        assert staff.of_session(connection, value, house.clock()) is None
        assert staff.of_session(connection, staffing.hashed(value), house.clock()) is not None


def test_an_unknown_login_and_a_wrong_password_read_alike(house: House) -> None:
    browser = house.browser()
    unknown = browser.post("/staff/login", 403, login="nobody", password=PASSWORD).words
    wrong = browser.post("/staff/login", 403, login="admin", password="wrong").words
    assert unknown == wrong


def test_five_wrong_passwords_lock_the_account_for_a_quarter_of_an_hour(house: House) -> None:
    browser = house.browser()
    for _ in range(5):
        browser.post("/staff/login", 403, login="doctor", password="wrong")
    locked = browser.post("/staff/login", 403, login="doctor", password=PASSWORD)
    assert "15 minutes" in locked.words
    house.clock.advance(minutes=14)
    browser.post("/staff/login", 403, login="doctor", password=PASSWORD)
    house.clock.advance(minutes=2)
    browser.post("/staff/login", 403, login="doctor", password="wrong")
    assert "À répondre" in browser.log_in("doctor", PASSWORD).title
    house.browser("midwife").get("/staff/cases")


def test_a_right_password_forgets_the_wrong_ones(house: House) -> None:
    for _ in range(3):
        browser = house.browser()
        for _ in range(4):
            browser.post("/staff/login", 403, login="doctor", password="wrong")
        assert "À répondre" in browser.log_in("doctor", PASSWORD).title


def test_a_session_ends_when_nobody_uses_it_for_twelve_hours(house: House) -> None:
    browser = house.browser("midwife")
    for _ in range(3):
        house.clock.advance(hours=11)
        assert browser.client.get("/staff/people").status_code == 200
    house.clock.advance(hours=12, minutes=1)
    assert browser.client.get("/staff/people").status_code == 303


def test_a_one_time_password_must_be_changed_first(house: House) -> None:
    admin = house.browser("admin")
    page = admin.post("/staff/team", login="nurse", role="health_worker", language="ar")
    password = re.search(r"nurse: ?([a-z2-9-]{23})", page.words)
    assert password
    browser = house.browser()
    page = browser.log_in("nurse", password[1])
    assert "كلمة السر" in page.title
    assert browser.client.get("/staff/people").location == "/staff/password"
    new = "kelma jdida dyal bessah"
    for old, one, two in (("no", new, new), (password[1], "court", "court"), (password[1], new, new + "x")):
        browser.post("/staff/password", 400, old=old, new=one, again=two)
    page = browser.post("/staff/password", old=password[1], new=new, again=new)
    assert "انتظار" in page.title
    assert house.browser().log_in("nurse", new).title == page.title
    house.browser().post("/staff/login", 403, login="nurse", password=password[1])


def test_a_closed_account_is_out_at_once(house: House) -> None:
    worker, admin = house.browser("midwife"), house.browser("admin")
    with house.services.database.read() as connection:
        ids = {one.login: one.id for one in staff.everybody(connection)}
    admin.post(f"/staff/team/{ids['midwife']}/active", active="no")
    assert worker.client.get("/staff/people").status_code == 303
    house.browser().post("/staff/login", 403, login="midwife", password=PASSWORD)
    page = admin.post(f"/staff/team/{ids['admin']}/active", active="no")
    assert "son propre compte" in page.words


def test_the_first_administrator_is_made_once(any_house: House) -> None:
    database, clock, new_id = any_house.services.database, any_house.clock, any_house.services.new_id
    with database.write() as connection:
        assert staffing.first_administrator(connection, clock(), new_id) is None
        connection.execute(staff.staff_sessions.delete())
        connection.execute(staff.staff.delete())
        made = staffing.first_administrator(connection, clock(), new_id)
    assert made
    accounts = staffing.Staffing(database, clock, new_id, QUICK)
    token = accounts.log_in(*made)
    assert token
    who = accounts.who(token)
    assert who
    assert (who.role, who.must_change) == ("administrator", True)
    clock.advance(hours=13)
    assert accounts.who(token) is None


def test_lock_out_on_both_databases(any_house: House) -> None:
    services = any_house.services
    accounts = staffing.Staffing(services.database, any_house.clock, services.new_id, QUICK)
    assert [accounts.log_in("doctor", "wrong") for _ in range(5)] == [None] * 5
    assert accounts.log_in("doctor", PASSWORD) is None
    any_house.clock.now += timedelta(minutes=15, seconds=1)
    assert accounts.log_in("doctor", PASSWORD)


def test_acts_are_written_down(house: House) -> None:
    house.browser().post("/staff/login", 403, login="doctor", password="wrong")
    words = house.browser("admin").get("/staff/team").words
    assert "connexion refusée" in words
    assert "connexion" in words


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_errors_are_told_in_the_language_of_the_page(house: House, language: str) -> None:
    browser = house.browser("midwife")
    if language == "ar":
        browser.post("/staff/language", lang="ar", next="/staff/cases")
    titles = {"fr": ("introuvable", "refusé", "trop gros"), "ar": ("غير موجودة", "ممنوع", "كبير")}[language]
    assert titles[0] in browser.get("/staff/nothing/here", 404).title
    assert titles[1] in browser.get("/staff/team", 403).title
    response = browser.client.post("/staff/people", data={"token": browser.token(), "number": "0" * 1_100_000})
    assert response.status_code == 413
    assert titles[2] in look(response).title


def test_a_fault_shows_a_page_and_no_trace(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = house.browser("midwife")

    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("secret 0612345678")

    monkeypatch.setattr("bot.store.people.latest", breaks)
    response = browser.client.get("/staff/people")
    assert response.status_code == 500
    assert "Problème technique" in look(response).title
    assert "secret" not in response.get_data(as_text=True)


def test_the_policy_lets_no_foreign_script_in(house: House) -> None:
    response = house.browser().client.get("/staff/login")
    assert response.headers["Content-Security-Policy"] == POLICY
    assert response.headers["Cache-Control"] == "no-store"
    static = house.browser().client.get("/staff/static/staff.js")
    static.close()
    assert static.status_code == 200
    assert static.headers["Content-Security-Policy"] == POLICY


def test_a_nul_is_refused_politely(any_house: House) -> None:
    browser = any_house.browser("admin")
    for path in ("/staff/people/%00", "/staff/cases/a%00b", "/staff/flows/%00", "/staff/people?page=%00"):
        browser.get(path, 400)
    browser.post("/staff/people", 400, number="06\x0012345678")
    browser.post("/staff/team", 400, login="nurse\x00", role="approver", language="fr")
    any_house.browser().post("/staff/login", 400, login="ad\x00min", password="x")


@pytest.mark.parametrize(
    "said", ["\ufffe", "e" + "\u0301" * 100, "x" * 10_000, "\u202e<b>", "' OR 1=1 --", "{{7*7}}", "%s%n"]
)
def test_odd_texts_are_taken_or_refused_politely(any_house: House, said: str) -> None:
    browser = any_house.browser("admin")
    case = any_house.case(any_house.consenting("+212612345678"))
    statuses = {200, 302, 303, 400, 403, 404, 409}
    sends: tuple[tuple[str, dict[str, str]], ...] = (
        ("/staff/people", {"number": said}),
        (f"/staff/cases/{case}", {"text": said}),
        ("/staff/team", {"login": said, "role": said, "language": said}),
        ("/staff/campaigns/new", {"name": said, "channel": "sms", "per_minute": said, "text.fr": said}),
        (
            "/staff/campaigns/new",
            {"name": "x", "channel": "sms", "per_minute": "5", "facilities": said, "text.fr": said},
        ),
        ("/staff/flows/welcome", {"yaml": said, "keys": said, f"text:{said}:fr": said}),
        ("/staff/flows/welcome/try", {"form": "fr", "medium": "sms", "steps": "[]", "said": said}),
        ("/staff/language", {"lang": said, "next": said}),
    )
    for path, fields in sends:
        response = browser.client.post(path, data={"token": browser.token(), **fields})
        assert response.status_code in statuses, path
    for path in ("people", "campaigns", f"cases/{case}", "flows/welcome", "team"):
        browser.get(f"/staff/{path}")


def test_with_the_database_down_a_page_says_so(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.store.database import DatabaseDown

    browser = house.browser("midwife")

    def down(*_: object) -> None:
        raise DatabaseDown("gone")

    monkeypatch.setattr(house.services.database, "read", down)
    assert "Problème technique" in browser.get("/staff/people", 503).title
