"""Serve the built book on this machine (`make serve`)."""

from __future__ import annotations

import contextlib
import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import click

from tools.book import ROOT, SITE


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A file server that does not log."""

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine only, at any free port, and yield its address with a slash at the end."""
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


@click.command()
@click.option("--port", default=8000, show_default=True, help="Port on this machine; 0 takes any free one.")
def main(port: int) -> None:
    """Open book/_build/html on http://localhost."""
    if not (SITE / "index.html").is_file():
        raise click.ClickException(
            f"there is no book in {SITE.relative_to(ROOT)} yet; build it with: make book"
        )
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(SITE))
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        sentence = f"port {port} is taken ({error.strerror}); try another one: make serve PORT=8001"
        raise click.ClickException(sentence) from error
    with server:
        click.echo(f"The book is at http://localhost:{server.server_port}/ ; stop with Ctrl-C.")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo()


if __name__ == "__main__":
    main()
