"""The table of granted addresses under many threads, as several requests of one adapter use it."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator

import pytest

from desist.enforce.pins import Pins

ADDRESS, PORT = "192.0.2.1", 443


@pytest.fixture
def restless() -> Iterator[None]:
    """Threads take turns as often as the interpreter lets them."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("restless")
def test_no_address_stays_open_where_threads_end_their_requests_together() -> None:
    """As many pins as unpins leave nothing granted, and none of them fails."""
    pins, errors = Pins(), []

    def work() -> None:
        for _ in range(4000):
            try:
                pins.pin("shop.test", (ADDRESS, "192.0.2.2"), PORT)()
            except Exception as error:
                errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert not pins.covers(ADDRESS, PORT)
    assert pins.granted("shop.test") == ()


def test_address_stays_open_until_the_last_of_its_requests_ends() -> None:
    """Two requests to one host: the first end closes nothing, the second closes the name and the address."""
    pins = Pins()
    first, second = (pins.pin("shop.test", (ADDRESS,), PORT) for _ in range(2))
    first()
    assert (pins.covers(ADDRESS, PORT), pins.granted("shop.test")) == (True, (ADDRESS,))
    second()
    assert (pins.covers(ADDRESS, PORT), pins.granted("shop.test")) == (False, ())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_forked_child_waits_for_no_thread_that_it_has_not() -> None:
    """A fork in the middle of another thread's writing: the child starts with an empty table that it can use."""
    pins, held, over = Pins(), threading.Event(), threading.Event()

    def hold() -> None:
        with pins._lock:
            held.set()
            over.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(60)
    child = os.fork()
    if child == 0:
        pins.clear()
        pins.pin("shop.test", (ADDRESS,), PORT)
        os._exit(0 if pins.covers(ADDRESS, PORT) else 1)
    _, status = os.waitpid(child, 0)
    over.set()
    thread.join()
    assert os.waitstatus_to_exitcode(status) == 0
