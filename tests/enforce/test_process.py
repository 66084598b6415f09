"""The process gate's parts: what may be spawned, imported, dialled; what settings derive; who did it."""

from __future__ import annotations

import functools
import importlib
import os
import shutil
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from scrapy.settings import Settings

from desist.enforce.derived import derived
from desist.enforce.destinations import Destinations
from desist.enforce.frames import culprit
from desist.enforce.imports import Imports
from desist.enforce.infra import Infra
from desist.enforce.marks import mark, scrapy_processes
from desist.enforce.names import exact, place_dialled, spelled
from desist.enforce.pins import PINS, Pins
from desist.enforce.process import ProcessGate
from desist.enforce.spawns import Spawns, words_of


@pytest.mark.parametrize(
    ("words", "allowed"),
    [
        (["uname", "-p"], True),
        ([sys.executable, "-u", "-m", "scrapy.utils.benchserver"], False),
        ([sys.executable, "-m", "desist.enforce.rehearse"], False),
        (["uname", "-a"], False),
        (["uname", "-p", "-x"], False),
        (["/elsewhere/uname", "-p"], False),
        ([sys.executable, "-u", "-m", "scrapy"], False),
        (["curl", "http://a.test/"], False),
        ([], False),
    ],
)
def test_only_exact_harmless_programs_may_be_spawned(words, allowed) -> None:
    """A word more or less, and it is another program."""
    assert Spawns().allow(words) == allowed


