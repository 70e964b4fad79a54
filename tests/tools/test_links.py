"""The check of outside addresses, against a server on this machine."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from tools import links
from tools.progress import StepFailed


class Answers(http.server.BaseHTTPRequestHandler):
    """Answer `/fine`, refuse programs at `/shy`, and know nothing else."""

    def do_GET(self) -> None:
        self.send_response({"/fine": 200, "/shy": 403}.get(self.path, 404))
        self.end_headers()

    do_HEAD = do_GET

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{made.server_port}"
    made.shutdown()


@pytest.fixture
def nobody() -> str:
    """Return an address where nobody listens."""
    with http.server.HTTPServer(("127.0.0.1", 0), Answers) as taken:
        return f"http://127.0.0.1:{taken.server_port}/"


def test_a_dead_address_is_told_from_a_shy_one(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "book"
    source.mkdir()
    (source / "_config.yml").write_text("title: t\nsphinx: {config: {linkcheck_retries: 1}}\n")
    (source / "_toc.yml").write_text("format: jb-book\nroot: index\n")
    lines = [f"- [{name}]({server}/{name})" for name in ("fine", "shy", "gone")]
    (source / "index.md").write_text("\n".join(["# t", "", *lines]))
    monkeypatch.setattr(links.book, "build", lambda: source)
    monkeypatch.setattr(links, "ROOT", tmp_path)
    monkeypatch.setattr(links, "WORKSHOP", tmp_path / "build")
    monkeypatch.setattr(links, "LOG", tmp_path / "links.log")
    monkeypatch.setattr(links.require_network, "__defaults__", ((server,), 2.0))
    result = CliRunner().invoke(links.main)
    assert result.exit_code == 1
    assert f"index.md:5: {server}/gone: 404" in result.output
    assert "3 addresses: 1 dead, 1 refuse programs, the others answer." in result.output
    assert "/shy:" not in result.output and "/fine:" not in result.output


def test_without_a_network_it_is_one_sentence(nobody: str) -> None:
    with pytest.raises(StepFailed, match=r"^Checking links needs the network, and none of .* from here\.$"):
        links.require_network([nobody], 1.0)


def test_an_answer_of_any_kind_is_a_network(server: str) -> None:
    links.require_network([f"{server}/gone"], 2.0)
