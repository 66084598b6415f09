"""The raider that never asks Scrapy: whatever Python can use to reach a platform past every Request."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import http.client
import logging.handlers
import multiprocessing
import os
import platform
import smtplib
import socket
import ssl
import subprocess
import sys
import threading
import urllib.request
import xmlrpc.client
from ftplib import FTP

import raider
from scrapy.utils.reactor import is_reactor_installed

CURL = "curl -s -m 3 --resolve {host}:{port}:{ip} {url}"
CHILD = "import http.client as h; c = h.HTTPConnection('{ip}', {port}, timeout=3); c.request('GET', '{url}')"
GET = b"GET /%s HTTP/1.0\r\nHost: %s\r\n\r\n"


def open_lookups():
    """For control runs without gates: let names be answered by the simulated web's name server."""
    import dns.resolver

    address, port = os.environ["RAIDER_DNS"].split(":")
    plain = socket.getaddrinfo

    def getaddrinfo(host, *args, **kinds):
        if str(host).endswith(".test"):
            resolver = dns.resolver.Resolver(configure=False)
            resolver.nameservers, resolver.port = [address], int(port)
            host = resolver.resolve(str(host) + ".", "A")[0].address
        return plain(host, *args, **kinds)

    socket.getaddrinfo = getaddrinfo
    socket.gethostbyname = lambda host: getaddrinfo(host, 80)[0][4][0]


if os.environ.get("RAIDER_OPEN"):
    open_lookups()


def requests_get(url):
    import requests

    return requests.get(url, timeout=3, verify=False, proxies={"http": None, "https": None}).status_code


class Raider(raider.Raider):
    name = "raider"

    @classmethod
    def from_crawler(cls, crawler, *args, **kwargs):
        for step in raider.PLAN:
            if step.get("do") == "from_crawler":
                tell(step["case"], lambda url=step["url"]: requests_get(url))
        return super().from_crawler(crawler, *args, **kwargs)

    async def act(self, do, step):
        method = getattr(self, "do_" + do, None)
        if method is not None:
            return await method(step["url"], step)
        ways = {"url": step["url"], "host": step.get("host"), "port": int(step.get("port", 80)), "ip": step.get("ip")}
        return getattr(Ways, do)(**ways) if do != "from_crawler" else "done"

    async def do_executor(self, url, step):
        return await asyncio.get_running_loop().run_in_executor(None, requests_get, url)

    async def do_child_of_loop(self, url, step):
        words = CURL.format(url=url, **{name: step[name] for name in ("host", "port", "ip")}).split()
        child = await asyncio.create_subprocess_exec(*words)
        return await child.wait()

    async def do_defer_to_thread(self, url, step):
        if not is_reactor_installed():
            raise RuntimeError("no reactor")
        from scrapy.utils.defer import maybe_deferred_to_future
        from twisted.internet.threads import deferToThread

        return await maybe_deferred_to_future(deferToThread(requests_get, url))

    async def do_spawn_process(self, url, step):
        if not is_reactor_installed():
            raise RuntimeError("no reactor")
        from scrapy.utils.defer import maybe_deferred_to_future
        from twisted.internet.utils import getProcessOutput

        words = CURL.format(url=url, **{name: step[name] for name in ("host", "port", "ip")}).split()
        return await maybe_deferred_to_future(getProcessOutput("/usr/bin/curl", words[1:], errortoo=True))

    async def do_mail(self, url, step):
        if not is_reactor_installed():
            raise RuntimeError("no reactor")
        from scrapy.mail import MailSender
        from scrapy.utils.defer import maybe_deferred_to_future

        sender = MailSender(smtphost=step["host"], smtpport=int(step["port"]), mailfrom="a@b.test")
        return await maybe_deferred_to_future(sender.send(to=["c@d.test"], subject="x", body="x"))


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


