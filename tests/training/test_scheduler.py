"""Which schedulers are worked with, and how one is reached in safety."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import dask
import pytest
from distributed.security import Security

from mnistreport.data.split import Split
from mnistreport.errors import EnvironmentFault, UsageError
from mnistreport.training import scheduler
from mnistreport.training.cluster import Cluster
from mnistreport.training.crew import WorkPlace
from mnistreport.training.events import Ended
from mnistreport.training.executors import train_experiments
from mnistreport.training.scheduler import check_scheduler
from tests.training.clusters import open_dask
from tests.training.small import MLP, make_experiment


@pytest.mark.parametrize(
    ("address", "used"),
    [
        ("127.0.0.1:8786", "tcp://127.0.0.1:8786"),
        ("localhost:8786", "tcp://127.0.0.1:8786"),
        ("tcp://[::1]:8786", "tcp://[::1]:8786"),
        ("tls://far.example:8786", "tls://far.example:8786"),
    ],
)
def test_here_or_sealed_is_good(address: str, used: str) -> None:
    """A scheduler of this machine, by the number that was found, and one that speaks TLS."""
    assert used == check_scheduler(address, insecure=False)


@pytest.mark.parametrize(
    "address",
    [
        "tcp://192.0.2.7:8786",
        "192.0.2.7:8786",
        "tcp://[2001:db8::1]:1",
        "tcp://[::ffff:192.0.2.7]:1",
        "0.0.0.0:8786",
        "localhost.invalid:1",
    ],
)
def test_elsewhere_in_clear_is_refused(address: str) -> None:
    """Without TLS another machine's scheduler is refused, unless that is what was asked for."""
    with pytest.raises(UsageError, match="is another machine") as caught:
        check_scheduler(address, insecure=False)
    assert "--insecure" in str(caught.value.problems[0].next_step)
    assert check_scheduler(address, insecure=True).endswith(address)


@pytest.mark.parametrize(
    "address",
    [
        *("", "8786", "localhost", "tcp://:1", "inproc://x:1", "tcp://a:99999", "tcp://[:1"),
        *("tcp://127.0.0.1@evil:1", "tcp://evil@127.0.0.1:1", "tcp://a:1/tcp://b:1", "ws://a:1"),
        *("tcp://10.0.0.1\t@127.0.0.1:1", " tcp://a:1", "tcp://a:1\n", "tcp://a:1?x", "TCP://a:1"),
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    """Nothing is guessed: what is checked is what is used, and nothing else is in it."""
    with pytest.raises(UsageError, match="is no scheduler's address"):
        check_scheduler(address, insecure=True)


def test_who_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Something listens there and is no scheduler: that is told in time."""
    monkeypatch.setattr(scheduler, "CONNECT_SECONDS", 1)
    monkeypatch.setattr(scheduler, "HANDSHAKE_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        began = time.monotonic()
        with pytest.raises(EnvironmentFault, match="no Dask scheduler answers at"):
            scheduler.connect_client(address)
        assert time.monotonic() - began < 10


def test_tls_without_certificates_is_told_at_once() -> None:
    """Nobody is called: the line says what is missing, and where to name it."""
    with pytest.raises(EnvironmentFault, match="names none") as caught:
        scheduler.connect_client("tls://127.0.0.1:9")
    assert "distributed.comm.tls" in str(caught.value.problems[0].next_step)


def test_certificates_that_are_not_there_are_told(tmp_path: Path) -> None:
    """A configuration that names a missing file is not taken for none."""
    names = ("ca-file", "client.key", "client.cert")
    settings = {f"distributed.comm.tls.{name}": str(tmp_path / "gone.pem") for name in names}
    with (
        dask.config.set(settings),
        pytest.raises(EnvironmentFault, match="cannot be used"),
    ):
        scheduler.connect_client("tls://127.0.0.1:9")


@pytest.fixture
def certificates(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A key and a certificate in files, which Dask's configuration names here and elsewhere."""
    made = Security.temporary()
    (tmp_path / "key.pem").write_text(made.tls_client_key)
    (tmp_path / "cert.pem").write_text(made.tls_client_cert)
    settings = {"ca-file": "cert.pem"}
    for role in ("client", "scheduler", "worker"):
        settings |= {f"{role}.key": "key.pem", f"{role}.cert": "cert.pem"}
    paths = {f"distributed.comm.tls.{k}": str(tmp_path / v) for k, v in settings.items()}
    with dask.config.set(paths):
        yield {
            f"DASK_{key.upper().replace('.', '__').replace('-', '_')}": value
            for key, value in paths.items()
        }


def test_training_over_tls(certificates: dict[str, str], place: WorkPlace, split: Split) -> None:
    """With certificates on all sides, a cluster is reached by TLS alone."""
    experiment = make_experiment(MLP, split=split.sha256)
    with open_dask(1, scheme="tls", **certificates) as cluster:
        assert cluster.address.startswith("tls://")
        *_, ended = train_experiments([experiment], place, Cluster(cluster.address))
    assert isinstance(ended, Ended)
    assert "finished" == ended.result.status
