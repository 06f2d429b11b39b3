"""The schemas for editors, in the real yaml-language-server: it offers, marks and explains what the workspace has."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.authoring.editing import write_schemas

SERVER = "yaml-language-server@1.25.0"
LIBRARY = Path(__file__).parents[2] / "rules" / "library"
INSTALL_S, ANSWER_S = 240, 60
AT = "¦"
"""Where the cursor stands."""

CAMPAIGN = """\
# yaml-language-server: $schema=../.schemas/campaign.schema.json
campaign: mine
stage: retention
topic: news
on: {event: Order Completed}
if: {">=": [{var: event.properties.total}, 50]}
then:
  - send: {template: welcome, channel: email}
"""


class Server:
    """yaml-language-server over stdio, as an editor speaks with it (LSP 3.17)."""

    def __init__(self, command: list[str], root: Path) -> None:
        self.root = root
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self._number = 0
        self._marked: dict[str, list[dict[str, Any]]] = {}
        given = {"processId": None, "rootUri": root.as_uri(), "capabilities": {"textDocument": {"completion": {}, "hover": {}}}}
        self.ask("initialize", given)
        self.tell("initialized", {})
        settings = {"yaml": {"validate": True, "completion": True, "hover": True, "schemaStore": {"enable": False}}}
        self.tell("workspace/didChangeConfiguration", {"settings": settings})

    def tell(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    def ask(self, method: str, params: Any) -> Any:
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        number = self._number
        while True:
            found = self._next()
            if found.get("id") == number and "method" not in found:
                return found.get("result")

    def diagnostics(self, uri: str) -> list[dict[str, Any]]:
        """What it marks in that document, once it has looked at it."""
        while uri not in self._marked:
            self._next()
        return self._marked.pop(uri)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._process.stdin.flush()

    def _next(self) -> dict[str, Any]:
        """The next message; what the server asks of an editor is answered with nothing."""
        out = self._process.stdout
        assert out is not None
        length = 0
        while (line := out.readline()).strip():
            name, _, value = line.decode().partition(":")
            length = int(value) if name.lower() == "content-length" else length
        assert length, "the language server has ended"
        found: dict[str, Any] = json.loads(out.read(length))
        if found.get("method") == "textDocument/publishDiagnostics":
            self._marked[found["params"]["uri"]] = found["params"]["diagnostics"]
        elif "method" in found and "id" in found:
            asked = found["params"].get("items", []) if found["method"] == "workspace/configuration" else None
            self._send({"id": found["id"], "result": [None] * len(asked) if asked is not None else None})
        return found


@pytest.fixture(scope="module")
def command() -> list[str]:
    """The server, installed once by npm into a folder that the next run finds again."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("EDITORS ARE NOT TESTED: there is no node with npm here (apt-get install nodejs npm)")
    home = Path(tempfile.gettempdir()) / SERVER.replace("@", "-")
    script = home / "node_modules/yaml-language-server/bin/yaml-language-server"
    if not script.exists():
        install = [npm, "install", "--prefix", str(home), "--no-audit", "--no-fund", "--ignore-scripts", SERVER]
        try:
            done = subprocess.run(install, check=False, capture_output=True, text=True, timeout=INSTALL_S)
        except subprocess.TimeoutExpired:
            pytest.skip(f"EDITORS ARE NOT TESTED: npm did not install {SERVER} within {INSTALL_S} s")
        if done.returncode:
            pytest.skip(f"EDITORS ARE NOT TESTED: npm could not install {SERVER}: {done.stderr.strip()[-300:]}")
    return [node, str(script), "--stdio"]