class Ways:
    """One function a way; each is told the URL, host and port that this case alone uses, and the platform's address."""

    def requests(url, **_):
        return requests_get(url)

    def requests_session(url, **_):
        import requests

        with requests.Session() as session:
            session.trust_env = False
            return session.post(url, data="x", timeout=3).status_code

    def urllib3(url, **_):
        import urllib3

        return urllib3.PoolManager(retries=False, timeout=3).request("GET", url).status

    def urllib(url, **_):
        return urllib.request.urlopen(url, timeout=3).status

    def http_client(host, port, url, **_):
        connection = http.client.HTTPConnection(host, port, timeout=3)
        connection.request("GET", "/" + url.rpartition("/")[2])
        return connection.getresponse().status

    def https_client(host, port, url, **_):
        connection = http.client.HTTPSConnection(host, port, timeout=3, context=ssl._create_unverified_context())
        connection.request("GET", "/" + url.rpartition("/")[2])
        return connection.getresponse().status

    def httpx(url, **_):
        import httpx2

        return httpx2.Client(trust_env=False).get(url).status_code

    def aiohttp_thread(url, **_):
        import aiohttp

        async def get():
            async with aiohttp.ClientSession() as session, session.get(url, ssl=False) as response:
                return response.status

        return in_thread(lambda: asyncio.run(get()))

    def httpx_thread(url, **_):
        import httpx2

        async def get():
            async with httpx2.AsyncClient(trust_env=False) as client:
                return (await client.get(url)).status_code

        return in_thread(lambda: asyncio.run(get()))

    def open_connection_thread(host, port, url, **_):
        async def get():
            _, writer = await asyncio.open_connection(host, port)
            writer.write(GET % (url.rpartition("/")[2].encode(), host.encode()))
            await writer.drain()
            await asyncio.sleep(0.1)

        return in_thread(lambda: asyncio.run(get()))

    def create_connection(host, port, url, **_):
        return speak(socket.create_connection((host, port), 3), url)

    def connect_name(host, port, url, **_):
        with socket.socket() as sock:
            sock.settimeout(3)
            sock.connect((host, port))
            return speak(sock, url)

    def connect_bytes(host, port, url, **_):
        with socket.socket() as sock:
            sock.connect((host.encode(), port))
            return speak(sock, url)

    def connect_six(host, port, url, **_):
        with socket.socket(socket.AF_INET6) as sock:
            sock.connect((host, port))
            return speak(sock, url)

    def connect_ip(ip, port, url, **_):
        with socket.socket() as sock:
            sock.connect((ip, port))
            return speak(sock, url)

    def connect_ex_ip(ip, port, url, **_):
        with socket.socket() as sock:
            if code := sock.connect_ex((ip, port)):
                raise OSError(code, "connect_ex")
            return speak(sock, url)

    def connect_spelled_ip(port, url, **_):
        with socket.socket() as sock:
            sock.connect(("2136145921", port))
            return speak(sock, url)

    def connect_mapped_ip(ip, port, url, **_):
        with socket.socket(socket.AF_INET6) as sock:
            sock.connect((f"::ffff:{ip}", port))
            return speak(sock, url)

    def connect_later(ip, port, url, **_):
        with socket.socket() as sock:
            sock.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                sock.connect((ip, port))
            sock.setblocking(True)
            return speak(sock, url)

    def bare_socket(ip, port, url, **_):
        import _socket

        sock = _socket.socket()
        sock.connect((ip, port))
        return speak(sock, url)

    def bare_subclass(host, port, url, **_):
        import _socket

        class Sub(_socket.socket):
            pass

        sock = Sub()
        sock.connect((socket.gethostbyname(host), port))
        return speak(sock, url)

    def bind_name(host, **_):
        with socket.socket() as sock:
            sock.bind((host, 0))

    def datagram_name(host, **_):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            return sock.sendto(b"x", (host, 9))

    def datagram_ip(ip, **_):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            return sock.sendto(b"x", 0, (ip, 9))

    def datagram_message(ip, **_):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            return sock.sendmsg([b"x"], [], 0, (ip, 9))

    def datagram_connected(ip, **_):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect((ip, 9))
            return sock.send(b"x")

    def raw_socket(ip, **_):
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as sock:
            return sock.sendto(b"x", (ip, 0))

    def own_dns(host, **_):
        import dns.resolver

        address, port = os.environ["RAIDER_DNS"].split(":")
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port, resolver.lifetime = [address], int(port), 3
        return resolver.resolve(host + ".", "A")[0].address

    def own_dns_tcp(host, **_):
        import dns.resolver

        address, port = os.environ["RAIDER_DNS"].split(":")
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port, resolver.lifetime = [address], int(port), 3
        return resolver.resolve(host + ".", "A", tcp=True)[0].address

    def lookup(host, **_):
        return socket.getaddrinfo(host, 80)

    def lookup_c(host, **_):
        import _socket

        return _socket.getaddrinfo(host, 80)

    def lookup_old(host, **_):
        return socket.gethostbyname(host)

    def lookup_ex(host, **_):
        return socket.gethostbyname_ex(host)

    def lookup_reverse(host, **_):
        return socket.gethostbyaddr(host)

    def lookup_fqdn(host, **_):
        return socket.getfqdn(host)

    def lookup_thread(host, **_):
        return in_thread(lambda: socket.getaddrinfo(host, 80))

    def thread(url, **_):
        return in_thread(lambda: requests_get(url))

    def pool(url, **_):
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            return pool.submit(requests_get, url).result()

    def timer(url, **_):
        timer = threading.Timer(0, lambda: tell("timer", requests_get, url))
        timer.start()
        timer.join()

    def fork(url, **_):
        in_child(requests_get, url)

    def fork_twice(url, **_):
        in_child(in_child, requests_get, url)

    def fork_exec(url, host, port, ip, **_):
        words = CURL.format(url=url, host=host, port=port, ip=ip).split()
        in_child(os.execvp, "curl", words)

    def fork_socket(ip, port, url, **_):
        in_child(lambda: Ways.connect_ip(ip=ip, port=port, url=url))

    def process_fork(url, **_):
        child = multiprocessing.get_context("fork").Process(target=tell, args=("child", requests_get, url))
        child.start()
        child.join()

    def process_pool(url, **_):
        with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
            return pool.submit(requests_get, url).result(6)

    def process_spawn(url, **_):
        child = multiprocessing.get_context("spawn").Process(target=requests_get, args=(url,))
        child.start()
        child.join()

    def process_server(url, **_):
        child = multiprocessing.get_context("forkserver").Process(target=requests_get, args=(url,))
        child.start()
        child.join()

    def curl(url, host, port, ip, **_):
        return subprocess.run(CURL.format(url=url, host=host, port=port, ip=ip).split(), check=True).returncode

    def curl_shell(url, host, port, ip, **_):
        return subprocess.run(CURL.format(url=url, host=host, port=port, ip=ip), shell=True, check=True).returncode

    def curl_executable(url, host, port, ip, **_):
        words = CURL.format(url=url, host=host, port=port, ip=ip).split()
        return subprocess.run(["uname", *words[1:]], executable="/usr/bin/curl", check=True).returncode

    def child_python(url, port, ip, **_):
        return subprocess.run([sys.executable, "-c", CHILD.format(url=url, port=port, ip=ip)], check=True).returncode

    def popen(url, host, port, ip, **_):
        return os.popen(CURL.format(url=url, host=host, port=port, ip=ip)).read()

    def system(url, host, port, ip, **_):
        return os.system(CURL.format(url=url, host=host, port=port, ip=ip))

    def posix_spawn(url, host, port, ip, **_):
        words = CURL.format(url=url, host=host, port=port, ip=ip).split()
        os.waitpid(os.posix_spawn("/usr/bin/curl", words, os.environ), 0)

    def spawnv(url, host, port, ip, **_):
        return os.spawnvp(os.P_WAIT, "curl", CURL.format(url=url, host=host, port=port, ip=ip).split())

    def terminal(url, host, port, ip, **_):
        import pty

        return pty.spawn(CURL.format(url=url, host=host, port=port, ip=ip).split())

    def namesake_here(url, host, port, ip, **_):
        fake(url, host, port, ip, "uname", "true")
        with folder("fakes"):
            in_child(os.execv, "uname", ["uname", "-p"])
            return os.waitpid(os.posix_spawn("true", ["true"], os.environ), 0)

    def namesake_uname(url, host, port, ip, **_):
        fake(url, host, port, ip, "uname")
        return subprocess.run(["uname", "-p"], env={"PATH": os.path.abspath("fakes")}, check=True).returncode

    def namesake_declared(url, host, port, ip, **_):
        fake(url, host, port, ip, "true")
        return subprocess.run(["true"], env={"PATH": os.path.abspath("fakes")}, check=True).returncode

    def namesake_later(url, host, port, ip, **_):
        fake(url, host, port, ip, "true")
        before = os.environ["PATH"]
        os.environ["PATH"] = os.path.abspath("fakes")
        try:
            return subprocess.run(["true"], check=True).returncode
        finally:
            os.environ["PATH"] = before

    def own_rehearsal(url, port, ip, **_):
        return python_elsewhere(["-m", "desist.enforce.rehearse"], CHILD.format(url=url, port=port, ip=ip))

    def own_benchserver(url, port, ip, **_):
        return python_elsewhere(["-u", "-m", "scrapy.utils.benchserver"], CHILD.format(url=url, port=port, ip=ip))

    def exec_here(url, host, port, ip, **_):
        words = CURL.format(url=url, host=host, port=port, ip=ip).split()
        if "RAIDER_OPEN" in os.environ:  # it would end the control run
            return in_child(os.execvp, "curl", words)
        return os.execvp("curl", words)

    def webbrowser(url, **_):
        import webbrowser

        if not webbrowser.get("curl %s").open(url):
            raise OSError("no browser")

    def fast_open(ip, port, url, **_):
        with socket.socket() as sock:
            return sock.sendto(GET % (url.rpartition("/")[2].encode(), b"x"), socket.MSG_FASTOPEN, (ip, port))

    def datagram_ancillary(ip, **_):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            return sock.sendmsg([b"x"], [(socket.IPPROTO_IP, socket.IP_TTL, b"\x40\0\0\0")], 0, (ip, 9))

    def from_descriptor(ip, port, url, **_):
        with socket.socket() as sock, socket.fromfd(sock.fileno(), sock.family, sock.type) as again:
            again.connect((ip, port))
            return speak(again, url)

    def tls_ip(ip, port, url, **_):
        context = ssl._create_unverified_context()
        with context.wrap_socket(socket.socket()) as sock:
            sock.connect((ip, port))
            return speak(sock, url)

    def imap(host, port, **_):
        import imaplib

        return imaplib.IMAP4(host, port, timeout=2)

    def pop(host, port, **_):
        import poplib

        return poplib.POP3(host, port, timeout=2)

    def proxied(host, port, url, **_):
        import requests

        return requests.get("http://gazette.test/x", proxies={"http": f"http://{host}:{port}"}, timeout=3).status_code

    def opener(host, port, url, **_):
        handler = urllib.request.ProxyHandler({"http": f"http://{host}:{port}"})
        return urllib.request.build_opener(handler).open("http://gazette.test/x", timeout=3).status

    def reloaded(url, **_):
        import importlib

        from desist.enforce import pins, wraps

        importlib.reload(pins)
        importlib.reload(wraps)
        return requests_get(url)

    def ctypes_connect(ip, port, url, **_):
        import ctypes

        sock = socket.socket()
        address = (2).to_bytes(2, "little") + port.to_bytes(2, "big") + socket.inet_aton(ip) + bytes(8)
        if ctypes.CDLL(None).connect(sock.fileno(), address, len(address)):
            raise OSError("connect")
        return speak(sock, url)

    def ctypes_loaded(ip, port, url, **_):
        import ctypes

        sock = socket.socket()
        address = (2).to_bytes(2, "little") + port.to_bytes(2, "big") + socket.inet_aton(ip) + bytes(8)
        if ctypes.pythonapi.connect(sock.fileno(), address, len(address)):
            raise OSError("connect")
        return speak(sock, url)

    def ftp(host, port, **_):
        return FTP(timeout=2).connect(host, port)

    def smtp(host, port, **_):
        return smtplib.SMTP(host, port, timeout=2)

    def xmlrpc(url, **_):
        return xmlrpc.client.ServerProxy(url).x()

    def log_handler(host, port, url, **_):
        handler = logging.handlers.HTTPHandler(f"{host}:{port}", "/" + url.rpartition("/")[2])
        handler.handleError = lambda record: None
        handler.handle(logging.makeLogRecord({"msg": "x"}))

    def syslog(host, **_):
        return logging.handlers.SysLogHandler((host, 514)).handle(logging.makeLogRecord({"msg": "x"}))

    # --- what must go on working ---------------------------------------------------------------------------------

    def processor(**_):
        return platform.uname().processor or "unknown"

    def declared_program(**_):
        return subprocess.run(["true"], check=True).returncode

    def child_works(**_):
        with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
            return pool.submit(sum, [1, 2]).result(6)

    def pair(**_):
        one, two = socket.socketpair()
        one.sendall(b"x")
        return two.recv(1)

    def own_lookup(**_):
        return socket.getaddrinfo("127.0.0.1", 80)[0][4]


def in_thread(way):
    """The result of `way` in a thread of its own, or what it raised there."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(way).result(6)
