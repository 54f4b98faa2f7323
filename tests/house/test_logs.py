"""What is handed to a log is counted, named and timed; never a number, a name or a text."""

import ast

from tests.house.tree import text, with_suffix

LEVELS = {"debug", "info", "warning", "error", "critical", "exception"}
PERSONAL = {
    "address", "addresses", "answer", "body", "contact", "from_", "message", "msisdn", "name_of", "number", "part", "parts",
    "password", "path", "phone", "reply", "request", "said", "secret", "sender", "text", "texts", "to", "token", "urn", "words",
}  # fmt: skip


def log_calls() -> list[tuple[str, ast.Call]]:
    return [
        (f"{path}:{node.lineno}", node)
        for path in with_suffix(".py", under=("admin", "bot", "nlu", "flows", "locales", "sms_gateway"))
        for node in ast.walk(ast.parse(text(path)))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in LEVELS
        and ast.unparse(node.func.value).rpartition(".")[2] in {"log", "logger", "_log"}
    ]


def test_a_log_line_is_a_fixed_event_with_named_facts() -> None:
    calls = log_calls()
    assert calls
    loose = [where for where, call in calls if len(call.args) != 1 or not isinstance(call.args[0], ast.Constant)]
    assert loose == []


def test_no_number_and_no_text_is_handed_to_a_log() -> None:
    personal = [
        f"{where} {keyword.arg}" for where, call in log_calls() for keyword in call.keywords if keyword.arg in PERSONAL
    ]
    assert personal == []


def test_a_fault_is_logged_by_its_kind_never_by_its_words() -> None:
    # an exception's text quotes what it stumbled over
    quoting = [
        f"{where} {ast.unparse(keyword.value)}"
        for where, call in log_calls()
        for keyword in call.keywords
        if keyword.arg in {"exc_info", "error"} or ast.unparse(keyword.value).startswith(("str(", "repr("))
    ]
    assert quoting == []
    assert [where for where, call in log_calls() if ast.unparse(call.func).endswith(".exception")] == []


def test_nothing_is_printed_where_messages_pass() -> None:
    printing = [
        f"{path}:{node.lineno}"
        for path in with_suffix(".py", under=("admin", "bot", "flows", "locales", "sms_gateway"))
        for node in ast.walk(ast.parse(text(path)))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"print", "traceback.print_exc"}
    ]
    assert printing == []
