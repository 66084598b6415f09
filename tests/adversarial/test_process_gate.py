"""Ways to the platform that ask Scrapy for nothing, over four handlers, judged by the platform's own servers.

`<m>` is a name below the platform's that only this case uses, `<x>` a path of the case's own.
"""

from __future__ import annotations

import _socket
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

PLATFORM = "pictogram.test"
ADDRESS = "127.83.0.1"


def way(do, url="http://<m>:<http>/<x>", **more):
    return {"do": do, "url": url, "host": "<m>", "port": "<http>", "ip": ADDRESS, **more}


BY_NAME = {
    name.replace("_", "-"): way(name)
    for name in (
        "requests", "requests_session", "urllib3", "urllib", "http_client", "httpx", "aiohttp_thread", "httpx_thread",
        "open_connection_thread", "create_connection", "connect_name", "connect_bytes", "connect_six", "bind_name",
        "datagram_name", "lookup", "lookup_c", "lookup_old", "lookup_ex", "lookup_reverse",
        "lookup_fqdn",
        "lookup_thread", "thread", "pool", "timer", "executor", "defer_to_thread", "fork", "fork_twice", "process_fork",
        "process_pool", "ftp", "smtp", "xmlrpc", "log_handler", "syslog", "mail", "from_crawler",
        "imap", "pop", "proxied", "opener", "reloaded", "pipe_client", "manager", "anyio_thread", "lying_lookup",
    )
} | {"https-client": way("https_client", "https://<m>:<tls>/<x>", port="<tls>")}  # fmt: skip
BY_CHILD = {
    name.replace("_", "-"): way(name)
    for name in (
        "fork_exec", "curl", "curl_shell", "curl_executable", "child_python", "popen", "system", "posix_spawn",
        "spawnv", "terminal", "child_of_loop", "spawn_process", "exec_here", "webbrowser",
        "kept_fork", "silenced", "exec_descriptor",
    )
}  # fmt: skip
BY_ADDRESS = {
    name.replace("_", "-"): way(name)
    for name in (
        "connect_ip", "connect_ex_ip", "connect_mapped_ip", "connect_later", "fork_socket",
        "datagram_ip", "datagram_message", "datagram_connected", "datagram_ancillary", "fast_open", "from_descriptor",
        "tls_ip", "bare_method", "lying_host", "lying_place", "lying_family", "datagram_loop",
    )
}  # fmt: skip
UNNAMED = {
    "bare-socket": (way("bare_socket"), "no-grant:socket"),
    "bare-subclass": (way("bare_subclass"), "no-grant:socket"),
    "raw-socket": (way("raw_socket"), "no-grant:socket"),
    "connect-spelled-ip": (way("connect_spelled_ip"), "invalid-url"),
    "own-dns": (way("own_dns"), "no-grant:datagram"),
    "own-dns-tcp": (way("own_dns_tcp"), "no-grant:connect"),
    "process-spawn": (way("process_spawn"), "no-grant:spawn"),
    "namesake-here": (way("namesake_here"), "no-grant:spawn"),
    "namesake-uname": (way("namesake_uname"), "no-grant:spawn"),
    "namesake-declared": (way("namesake_declared"), "no-grant:spawn"),
    "namesake-later": (way("namesake_later"), "no-grant:spawn"),
    "own-rehearsal": (way("own_rehearsal"), "no-grant:spawn"),
    "own-benchserver": (way("own_benchserver"), "no-grant:spawn"),
    "process-server": (way("process_server"), "no-grant:spawn"),
    "lying-program": (way("lying_program"), "no-grant:unreadable"),
    "lying-environment": (way("lying_environment"), "no-grant:unreadable"),
    "lying-lookup-c": (way("lying_lookup_c"), "no-grant:unreadable"),
    "second-copy": (way("second_copy"), "no-grant:import"),
    "second-import": (way("second_import"), "no-grant:import"),
    "reloaded-socket": (way("reloaded_socket"), "no-grant:socket"),
    "swapped-class": (way("swapped_class"), "no-grant:socket"),
    "packet": (way("packet"), "no-grant:socket"),
    "packet-old": (way("packet_old"), "no-grant:socket"),
    "sctp": (way("sctp"), "no-grant:socket"),
    "vsock": (way("vsock"), "no-grant:connect"),
    "netlink": (way("netlink"), "no-grant:datagram"),
    "unix-proxy": (way("unix_proxy"), "no-grant:connect"),
    "unix-bytes": (way("unix_bytes"), "no-grant:connect"),
    "unix-abstract": (way("unix_abstract"), "no-grant:connect"),
    "unix-loop": (way("unix_loop"), "no-grant:connect"),
    "proxy-of-others": (way("proxy_of_others", proxy="<proxy>"), "no-grant:connect"),
    "subinterpreter": (way("subinterpreter"), "no-grant:import"),
    "cffi": (way("cffi"), "no-grant:import"),
    "ctypes-syscall": (way("ctypes_syscall"), "no-grant:library"),
    "twisted-names": (way("twisted_names"), "no-grant:datagram"),
    "listen-udp": (way("listen_udp"), "no-grant:datagram"),
    "ctypes-connect": (way("ctypes_connect"), "no-grant:library"),
    "ctypes-loaded": (way("ctypes_loaded"), "no-grant:library"),
}
"""What names neither the platform nor its address: recorded by the rule that refused it."""
_IMMUTABLE = 1 << 8  # Py_TPFLAGS_IMMUTABLETYPE
if not _socket.socket.__flags__ & _IMMUTABLE:  # else the C library answers, as the threat model says
    BY_NAME["bare-method-name"] = way("bare_method_name")
