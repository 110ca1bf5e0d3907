"""Which schedulers are worked with, and how one is reached in safety."""

from collections.abc import Iterator
from pathlib import Path

import dask
import pytest
from distributed.security import Security

from mnistreport.data.split import Split
from mnistreport.errors import UsageError
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
