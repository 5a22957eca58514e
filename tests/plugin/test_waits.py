"""No test in Python waits without a limit, and none lets time pass until something has happened."""

import ast
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parents[1]
# Functions that wait for ever without a `timeout`.
ENDLESS = {
    "subprocess": {"run", "call", "check_call", "check_output"},
    "requests": {"request", "get", "post", "put", "delete", "head", "patch"},
    "socket": {"create_connection"},
}
# Methods that wait for ever without an argument.
WAITING = {"wait", "join", "communicate", "result", "acquire"}
# Sleeping is for the pause between two looks, whose number is limited.
PAUSES = {"POLL_S", "SPAWN_POLL_S"}


def faults(source: str) -> Iterator[str]:
    """Yields the lines of calls without a limit."""
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call):
            continue
        match call.func:
            case ast.Attribute(ast.Name("time" | "asyncio"), "sleep"):
                pause = call.args[0]
                is_fault = not (isinstance(pause, ast.Name) and pause.id in PAUSES)
            case ast.Attribute(ast.Name(module), name) if name in ENDLESS.get(module, ()):
                is_positional = module == "socket" and len(call.args) > 1
                names = {each.arg for each in call.keywords}
                is_fault = not (is_positional or names & {"timeout", None})
            case ast.Attribute(_, name) if name in WAITING:
                is_fault = not (call.args or call.keywords)
            case _:
                is_fault = False
        if is_fault:
            yield f"{call.lineno}: {ast.unparse(call)[:80]}"


def test_calls_without_a_limit_are_found() -> None:
    endless = (
        "subprocess.run(['x'])",
        "requests.get('x', headers={})",
        "socket.create_connection(('x', 1))",
        "process.wait()",
        "thread.join()",
        "time.sleep(2)",
        "time.sleep(LIMIT_S)",
        "asyncio.sleep(2)",
    )
    assert [next(faults(each), "") for each in endless] == [f"1: {each}" for each in endless]
    limited = (
        "subprocess.run(['x'], timeout=1)",
        "requests.get('x', **more)",
        "socket.create_connection(('x', 1), LIMIT_S)",
        "process.wait(LIMIT_S)",
        "', '.join(names)",
        "time.sleep(POLL_S)",
    )
    assert [list(faults(each)) for each in limited] == [[]] * len(limited)


def test_every_wait_has_a_limit() -> None:
    sources = sorted(TESTS.rglob("*.py"))
    assert len(sources) > 60
    found = [
        f"{path.relative_to(TESTS)}:{fault}"
        for path in sources
        for fault in faults(path.read_text("utf-8"))
    ]
    assert found == []