if find_spec("_tkinter"):
    UNNAMED["tcl"] = (way("tcl"), "no-grant:import")
BOUND = {"bind-meta": {"url": "<r>/<x>", "meta": {"bindaddress": "<m>"}}}
"""An ordinary request that leaves from the platform's name."""
CASES = BY_NAME | BY_CHILD | BY_ADDRESS | BOUND | {case: step for case, (step, _) in UNNAMED.items()}
CONTROLS = {
    "ok-page": {"url": "<g>/"},
    "ok-infra": way("requests", "http://relay.test:<http>/"),
    "ok-infra-thread": way("thread", "http://relay.test:<http>/"),
    "ok-infra-loop": way("aiohttp_thread", "http://relay.test:<http>/"),
    **{
        f"ok-{name.replace('_', '-')}": way(name, "")
        for name in ("processor", "declared_program", "child_works", "pair", "own_lookup")
    },
}
SETTINGS = {
    "SPIDER_MODULES": ["raider_process"],
    "FEEDS": {f"ftp://u:p@feeds.{PLATFORM}:21/x.json": {"format": "json"}},
}
QUIET = {
    "fork", "fork-exec", "fork-twice", "from-crawler", "log-handler", "lookup-fqdn", "process-fork", "process-pool",
    "spawnv", "syslog", "terminal", "timer", "process-server", "exec-descriptor", "listen-udp",
}  # fmt: skip
"""These return as if nothing had happened: the refusal is raised in a child, in a thread, or swallowed by a library."""
ENDLESS = {"webbrowser", "own-benchserver", "imap", "pop", "tls-ip", "vsock", "pipe-client", "manager"}
"""What waits for its time limit where nothing refuses it."""
NO_REACTOR = {"defer-to-thread", "spawn-process", "mail", "twisted-names", "listen-udp"}
DEEP = {
    "second-copy", "second-import", "reloaded-socket", "subinterpreter", "cffi", "kept-fork", "silenced",
    "exec-descriptor", "lying-program", "lying-environment", "lying-host", "lying-place", "lying-family",
    "lying-lookup", "bare-method", "swapped-class", "unix-proxy", "unix-bytes", "unix-abstract", "unix-loop",
    "proxy-of-others", "anyio-thread", "twisted-names", "listen-udp",
}  # fmt: skip
"""Each of these reaches the platform where nothing refuses it, by a way that no library is known for."""


@pytest.fixture(scope="module")
def ran(field):
    """All cases and controls in one crawl of one handler."""
    infra = ["relay.test:" + str(field.port), "spawn:true"]
    return field.raid(CASES | CONTROLS, DESIST_INFRA=infra, **SETTINGS)