def test_uname_of_another_folder_is_not_harmless(tmp_path, monkeypatch) -> None:
    """A program that only bears the name is not the one that asks the kernel."""
    fake = tmp_path / "uname"
    fake.write_text("#!/bin/sh\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert not Spawns().allow(["uname", "-p"])


def test_uname_is_harmless_as_platform_runs_it_and_in_no_other_way() -> None:
    """Not from the folder that one happens to be in, and not by a PATH of the child's own."""
    assert not Spawns().allow(["uname", "-p"], searched=False)
    assert not Spawns().allow(["uname", "-p"], env={"PATH": "/elsewhere"})


@pytest.mark.parametrize(
    ("words", "module"),
    [
        (["-u", "-m", "scrapy.utils.benchserver"], "scrapy.commands.bench"),
        (["-m", "desist.enforce.rehearse"], "desist.commands.doctor_gates"),
    ],
)
def test_python_is_started_for_those_who_ask_nothing_and_for_nobody_else(words, module) -> None:
    """Only by their own command, while no crawl is open; who merely bears the name is refused."""
    spawns, words = Spawns(), [sys.executable, *words]
    ask = "def ask(allow, words, idle): return allow(words, idle=idle)"
    real, fake = vars(importlib.import_module(module)), {"__name__": module}
    exec(ask, real)
    exec(ask, fake)
    assert real["ask"](spawns.allow, words, idle=True)
    assert not real.pop("ask")(spawns.allow, words, idle=False)
    assert not fake["ask"](spawns.allow, words, idle=True)


def test_declared_name_stands_for_one_file(tmp_path, monkeypatch) -> None:
    """A namesake on a PATH of the child's own, in the folder, or put on the PATH later is another program."""
    fake = tmp_path / "true"
    fake.write_text("#!/bin/sh\n")
    fake.chmod(0o755)
    spawns = Spawns(["true"])
    assert spawns.allow(["true"])
    assert spawns.allow([shutil.which("true")], searched=False)
    assert not spawns.allow(["true"], searched=False)
    assert not spawns.allow(["true"], env={"PATH": str(tmp_path)})
    assert not spawns.allow(["true"], env={b"PATH": os.fsencode(tmp_path)})
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert not spawns.allow(["true"])


@pytest.mark.parametrize("file", ["/x/pycurl.cpython-311-x86_64-linux-gnu.so", "/x/curl_cffi/_wrapper.abi3.so"])
def test_barred_extension_is_barred_under_any_name(file) -> None:
    """What is loaded is known by its file."""
    imports = Imports()
    assert imports.barred_file(file)
    assert not imports.barred_file("/x/lxml/etree.cpython-311-x86_64-linux-gnu.so")
    imports.declare(["pycurl", "curl_cffi"])
    assert not imports.barred_file(file)


def test_declared_program_may_be_spawned_and_its_namesake_may_not() -> None:
    """`executable=` is what runs, whatever the first word says."""
    spawns = Spawns(["ffmpeg"])
    assert spawns.allow(words_of(None, ["ffmpeg", "-i", "x"]))
    assert not spawns.allow(words_of("/usr/bin/curl", ["ffmpeg", "-i", "x"]))
    assert not spawns.allow(words_of("/bin/sh", ["/bin/sh", "-c", "ffmpeg"]))


@pytest.mark.parametrize("module", ["uvloop", "curl_cffi", "curl_cffi.requests", "pycurl", "pycares", "gevent.monkey"])
def test_module_with_sockets_of_its_own_is_barred_unless_declared(module) -> None:
    """By its top name, since a package's own modules load the library."""
    imports = Imports()
    assert imports.barred(module) == module.split(".")[0]
    imports.declare([module.split(".")[0]])
    assert not imports.barred(module)


ARMED = """
    import sys
    sys.path.insert(0, {folder!r})
    {first}
    from desist.enforce.options import Options
    from desist.enforce.process import GATE
    from desist.errors import GateError
    try:
        GATE.arm(Options(ledger={ledger!r}, infra={infra!r}), "a test")
    except GateError as error:
        print("GateError", error)
        raise SystemExit(2)
    try:
        import uvloop
        print("imported")
    except ImportError as error:
        print("ImportError", error)
"""


@pytest.mark.parametrize(
    ("first", "infra", "said"),
    [
        ("", (), "ImportError `uvloop` opens sockets that no gate sees"),
        ("import uvloop", (), "GateError `uvloop` opens sockets that no gate sees, and was imported before"),
        ("", ("import:uvloop",), "imported"),
        ("import uvloop", ("import:uvloop",), "imported"),
    ],
    ids=["refused", "too-late", "declared", "declared-before"],
)
def test_event_loop_in_c_is_refused_at_import(tmp_path, first, infra, said) -> None:
    """While the process is armed; one that was imported before refuses the start."""
    (tmp_path / "uvloop.py").write_text("")
    ledger = str(tmp_path / "evidence" / "ledger.db")
    text = textwrap.dedent(ARMED).format(folder=str(tmp_path), first=first, infra=infra, ledger=ledger)
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.startswith(said), done.stdout + done.stderr


def test_grants_are_for_an_address_and_a_port() -> None:
    """Another port of a granted address is another service."""
    pins = Pins()
    unpin = pins.pin("a.test", ("127.0.0.9", "::1"), 80)
    assert pins.covers("127.0.0.9", 80)
    assert pins.covers("::ffff:127.0.0.9", 80)
    assert pins.covers("::1", 80)
    assert not pins.covers("127.0.0.9", 443)
    assert not pins.covers("127.0.0.8", 80)
    unpin()
    assert not pins.covers("127.0.0.9", 80)


@pytest.mark.parametrize(
    ("line", "host", "port", "covered"),
    [
        ("redis.test:6379", "redis.test", 6379, True),
        ("redis.test:6379", "redis.test", 80, False),
        ("*.queue.test:5672", "a.queue.test", 5672, True),
        ("*.queue.test:5672", "queue.test", 5672, False),
        ("10.0.0.0/8", "10.1.2.3", 9, True),
        ("10.0.0.0/8", "11.1.2.3", 9, False),
        ("fd00::/8", "fd00::1", 9, True),
        ("/run/docker.sock", "/run/docker.sock", 0, True),
        ("/run/docker.sock", "/run/other.sock", 0, False),
        ("unix:/run/a.sock", "/run/a.sock", 0, True),
        ("spawn:curl", "curl", 0, False),
    ],
)
def test_declared_infrastructure(line, host, port, covered) -> None:
    """Exact names, wildcards, networks and paths of unix sockets."""
    infra = Infra()
    remove = infra.add(Destinations("DESIST_INFRA", [line]))
    assert infra.covers(host, port) == covered
    remove()
    assert not infra.covers(host, port)


def test_address_of_a_declared_name_is_covered_at_its_port() -> None:
    """A client dials the address that the gate's resolver found."""
    infra = Infra()
    infra.add(Destinations("DESIST_INFRA", ["redis.test:6379"]))
    infra.learn("redis.test", ["10.9.9.9"])
    assert infra.covers("10.9.9.9", 6379)
    assert not infra.covers("10.9.9.9", 80)
    assert not infra.covers("10.9.9.8", 6379)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"FEEDS": {"ftp://u:p@files.test/x.json": {}}}, ["files.test"]),
        ({"FEEDS": {"items.json": {}, "file:///tmp/x": {}}}, []),
        ({"FILES_STORE": "s3://b/x", "AWS_ENDPOINT_URL": "http://s3.test:9000"}, ["b.s3.test:9000", "s3.test:9000"]),
        (
            {"IMAGES_STORE": "s3://b/x", "AWS_REGION_NAME": "eu-west-1"},
            [
                "b.s3.amazonaws.com:443", "b.s3.eu-west-1.amazonaws.com:443", "s3.amazonaws.com:443",
                "s3.eu-west-1.amazonaws.com:443",
            ],
        ),
        ({"MAIL_HOST": "mail.test", "MAIL_PORT": 587}, ["mail.test:587"]),
        ({}, []),
    ],
)  # fmt: skip
def test_destinations_derived_from_settings(settings, expected, monkeypatch) -> None:
    """Feeds, stores and the mail relay; the default of MAIL_HOST is no declaration."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    assert derived(Settings(settings)) == expected


def test_culprit_is_the_first_frame_outside_libraries() -> None:
    """File, line and function, whatever library stood in between."""
    found = functools.reduce(lambda _, depth: culprit(depth), [1], "")
    assert found.startswith(f"{__file__}:")
    assert "test_culprit" in found


def test_armed_process_is_told_from_one_that_is_not() -> None:
    """By a mark that /proc shows."""
    text = "from desist.enforce.marks import mark; mark(); print('marked', flush=True); input()"
    plain = "print('plain', flush=True); input()"
    children = [
        subprocess.Popen(
            [sys.executable, "-c", code, "-m", "scrapy"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for code in (text, plain)
    ]
    for child in children:
        child.stdout.readline()
    found = {one.pid: one.armed for one in scrapy_processes()}
    assert [found[child.pid] for child in children] == [True, False]
    for child in children:
        child.communicate("\n")
    assert mark is not None


class Liar(str):
    """Text that C reads as it is, and Python as it says."""

    __slots__ = ()

    def __str__(self) -> str:
        return "elsewhere"

    def __eq__(self, other: object) -> bool:
        return other == "elsewhere"

    __hash__ = str.__hash__


def test_exact_address_is_what_c_reads() -> None:
    """Plain types with the contents that the objects really have."""
    host, port = exact((Liar("10.0.0.1"), True))
    assert (str(host), type(host), port, type(port)) == ("10.0.0.1", str, 1, int)
    assert exact(("::1", 80, 0, 0)) == ("::1", 80, 0, 0)
    assert exact(b"x") == b"x"


@pytest.mark.parametrize("host", [Liar("10.0.0.1"), object(), 5], ids=["liar", "object", "number"])
def test_host_that_can_be_read_in_two_ways_is_not_read(host) -> None:
    """Only texts and bytes themselves; the gate refuses what it cannot read."""
    with pytest.raises(TypeError):
        spelled(host)


def test_place_dialled_is_told_by_the_socket_as_c_knows_it() -> None:
    """Internet addresses, paths and abstract names, whatever a subclass says of its family."""

    class Sock(socket.socket):
        family = property(lambda self: socket.AF_UNIX)  # type: ignore[assignment]

    with Sock() as sock, socket.socket(socket.AF_UNIX) as unix:
        assert place_dialled(sock, ("192.0.2.1", 80)) == ("192.0.2.1", 80, True)
        assert place_dialled(unix, bytearray(b"/run/x")) == ("/run/x", 0, False)
        assert place_dialled(unix, b"\0x") == ("@x", 0, False)
        with pytest.raises(TypeError):
            place_dialled(unix, Liar("/run/x"))


@pytest.mark.parametrize(
    ("executable", "args", "words"),
    [
        (None, "true", ["true"]),
        (b"/bin/true", ["x", b"y"], ["/bin/true", "y"]),
        (7, ["x"], ["/dev/fd/7"]),
        (Path("/bin/true"), (), ["/bin/true"]),
    ],
)
def test_words_of_a_command(executable, args, words) -> None:
    """The program that runs comes first, however the call was handed its words."""
    assert words_of(executable, args) == words


@pytest.mark.parametrize("args", [[Liar("true")], iter(["true"]), type("Words", (list,), {})(["true"])])
def test_words_that_can_be_read_in_two_ways_are_not_read(args) -> None:
    """Subclasses and iterators may say one thing to the gate and another to what starts the program."""
    with pytest.raises(TypeError):
        words_of(None, args)


def test_no_harmless_program_once_the_loader_is_told_otherwise() -> None:
    """LD_PRELOAD puts other code into `uname`; other variables change nothing."""
    spawns = Spawns()
    spawns.environment(b"LANG")
    assert spawns.allow(["uname", "-p"])
    spawns.environment(b"LD_PRELOAD")
    assert not spawns.allow(["uname", "-p"])


INTERPRETER = """
    import os, sys
    from desist.enforce.options import Options
    from desist.enforce.process import GATE
    GATE.arm(Options(ledger={ledger!r}), "a test")
    try:
        sys.audit("cpython.PyInterpreterState_New")
    except OSError as error:
        print("refused", error)
    os.environ["LD_AUDIT"] = "x.so"
    print(GATE.spawns.allow(["uname", "-p"]))
"""


def test_new_interpreter_is_refused_and_the_environment_watched(tmp_path) -> None:
    """By the event that CPython raises where the interpreter that asks is the one that is left (3.11, 3.12)."""
    text = textwrap.dedent(INTERPRETER).format(ledger=str(tmp_path / "evidence" / "ledger.db"))
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=60, check=False)
    refused, allowed = done.stdout.splitlines()
    assert "a subinterpreter has hooks of its own" in refused
    assert allowed == "False"


def test_declared_name_stays_covered_while_it_is_granted_at_another_port() -> None:
    """A host may be crawled at one port and be infrastructure at another."""
    gate = ProcessGate()
    gate.infra.add(Destinations("DESIST_INFRA", ["store.test:6379"]))
    unpin = PINS.pin("store.test", ["192.0.2.9"], 443)
    try:
        assert gate.addresses("store.test") == ("192.0.2.9",)
        assert gate.infra.covers("192.0.2.9", 6379)
        assert not gate.infra.covers("192.0.2.9", 80)
    finally:
        unpin()
