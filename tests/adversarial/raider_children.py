"""Threads, forks and programs: what a program lets others do for it."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
import subprocess
import sys
import threading

from raider_sockets import Sockets
from raider_tools import CHILD, CURL, fake, folder, in_child, in_thread, python_elsewhere, requests_get, tell


class Children:
    """One function a way, as in `raider_process.Ways`."""

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
        in_child(lambda: Sockets.connect_ip(ip=ip, port=port, url=url))

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