def test_platform_saw_no_connection_and_no_question(ran) -> None:
    """Whatever the way: no address of the platform's was dialled and none of its names looked up."""
    assert ran.code == 0, ran.out[-3000:]
    assert PLATFORM not in ran.connections
    assert not [name for name in ran.queries if name.rstrip(".").endswith(PLATFORM)]


@pytest.mark.parametrize("case", BY_NAME | BY_CHILD)
def test_attempt_is_on_record_under_the_platform(ran, field, case) -> None:
    """What names the platform is filed against it, by the gate that refused it."""
    if case in NO_REACTOR and field.handler == "aiohttp":
        pytest.skip("there is no reactor")
    assert not ran.said("STEP", case, "OK") or case in QUIET, ran.said("STEP", case)
    recorded = ran.recorded(case)
    assert recorded, ran.out[-2000:]
    assert {("pictogram",)} == {one.platforms for one in recorded}


def test_attempts_by_address_are_on_record(ran) -> None:
    """Each dialled the platform's address under the platform's own rule."""
    urls = [one.url for one in ran.decisions if one.gate == "process" and ADDRESS in one.url]
    assert len(urls) >= len(BY_ADDRESS), urls
    assert {("pictogram",)} == {one.platforms for one in ran.decisions if one.gate == "process" and ADDRESS in one.url}


@pytest.mark.parametrize("rule", sorted({rule for _, rule in UNNAMED.values()}))
def test_attempts_that_name_nobody_are_on_record(ran, field, rule) -> None:
    """Sockets of the C type, programs, relays and C functions: one refusal an attempt at least."""
    absent = NO_REACTOR if field.handler == "aiohttp" else set()
    expected = [case for case, (_, named) in UNNAMED.items() if named == rule and case not in absent]
    assert len([one for one in ran.decisions if one.rule == rule and one.gate == "process"]) >= len(expected)
    assert not [line for case in expected for line in ran.said("STEP", case, "OK") if case not in QUIET]


def test_request_from_the_platforms_own_name_looks_nothing_up(ran, field) -> None:
    """`bindaddress` is a name as well: where a handler takes it, its lookup is refused like any other."""
    found = [one for one in ran.decisions if f"//bind-meta.{PLATFORM}" in one.url]
    assert {("pictogram",)} == {one.platforms for one in found} or field.handler in {"aiohttp", "httpx"}
    assert found or ran.said("GOT", "bind-meta")


def test_no_relay_was_asked_for_the_platform(ran) -> None:
    """Neither the proxy that is declared for requests nor its unix sockets."""
    assert not [target for target in ran.proxied if PLATFORM in target]


def test_feed_to_the_platform_is_refused(ran) -> None:
    """A destination in Scrapy's own settings is derived, and judged like any other."""
    assert [one for one in ran.decisions if f"feeds.{PLATFORM}" in one.url and one.platforms == ("pictogram",)]


@pytest.mark.parametrize("case", CONTROLS)
def test_what_nobody_forbade_goes_on_working(ran, case) -> None:
    """Declared infrastructure, harmless programs, forks and socket pairs, and an ordinary page."""
    assert ran.said("GOT", case, "200") or ran.said("STEP", case, "OK"), ran.said("STEP", case) or ran.out[-2000:]


def test_without_gates_the_platform_is_reached(tmp_path_factory) -> None:
    """The control that must lose: the same crawl with the add-on left out."""
    spec = spec_from_file_location("field_of_attempts", Path(__file__).with_name("conftest.py"))
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    open_field = module.Field(tmp_path_factory.mktemp("open"), "http11")
    tried = {case: step for case, step in CASES.items() if case not in ENDLESS}
    ran = open_field.raid(tried, gates=False, env={"RAIDER_OPEN": "1"}, SPIDER_MODULES=["raider_process"])
    open_field.close()
    reached = [case for case in BY_NAME | BY_CHILD if ran.reached(case)]
    assert len(reached) >= 35, (sorted(set(BY_NAME | BY_CHILD) - set(reached)), ran.out[-3000:])
    assert len([hit for hit in ran.hits if hit[0] == PLATFORM]) >= 35
    missed = [case for case in sorted(DEEP) if not ran.reached(case)]
    assert not missed, [line for case in missed for line in ran.said("STEP", case)]
