"""librdkafka's mock cluster: a Kafka in this process's memory, for the demo without Java.

In: nothing. Out: an `Embedded` whose `url` any Kafka client takes, and `create` for topics with a
chosen number of partitions. It is driven through librdkafka's public C functions, in the library
that `confluent_kafka` carries, since Python has no names for them.

The rules to remember: a partition keeps about 5 MB and then drops the oldest without a word; there
is no compaction, no admin client, no disk; and a group has **one** member, for the mock refuses the
SyncGroup of whoever is slower than the leader. A member that comes back waits until its former
self has timed out, twice its session if it is static: keep `session_timeout_ms` at 2000 or so.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from typing import Any

from confluent_kafka import cimpl

from services.shell.embedded.child import Embedded, EmbeddedError

RD_KAFKA_PRODUCER = 0
ALREADY_EXISTS = 36
_clusters: dict[str, MockCluster] = {}


class MockCluster:
    """One broker in this process, with group joins at once instead of after three seconds."""

    def __init__(self) -> None:
        configuration = _c("rd_kafka_conf_new", ctypes.c_void_p)()
        _c("rd_kafka_conf_set_log_cb", None)(_pointer(configuration), None)
        owner = _c("rd_kafka_new", ctypes.c_void_p)(
            RD_KAFKA_PRODUCER, _pointer(configuration), None, ctypes.c_size_t(0)
        )
        self._owner = _pointer(owner)
        self._cluster = _pointer(_c("rd_kafka_mock_cluster_new", ctypes.c_void_p)(self._owner, 1))
        _c("rd_kafka_mock_group_initial_rebalance_delay_ms", None)(self._cluster, 0)
        bootstraps = _c("rd_kafka_mock_cluster_bootstraps", ctypes.c_char_p)(self._cluster)
        self.url: str = bootstraps.decode()
        self._lock = threading.Lock()
        _clusters[self.url] = self

    def create(self, topic: str, partitions: int) -> None:
        """Create the topic; one that exists is left as it is. Raises `EmbeddedError` if refused."""
        code = _c("rd_kafka_mock_topic_create", ctypes.c_int)(
            self._cluster, topic.encode(), partitions, 1
        )
        # The mock's thread swallows the wake-up of a request that follows at once, and then sleeps
        # up to a second; half a millisecond lets it get that far (600 topics: 0.4 s, not 60).
        time.sleep(0.0005)
        if code not in (0, ALREADY_EXISTS):
            raise EmbeddedError(f"the mock cluster refused the topic {topic!r} (error {code})")

    def stop(self) -> None:
        with self._lock:
            if _clusters.pop(self.url, None) is self:
                _c("rd_kafka_mock_cluster_destroy", None)(self._cluster)
                _c("rd_kafka_destroy", None)(self._owner)


def _pointer(address: int | None) -> ctypes.c_void_p:
    if not address:
        raise EmbeddedError("librdkafka could not make a mock cluster: set KAFKA_BOOTSTRAP_SERVERS")
    return ctypes.c_void_p(address)


def _c(name: str, result: Any) -> Callable[..., Any]:
    function = getattr(ctypes.CDLL(cimpl.__file__), name)
    function.restype = result
    return function  # type: ignore[no-any-return]


def mock_at(url: str) -> MockCluster | None:
    """The mock cluster of this process that listens at `url`, if there is one."""
    return _clusters.get(url)


def start_mock_kafka() -> Embedded:
    """A fresh, empty mock cluster; it ends with `stop()` or with this process."""
    cluster = MockCluster()
    return Embedded("mock", cluster.url, close=cluster.stop)
