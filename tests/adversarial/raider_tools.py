"""What the raiders share: a page asked for plainly, children, fakes, and a report of each way."""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import socket
import subprocess
import sys

CURL = "curl -s -m 3 --resolve {host}:{port}:{ip} {url}"
CHILD = "import http.client as h; c = h.HTTPConnection('{ip}', {port}, timeout=3); c.request('GET', '{url}')"
GET = b"GET /%s HTTP/1.0\r\nHost: %s\r\n\r\n"


def open_lookups():
    """For control runs without gates: let names be answered by the simulated web's name server."""
    import dns.resolver

    address, port = os.environ["RAIDER_DNS"].split(":")
    plain = socket.getaddrinfo

    def getaddrinfo(host, *args, **kinds):
        host = host.decode() if isinstance(host, bytes) else str.__str__(host or "")
        if host.endswith(".test"):
            resolver = dns.resolver.Resolver(configure=False)
            resolver.nameservers, resolver.port = [address], int(port)
            host = resolver.resolve(host + ".", "A")[0].address
        return plain(host or None, *args, **kinds)

    socket.getaddrinfo = getaddrinfo
    socket.gethostbyname = lambda host: getaddrinfo(host, 80)[0][4][0]


if os.environ.get("RAIDER_OPEN"):
    open_lookups()


def requests_get(url):
    import requests

    return requests.get(url, timeout=3, verify=False, proxies={"http": None, "https": None}).status_code


def tell(case, way, *args):
    try:
        print("STEP", case, "OK", way(*args), flush=True)
    except BaseException as error:
        print("STEP", case, type(error).__name__, str(error)[:100], flush=True)


def in_child(way, *args):
    """Run in a fork of this process, and wait for it."""
    pid = os.fork()
    if pid == 0:
        tell("child", way, *args)
        os._exit(0)
    os.waitpid(pid, 0)


def fake(url, host, port, ip, *names):
    """Programs in a folder of our own that bear harmless names."""
    os.makedirs("fakes", exist_ok=True)
    for name in names:
        with open(f"fakes/{name}", "w") as file:
            file.write(f"#!/bin/sh\nexec /usr/bin/{CURL.format(url=url, host=host, port=port, ip=ip)}\n")
        os.chmod(f"fakes/{name}", 0o755)


@contextlib.contextmanager
def folder(name):
    before = os.getcwd()
    os.chdir(name)
    try:
        yield
    finally:
        os.chdir(before)


def python_elsewhere(words, text):
    """The interpreter, with a start-up module of our own."""
    os.makedirs("start", exist_ok=True)
    with open("start/sitecustomize.py", "w") as file:
        file.write(text)
    environ = {**os.environ, "PYTHONPATH": os.path.abspath("start")}
    return subprocess.run([sys.executable, *words], env=environ, cwd="start", timeout=5, check=True).returncode


def speak(sock, url):
    sock.sendall(GET % (url.rpartition("/")[2].encode(), url.split("/")[2].encode()))
    return len(sock.recv(20))


def in_thread(way):
    """The result of `way` in a thread of its own, or what it raised there."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(way).result(6)
