"""MNIST from Kaggle, one fixed version of one public data set, through ``kagglehub``."""

import io
import logging
import socket
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import redirect_stderr, redirect_stdout
from http import HTTPStatus
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import TypeVar
from urllib.parse import urlsplit

from mnistreport.errors import DataError

_T = TypeVar("_T")

HANDLE = "hojjatk/mnist-dataset/versions/1"
TITLE = "Kaggle data set hojjatk/mnist-dataset, version 1"

PROBE_SECONDS = 4.0
"""How long a connection may take to be made; kagglehub itself would wait without end."""
DOWNLOAD_SECONDS = 600.0
"""How long the download (23 MB) may take."""
OFFLINE_STEP = (
    "connect to the internet and try again, or download the data set from "
    "kaggle.com/datasets/hojjatk/mnist-dataset and put it into a folder “data”"
)


class KaggleError(DataError):
    """Kaggle's data set cannot be had; says why in one sentence."""


def fetch_from_kaggle() -> Path:
    """Return the folder with the data set's files, downloaded if they are not there yet.

    What kagglehub has in its own cache is used without any connection. Nothing is printed.

    Raises:
        KaggleError: Kaggle cannot be reached, refuses, or does not have the data set; or
            kagglehub is not installed.
    """
    if find_spec("kagglehub") is None:
        msg = "kagglehub is not installed"
        raise KaggleError(msg, next_step="install it with: pip install kagglehub")
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        return _fetch()


def _fetch() -> Path:
    try:
        from kagglehub import dataset_download  # takes half a second
        from requests import HTTPError, RequestException
    except ImportError as error:
        msg = f"kagglehub cannot be used ({error})"
        raise KaggleError(msg, next_step="install it again with: pip install kagglehub") from error
    logging.getLogger("kagglehub").setLevel(logging.CRITICAL)
    try:
        if not _is_cached():
            _probe()
        return Path(_within(DOWNLOAD_SECONDS, lambda: dataset_download(HANDLE)))
    except KaggleError:
        raise
    except HTTPError as error:
        status = getattr(error.response, "status_code", 0)
        if error.response is not None:
            error.response.close()  # kagglehub leaves it open
        raise _refusal(status) from error
    except RequestException as error:
        msg = "the connection to Kaggle failed"
        raise KaggleError(msg, next_step=OFFLINE_STEP) from error
    except TimeoutError as error:
        msg = f"Kaggle did not deliver within {DOWNLOAD_SECONDS / 60:.0f} minutes"
        raise KaggleError(msg, next_step=OFFLINE_STEP) from error
    except Exception as error:  # what kagglehub's parts raise, such as for a damaged archive
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        msg = f"kagglehub could not fetch Kaggle's data set ({reason})"
        raise KaggleError(msg, next_step=OFFLINE_STEP) from error


def _is_cached() -> bool:
    """Tell whether kagglehub has the complete data set already."""
    from kagglehub.cache import Cache
    from kagglehub.handle import parse_dataset_handle

    return Cache().load_from_cache(parse_dataset_handle(HANDLE)) is not None


def _probe() -> None:
    """Connect to Kaggle, or to the proxy on the way, and hang up: kagglehub has no time limit."""
    from urllib.request import getproxies, proxy_bypass

    from kagglesdk.kaggle_env import get_endpoint, get_env

    target = urlsplit(get_endpoint(get_env()))
    proxy = getproxies().get(target.scheme)
    if proxy and not proxy_bypass(target.hostname or ""):
        target = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    address = target.hostname or "", target.port or (443 if target.scheme == "https" else 80)
    try:  # in a thread of its own, since looking up a name has no time limit either
        _within(PROBE_SECONDS, lambda: socket.create_connection(address, PROBE_SECONDS).close())
    except OSError as error:
        raise _offline() from error


def _within(seconds: float, action: Callable[[], _T]) -> _T:
    """Return what ``action`` returns, or raise ``TimeoutError`` and leave it behind."""
    outcome: Future[_T] = Future()

    def act() -> None:
        try:
            outcome.set_result(action())
        except BaseException as error:  # noqa: BLE001 - raised again by result()
            outcome.set_exception(error)

    Thread(target=act, daemon=True).start()
    return outcome.result(timeout=seconds)


def _offline() -> KaggleError:
    return KaggleError("Kaggle could not be reached", next_step=OFFLINE_STEP)


def _refusal(status: int) -> KaggleError:
    """Say what an HTTP status means for the reader."""
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        step = "remove or renew the Kaggle credentials of this machine: the data set is public"
        return KaggleError("Kaggle refused access to its data set", next_step=step)
    if status == HTTPStatus.NOT_FOUND:
        msg = "Kaggle no longer has the data set hojjatk/mnist-dataset, version 1"
        return KaggleError(msg, next_step="download MNIST elsewhere and give its folder")
    return KaggleError(f"Kaggle answered with HTTP status {status}", next_step="try again later")
