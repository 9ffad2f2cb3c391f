"""The plugin `webhook`: who is told of what, over HTTP on this machine."""

from __future__ import annotations

import hashlib
import hmac
import http.server
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import onrecord_webhook
from onrecord import Ingestor, hookimpl
from onrecord.errors import ConfigError
from onrecord.testing import Sandbox


@dataclass
class Receiver:
    """A receiver that answers with the given statuses, one after the other, and then with 200."""

    answers: list[int] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/services/password"

    @property
    def told(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made.got.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(made.answers.pop(0) if made.answers else 200)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


class Unreachable(Ingestor):
    name, version = "unreachable", "1"

    def discover(self) -> Any:
        raise ConnectionError("no route to the source")


@hookimpl
def register_ingestors(register: Any) -> None:
    register(Unreachable())


def sandbox(folder: Path, failing: bool = True, **settings: Any) -> Sandbox:
    """A warehouse whose runs fail, or do not."""
    broken = ModuleType("broken")
    if failing:
        broken.register_ingestors = register_ingestors  # type: ignore[attr-defined]
    table = {"retry_seconds": 0.01, **settings}
    return Sandbox(
        folder / "warehouse",
        onrecord_webhook,
        *([broken] if failing else []),
        documents={"a": "One two three."},
        settings={"plugins": {"onrecord_webhook": table}},
    )


def test_without_an_address_nobody_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert sandbox(tmp_path).run().failed
    assert not any("webhook" in record.getMessage() for record in caplog.records)


def test_a_run_that_fails_is_told_of_in_words_and_figures(tmp_path: Path, receiver: Receiver) -> None:
    report = sandbox(tmp_path, urls=[receiver.url]).run()

    (told,) = receiver.told
    assert told["text"].splitlines()[0].startswith("onrecord: the run of ")
    assert "unreachable: could not list its documents: ConnectionError: no route to the source" in told["text"]
    assert (told["event"], told["status"], told["run_id"]) == ("run_finished", "failed", str(report.run.run_id))
    assert told["failed_steps"] == [
        {
            "stage": "ingest",
            "component": "unreachable",
            "status": "failed",
            "failed": 0,
            "message": "could not list its documents: ConnectionError: no route to the source",
        }
    ]
    assert receiver.got[0][0]["Content-Type"] == "application/json"
    assert "X-Onrecord-Signature" not in receiver.got[0][0]


def test_a_run_that_went_well_is_told_of_only_where_that_is_wanted(tmp_path: Path, receiver: Receiver) -> None:
    sandbox(tmp_path / "one", failing=False, urls=[receiver.url]).run()
    assert receiver.told == []

    sandbox(tmp_path / "two", failing=False, urls=[receiver.url], on=["completed"]).run()
    assert [told["status"] for told in receiver.told] == ["completed"]


@pytest.mark.parametrize("by", ["secret_variable", "secret_file"])
def test_a_message_is_signed_with_the_key(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    monkeypatch.setenv("HOOK_KEY", "hush")
    (tmp_path / "key").write_text("hush\n")
    where = "HOOK_KEY" if by == "secret_variable" else str(tmp_path / "key")
    sandbox(tmp_path, urls=[receiver.url], **{by: where}).run()

    headers, body = receiver.got[0]
    seconds, digest = (part.partition("=")[2] for part in headers["X-Onrecord-Signature"].split(","))
    assert digest == hmac.new(b"hush", f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()


def test_a_key_that_is_missing_is_told_of_before_it_is_needed(
    tmp_path: Path, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    report = sandbox(tmp_path, failing=False, urls=[receiver.url], secret_variable="NO_SUCH_KEY").run()

    assert not report.failed
    assert "no messages are sent: the environment variable NO_SUCH_KEY has no key" in caplog.text


def test_a_receiver_that_is_busy_is_tried_again(tmp_path: Path, receiver: Receiver) -> None:
    receiver.answers = [503, 429]
    sandbox(tmp_path, urls=[receiver.url], retries=2).run()

    assert len(receiver.got) == 3
    assert len({body for _, body in receiver.got}) == 1


def test_a_receiver_that_refuses_is_not_and_the_log_keeps_its_address_to_itself(
    tmp_path: Path, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.answers = [403]
    sandbox(tmp_path, urls=[receiver.url]).run()

    assert len(receiver.got) == 1
    assert f"webhook 127.0.0.1:{receiver.port}: not sent: it answers 403" in caplog.text
    assert "password" not in caplog.text


def test_a_receiver_that_is_down_keeps_neither_a_run_nor_another_receiver_from_anything(
    tmp_path: Path, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{probe.getsockname()[1]}/"
    made = sandbox(tmp_path, failing=False, urls=[nobody, receiver.url], on=["completed"], retries=1)

    assert made.run().run.status == "completed"
    assert len(receiver.got) == 1
    assert "not sent, tried 2 times: ConnectError" in caplog.text


def test_a_receiver_is_given_up_before_a_pause_that_would_take_longer_than_all_tries_may(
    tmp_path: Path, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.answers = [503] * 10
    sandbox(tmp_path, urls=[receiver.url], retries=9, retry_seconds=1000, total_seconds=30).run()

    assert len(receiver.got) == 1
    assert "not sent, tried once: it answers 503" in caplog.text


def test_receivers_are_told_when_the_warehouse_is_free_again(tmp_path: Path, receiver: Receiver) -> None:
    locked: list[bool] = []
    real = receiver.got

    class Watching(list):  # type: ignore[type-arg]
        def append(self, item: Any) -> None:
            locked.append((tmp_path / "warehouse" / "lock.json").exists())
            real.append(item)

    receiver.got = Watching()
    made = sandbox(tmp_path, urls=[receiver.url])
    made.run()

    assert locked == [False]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"urls": ["ftp://example.org/"]}, "must be an address that begins with http:// or https://"),
        ({"on": ["sometimes"]}, "Input should be 'completed', 'failed', 'interrupted' or 'killed'"),
        ({"secret_file": "a", "secret_variable": "A"}, "one of them is enough"),
        ({"url": "http://example.org"}, "is not a key of this table"),
    ],
)
def test_settings_that_do_not_fit_are_errors(tmp_path: Path, settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        sandbox(tmp_path, **settings).run()
