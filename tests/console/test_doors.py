"""The door of the console: who gets in, for how long, who may act, and what no answer lacks."""

from __future__ import annotations

import re
import stat
from html import unescape
from pathlib import Path

import pytest

from orchestrator.console.accounts import Accounts, Role
from orchestrator.console.guard import HEADERS, within
from orchestrator.console.limits import ABSOLUTE_S, FAILURES_FREE, IDLE_S, LOCK_MAX_S, LOCK_S
from orchestrator.console.lockout import Lockout
from orchestrator.console.logbook import logbook_of
from orchestrator.console.pages import PLACES
from orchestrator.console.press import edition
from orchestrator.console.server import console
from orchestrator.console.state import State
from orchestrator.errors import StoreError, UsageError
from tests.console.shop import Shop
from tests.console.visiting import PASSWORD, Visitor

READ = [place.path for place in PLACES if not place.acts]
ACTS = [place.path for place in PLACES if place.acts]


class Time:
    """Monotone seconds that stand still until told."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_who_is_not_logged_in_is_led_to_the_login_and_back(shop: Shop) -> None:
    visitor = Visitor(shop)
    for path in READ:
        answer = visitor.get(f"{path}?q=1")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/login?to={path}%3Fq%3D1")
        assert "customer-" not in answer.text


def test_nobody_acts_without_a_login_and_no_viewer_does(shop: Shop) -> None:
    nobody, viewer = Visitor(shop), Visitor(shop).entered("vito", Role.viewer)
    form = {"reason": "because", "switch": "kill", "on": "1", "token": viewer.token("/engine")}
    for path in ACTS:
        assert nobody.send(path, form).headers["location"] == "/login"
        assert viewer.send(path, form).status_code == 403
    assert shop.file.orders() == []


def test_a_viewer_sees_no_way_to_act(shop: Shop) -> None:
    viewer = Visitor(shop).entered("vito", Role.viewer)
    for path in ("/engine", "/letters", "/doubts", "/approvals", "/customer?id=u:poison"):
        page = viewer.get(path).text
        assert not any(word in page for word in ("/switch?", "/redrive?", "/settle?", "/end?", "/approve?")), path


def test_the_session_is_a_new_one_at_each_login_and_its_cookie_is_kept_from_scripts(shop: Shop) -> None:
    visitor = Visitor(shop).entered("olga", Role.operator)
    first = visitor.cookies["console"]
    answer = visitor.log_in("olga")
    cookie = answer.headers["set-cookie"]
    assert visitor.cookies["console"] != first
    assert all(word in cookie for word in ("HttpOnly", "SameSite=strict", "Path=/"))
    visitor.cookies["console"] = first
    assert visitor.get("/engine").status_code == 303


def test_behind_tls_the_cookie_goes_by_nothing_else(shop: Shop) -> None:
    visitor = Visitor(shop, https=True)
    visitor.accounts.put("olga", Role.operator, PASSWORD, 1)
    answer = visitor.log_in("olga")
    assert "__Host-console=" in answer.headers["set-cookie"]
    assert "Secure" in answer.headers["set-cookie"]
    assert visitor.get("/engine").headers["strict-transport-security"]


def test_a_session_ends_when_nobody_is_there_and_a_page_that_follows_is_nobody(shop: Shop) -> None:
    time = Time()
    visitor = Visitor(shop, now=time).entered("olga", Role.operator)
    for _ in range(3):
        time.now += IDLE_S / 2
        assert visitor.get("/engine").status_code == 200
    for _ in range(2):
        time.now += IDLE_S / 2
        assert visitor.get("/engine", **{"hx-request": "true"}).status_code == 200
    time.now += 1
    assert visitor.get("/engine", **{"hx-request": "true"}).headers["hx-redirect"] == "/login"
    assert visitor.get("/engine").status_code == 303


def test_a_session_ends_whoever_is_there(shop: Shop) -> None:
    time = Time()
    visitor = Visitor(shop, now=time).entered("olga", Role.operator)
    for _ in range(int(ABSOLUTE_S / IDLE_S)):
        time.now += IDLE_S
        assert visitor.get("/engine").status_code == 200
    time.now += 1
    assert visitor.get("/engine").status_code == 303


def test_logging_out_ends_the_session_and_wants_its_token(shop: Shop) -> None:
    visitor = Visitor(shop).entered("olga", Role.operator)
    kept = visitor.cookies["console"]
    visitor.send("/logout", {"token": "no"})
    visitor.cookies["console"] = kept
    assert visitor.get("/engine").status_code == 200
    visitor.act("/logout", {})
    visitor.cookies["console"] = kept
    assert visitor.get("/engine").status_code == 303


def test_an_account_that_is_removed_or_changed_is_out_at_once(shop: Shop) -> None:
    visitor = Visitor(shop).entered("gone", Role.operator)
    visitor.accounts.put("gone", Role.viewer, PASSWORD, 2)
    assert visitor.get("/engine").status_code == 303
    assert visitor.log_in("gone").status_code == 303
    visitor.accounts.remove("gone")
    assert visitor.get("/engine").status_code == 303


def test_a_form_without_its_sessions_token_does_nothing(shop: Shop) -> None:
    one, other = (Visitor(shop).entered(name, Role.operator) for name in ("olga", "otto"))
    form = {"switch": "kill", "on": "1", "reason": "a drill"}
    for token in ("", "x", "é", other.token("/engine")):
        assert one.send("/switch", {**form, "token": token}).status_code == 400
    assert one.send("/switch", form).status_code == 400
    assert shop.file.orders() == []


def test_a_form_from_elsewhere_does_nothing(shop: Shop) -> None:
    visitor = Visitor(shop).entered("olga", Role.operator)
    form = {"switch": "kill", "on": "1", "reason": "a drill", "token": visitor.token("/engine")}
    others = (
        {"origin": "https://evil.example"},
        {"origin": "null"},
        *({"sec_fetch_site": site} for site in ("cross-site", "same-site")),
    )
    for headers in others:
        assert visitor.send("/switch", form, **headers).status_code == 400
    assert shop.file.orders() == []


def test_what_is_no_form_or_too_much_of_one_does_nothing(shop: Shop) -> None:
    visitor = Visitor(shop).entered("olga", Role.operator)
    token = visitor.token("/engine")
    assert visitor.ask("POST", "/switch", json={"token": token, "switch": "kill", "on": "1"}).status_code == 400
    assert visitor.send("/switch", {"token": token, "reason": "x" * 20_000}).status_code == 400
    assert visitor.send("/switch", {"token": token, **{f"f{n}": "1" for n in range(50)}}).status_code == 400
    assert shop.file.orders() == []


def test_a_login_form_without_its_own_cookie_lets_nobody_in(shop: Shop) -> None:
    visitor = Visitor(shop)
    visitor.accounts.put("olga", Role.operator, PASSWORD, 1)
    token = visitor.token("/login")
    visitor.cookies.clear()
    answer = visitor.send("/login", {"name": "olga", "password": PASSWORD, "token": token})
    assert answer.status_code == 403
    assert "console" not in visitor.cookies


def test_wrong_passwords_lock_the_account_and_the_right_one_too(shop: Shop) -> None:
    time = Time()
    visitor = Visitor(shop, now=time)
    visitor.accounts.put("olga", Role.operator, PASSWORD, 1)
    for _ in range(FAILURES_FREE):
        assert visitor.log_in("olga", "wrong wrong wrong").status_code == 403
    assert visitor.log_in("olga").status_code == 429
    time.now += LOCK_S
    assert visitor.log_in("olga").status_code == 303


def test_who_came_to_the_door_is_told_and_no_secret(empty: Shop) -> None:
    """Somebody typed the password where the name goes; guessing fills one entry, and pushes nothing out."""
    visitor = Visitor(empty)
    visitor.accounts.put("olga", Role.operator, PASSWORD, 1)
    for _ in range(FAILURES_FREE + 3):
        visitor.log_in("olga", "wrong wrong wrong")
    visitor.log_in(PASSWORD, "olga")
    book = logbook_of(visitor.accounts.path)
    book.note("given", "vito", 2, actor="root", role="viewer")
    book.note("removed", "vito", 3, actor="root")
    otto = Visitor(empty).entered("otto", Role.viewer)
    page = " ".join(otto.get("/audit").text.split())
    for words in (
        "<b>otto</b> logged in",
        f"<b>somebody</b> gave a wrong password for olga, {FAILURES_FREE} times",
        "<b>somebody</b> was locked out of olga, 4 times",
        "<b>somebody</b> gave a wrong password for a name that nobody has<",
        "<b>root</b> gave vito an account, or a new password: may look",
        "<b>root</b> removed the account of vito",
    ):
        assert words in page, words
    assert PASSWORD not in page
    assert PASSWORD.encode() not in book.path.read_bytes()
    assert "logged in" not in otto.get("/audit?show=deeds").text.partition("<ol")[2]
    empty.turn()
    assert "let program" not in otto.get("/audit?show=logins").text
    assert len(book.newest()) == 6


def test_the_audit_goes_on_where_a_page_ended(empty: Shop) -> None:
    otto = Visitor(empty).entered("otto", Role.viewer)
    book = logbook_of(otto.accounts.path)
    for number in range(70):
        book.note("given", f"n{number:02}", 10 + number // 7, actor="root", role="viewer")
    first = otto.get("/audit?show=logins").text
    (more,) = re.findall(r'href="(/audit\?[^"]*before=[^"]*)"', first)
    told = [re.findall(r"gave (n\d\d) an account", page) for page in (first, otto.get(unescape(more)).text)]
    assert [*told[0], *told[1]] == [f"n{number:02}" for number in reversed(range(70))]


def test_a_name_that_nobody_has_looks_like_any_other(shop: Shop) -> None:
    visitor = Visitor(shop)
    visitor.accounts.put("olga", Role.operator, PASSWORD, 1)
    answers = [visitor.log_in(name, "wrong wrong wrong") for name in ("olga", "nobody") for _ in range(FAILURES_FREE + 1)]
    known, unknown = answers[: FAILURES_FREE + 1], answers[FAILURES_FREE + 1 :]
    assert [one.status_code for one in known] == [one.status_code for one in unknown]


def test_each_lock_is_longer_than_the_one_before_up_to_a_bound() -> None:
    time = Time()
    lockout, waits = Lockout(time), []
    for _ in range(FAILURES_FREE + 12):
        lockout.failed("olga")
        waits.append(lockout.locked_for("olga"))
        time.now += waits[-1]
    assert waits[: FAILURES_FREE - 1] == [0] * (FAILURES_FREE - 1)
    assert waits[FAILURES_FREE - 1 : FAILURES_FREE + 2] == [LOCK_S, 2 * LOCK_S, 4 * LOCK_S]
    assert waits[-1] == LOCK_MAX_S
    lockout.passed("olga")
    assert lockout.locked_for("olga") == 0


def test_every_answer_bears_the_headers_errors_and_styles_too(shop: Shop) -> None:
    visitor = Visitor(shop).entered("olga", Role.operator)
    paths = (
        "/engine",
        "/login",
        "/nowhere",
        "/logout",
        f"/static/{edition()}/console.css",
        "/letter?row=no",
        "/static/old/console.css",
    )
    for path in paths:
        answer = visitor.get(path)
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS, path
    assert "unsafe" not in HEADERS["content-security-policy"]
    assert visitor.get("/engine").headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    ["https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil", "/a\r\nset-cookie: x", "", "javascript:alert(1)"],
)
def test_nothing_leads_out_of_the_console(shop: Shop, path: str) -> None:
    assert within(path) == "/"
    visitor = Visitor(shop)
    visitor.accounts.put("olga", Role.operator, PASSWORD, 1)
    assert visitor.log_in("olga", to=path).headers["location"] == "/"
    assert visitor.ask("GET", "/language/it", params={"to": path}).headers["location"] == "/"


def test_where_the_state_file_is_gone_it_is_said_and_nothing_more(empty: Shop) -> None:
    visitor = Visitor(empty).entered("olga", Role.operator)
    visitor.app = console(State(empty.state.with_name("gone.sqlite")), visitor.accounts)
    assert visitor.log_in("olga").status_code == 303
    answer = visitor.get("/engine")
    assert answer.status_code == 503
    assert "not a state file that can be read" in answer.text


def test_the_accounts_are_hashed_and_nobody_else_may_read_them(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path / "shop.accounts")  # as the command makes them
    accounts.put("olga", Role.operator, PASSWORD, 1)
    written = accounts.path.read_text(encoding="utf-8")
    assert "$argon2id$v=19$m=65536,t=3,p=4$" in written
    assert PASSWORD not in written
    assert stat.S_IMODE(accounts.path.stat().st_mode) == 0o600
    assert accounts.verify("olga", PASSWORD) is not None
    assert accounts.verify("olga", PASSWORD[:-1]) is None
    assert accounts.verify("otto", PASSWORD) is None


def test_a_second_process_sees_a_change_at_once(tmp_path: Path) -> None:
    one, other = Accounts(tmp_path / "accounts"), Accounts(tmp_path / "accounts")
    one.put("olga", Role.viewer, PASSWORD, 1)
    assert other.find("olga") == one.find("olga")
    one.put("olga", Role.operator, PASSWORD, 2)
    assert (found := other.find("olga")) is not None
    assert found.role is Role.operator
    one.remove("olga")
    assert other.every() == []


@pytest.mark.parametrize("name", ["", "a b", "../x", "é", "x" * 65, "-x", "a\n"])
def test_names_of_accounts_are_plain(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        Accounts(tmp_path / "accounts").put(name, Role.viewer, PASSWORD, 1)


@pytest.mark.parametrize("password", ["short", "x" * 257])
def test_passwords_have_a_length(tmp_path: Path, password: str) -> None:
    with pytest.raises(UsageError):
        Accounts(tmp_path / "accounts").put("olga", Role.viewer, password, 1)


def test_a_broken_file_of_accounts_lets_nobody_in(tmp_path: Path) -> None:
    (tmp_path / "accounts").write_text("{", encoding="utf-8")
    with pytest.raises(StoreError, match="cannot be read"):
        Accounts(tmp_path / "accounts").verify("olga", PASSWORD)
