"""Clients, sockets and lookups: what a program reaches the network with itself."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import os
import socket
import ssl
import urllib.request

from raider_tools import GET, in_thread, requests_get, speak


class Sockets:
    """One function a way, as in `raider_process.Ways`."""

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
