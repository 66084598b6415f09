"""The raider that never asks Scrapy: whatever Python can use to reach a platform past every Request."""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging.handlers
import multiprocessing
import os
import platform
import smtplib
import socket
import ssl
import subprocess
import urllib.request
import xmlrpc.client
from ftplib import FTP

import raider
from raider_children import Children
from raider_depths import Depths
from raider_sockets import Sockets
from raider_tools import CURL, GET, requests_get, speak, tell
from scrapy.utils.reactor import is_reactor_installed


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
        ways["proxy"] = step.get("proxy")
        return getattr(Ways, do)(**ways) if do != "from_crawler" else "done"

    async def do_early(self, url, step):
        import raider_early

        return raider_early.act(step["case"])

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

    async def do_twisted_names(self, url, step):
        if not is_reactor_installed():
            raise RuntimeError("no reactor")
        from scrapy.utils.defer import maybe_deferred_to_future
        from twisted.names.client import Resolver

        address, port = os.environ["RAIDER_DNS"].split(":")
        asked = Resolver(servers=[(address, int(port))], timeout=(1,)).lookupAddress(step["host"])
        return (await maybe_deferred_to_future(asked))[0][0].payload

    async def do_listen_udp(self, url, step):
        if not is_reactor_installed():
            raise RuntimeError("no reactor")
        import dns.message
        from scrapy.utils.defer import maybe_deferred_to_future
        from twisted.internet import protocol, reactor

        address, port = os.environ["RAIDER_DNS"].split(":")
        way = reactor.listenUDP(0, protocol.DatagramProtocol())
        try:
            way.write(dns.message.make_query(step["host"], "A").to_wire(), (address, int(port)))
        finally:
            await maybe_deferred_to_future(way.stopListening())

    async def do_mail(self, url, step):
        if not is_reactor_installed():
            raise RuntimeError("no reactor")
        from scrapy.mail import MailSender
        from scrapy.utils.defer import maybe_deferred_to_future

        sender = MailSender(smtphost=step["host"], smtpport=int(step["port"]), mailfrom="a@b.test")
        return await maybe_deferred_to_future(sender.send(to=["c@d.test"], subject="x", body="x"))


class Ways(Sockets, Children, Depths):
    """One function a way; each is told the URL, host and port that this case alone uses, and the platform's address."""

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