@pytest.fixture(scope="module")
def server(command: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    workspace = tmp_path_factory.mktemp("editor") / "shop"
    shutil.copytree(LIBRARY, workspace)
    write_schemas(workspace, lines=True)
    server = Server(command, workspace)
    yield server
    server.close()


_numbers = itertools.count()


def opened(server: Server, text: str, folder: str = "campaigns") -> tuple[str, dict[str, int]]:
    """Open the text as a new file of that folder; its address, and where the mark stands."""
    before, mark, after = text.partition(AT)
    uri = (server.root / folder / f"mine-{next(_numbers)}.yaml").as_uri()
    document = {"uri": uri, "languageId": "yaml", "version": 1, "text": before + after}
    server.tell("textDocument/didOpen", {"textDocument": document})
    line = before.count("\n")
    return uri, {"line": line, "character": len(before.rpartition("\n")[2])} if mark else {}


def offered(server: Server, text: str, folder: str = "campaigns") -> set[str]:
    uri, at = opened(server, text, folder)
    found = server.ask("textDocument/completion", {"textDocument": {"uri": uri}, "position": at})
    items = found["items"] if isinstance(found, dict) else found or []
    return {item["label"] for item in items}


@pytest.mark.parametrize(
    ("old", "new", "offers"),
    [
        ("event: Order Completed", f"event: {AT}", {"Order Completed", "Cart Updated", "Ticket Opened"}),
        ("template: welcome", f"template: {AT}", {"welcome", "cart-reminder"}),
        ("stage: retention", f"stage: {AT}", {"awareness", "loyalty", "lost"}),
        ("topic: news", f"topic: {AT}", {"reminders", "offers"}),
        ("event: Order Completed", f"segment: {AT}", {"regulars", "promoters"}),
        ("channel: email", f"channel: {AT}", {"email", "sms"}),
        (
            "var: event.properties.total",
            f"var: {AT}",
            {"event.properties.total", "profile.features.orders", "profile.traits.plan"},
        ),
        ("  - send: {template: welcome, channel: email}", f"  - move_to: {AT}", {"awareness", "lost"}),
        ("then:", f"{AT}\nthen:", {"goal", "holdout", "while"}),
    ],
)
def test_completion_offers_the_workspaces_own_names(server: Server, old: str, new: str, offers: set[str]) -> None:
    assert old in CAMPAIGN
    assert offers <= offered(server, CAMPAIGN.replace(old, new, 1))


def test_completion_knows_the_properties_of_the_event_that_happens(server: Server) -> None:
    line = "# yaml-language-server: $schema=../.schemas/tests.schema.json\n"
    text = f"{line}- test: x\n  given:\n    - event: Cart Updated\n      properties:\n        {AT}"
    assert {"cart_id", "total"} <= offered(server, text, "tests")


def test_valid_files_are_not_marked(server: Server) -> None:
    files = [
        path
        for pattern in ("*.yaml", "[!t]*/*.yaml", "tests/*.yaml", "templates/w*/**/template.yaml")
        for path in server.root.glob(pattern)
    ]
    assert len(files) > 50
    marked = {}
    for path in files:
        name = path.relative_to(server.root).as_posix()
        uri, _ = opened(server, path.read_text(encoding="utf-8"), name.rpartition("/")[0])
        marked[name] = [one["message"] for one in server.diagnostics(uri)]
    assert {name: told for name, told in marked.items() if told} == {}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Order Completed", "Order Complete"),
        ("template: welcome", "template: welcom"),
        ("stage: retention", "stage: retentoin"),
        ('">="', '"=>"'),
        ("topic:", "topik:"),
    ],
)
def test_a_wrong_name_is_marked_where_it_stands(server: Server, old: str, new: str) -> None:
    text = CAMPAIGN.replace("topic: news", "topic: offers").replace(old, new, 1)
    uri, _ = opened(server, text)
    lines = {one["range"]["start"]["line"] for one in server.diagnostics(uri)}
    wanted = text[: text.index(new)].count("\n")
    assert lines == {wanted}


@pytest.mark.parametrize(
    ("old", "words"),
    [
        ("topic", "The consent that its messages need"),
        ("event:", "An event of events/ arrives"),
        ("template", "A folder of templates/"),
        ('">="', "at least the second"),
    ],
)
def test_hovering_explains_a_setting(server: Server, old: str, words: str) -> None:
    uri, at = opened(server, CAMPAIGN.replace(old, old[:2] + AT + old[2:], 1))
    found = server.ask("textDocument/hover", {"textDocument": {"uri": uri}, "position": at})
    assert words in json.dumps(found, ensure_ascii=False)
