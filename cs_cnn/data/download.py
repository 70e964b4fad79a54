"""Downloads that end with the published file in the cache, or with one sentence and no file."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from cs_cnn.data.catalogue import Entry, File
from cs_cnn.data.places import VARIABLE, cached_path, sha256_of
from cs_cnn.errors import CsCnnError

_TIMEOUT = (10, 30)  # seconds: to connect, and between two pieces
_PIECE = 1 << 16
_READABLE_BY_ALL = 0o644  # the downloader's own files are private, but a class may share a cache


@contextlib.contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Hush pooch's own messages: the progress bar says the same."""
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _download(url: str, file: File, path: Path, progress: bool) -> str | None:
    """Try one address: return None when the file is in its place, or else why it is not.

    Raises
    ------
    CsCnnError
        When the file cannot be written, where another address would not help.
    """
    import pooch
    import requests
    from tqdm import tqdm

    bar = tqdm(total=file.size, desc=file.name, unit="B", unit_scale=True, ncols=79, disable=not progress)
    downloader = pooch.HTTPDownloader(
        progressbar=bar, chunk_size=_PIECE, timeout=_TIMEOUT, headers={"Accept-Encoding": "identity"}
    )
    try:
        with _quiet(pooch.get_logger()):
            pooch.retrieve(
                url, f"sha256:{file.sha256}", fname=path.name, path=path.parent, downloader=downloader
            )
        path.chmod(_READABLE_BY_ALL)
    except requests.HTTPError as error:
        assert error.response is not None  # it is the response that raised
        return f"answered {error.response.status_code} {error.response.reason}".rstrip()
    except requests.Timeout:
        return "did not answer in time"
    except requests.exceptions.ChunkedEncodingError:
        return "broke off before the end"
    except requests.ConnectionError:
        return "cannot be reached"
    except requests.RequestException as error:
        return f"failed ({type(error).__name__})"
    except ValueError:  # what pooch raises for a wrong hash
        return "sent something other than the published file (its SHA-256 differs)"
    except OSError as error:
        raise CsCnnError(
            f"Cannot write {path}: {error.strerror or error}; nothing was kept, so make room there or name "
            f"another folder in the environment variable {VARIABLE}."
        ) from error
    finally:
        bar.close()
        with contextlib.suppress(OSError):
            path.parent.rmdir()  # succeeds only when it is empty
    return None


def fetch(entry: Entry, *, progress: bool = True) -> dict[str, Path]:
    """Return the files of a data set from the cache, after downloading those that are missing or damaged.

    Parameters
    ----------
    entry : Entry
        A data set of kind ``"download"``.
    progress : bool, default True
        Whether to show a progress bar on the standard error output.

    Returns
    -------
    dict of str to pathlib.Path
        The path of every file, by name; each has the SHA-256 of the catalogue.

    Raises
    ------
    CsCnnError
        When no address gives the published file, or it cannot be written. No part of a file stays behind.
    """
    paths = {}
    for file in entry.files:
        path = paths[file.name] = cached_path(entry, file)
        damaged = path.exists()
        if damaged and path.is_file() and sha256_of(path) == file.sha256:
            continue
        reasons = []
        for url in file.urls:
            reason = _download(url, file, path, progress)
            if reason is None:
                break
            reasons.append(f"{urlsplit(url).netloc} {reason}")
        else:
            copy = "the damaged copy in the cache was left as it is" if damaged else "nothing of it was kept"
            raise CsCnnError(
                f"Cannot download {file.name} of {entry.name}: {'; '.join(reasons)}; {copy}, so try "
                f"`cs-cnn data fetch {entry.name}` again later, or put the file into {path.parent} yourself."
            )
    return paths
