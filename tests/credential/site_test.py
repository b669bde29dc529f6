#!/usr/bin/env python3
"""A web site admits approved keeps without code of its own: nginx asks merlon credential serve.

    site_test.py
"""

import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from credentials import AUDIENCE, MERLON, World

NGINX = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
BACKEND = "sgx-sim"
CONFIGURATION = """
worker_processes 2; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; user root;
events {{ worker_connections 512; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  large_client_header_buffers 4 16k;
  upstream door {{ server 127.0.0.1:{door}; keepalive 16; }}
  server {{
    listen 127.0.0.1:{port}; root {folder}/pages;
    location /open/ {{ }}
    location / {{ auth_request /admit; }}
    location = /admit {{
      internal; proxy_pass http://door; proxy_pass_request_body off; proxy_set_header Content-Length "";
      proxy_http_version 1.1; proxy_set_header Connection "";
    }}
  }}
}}
"""


class Site:
    """merlon credential serve behind nginx."""

    def __init__(self, world, port, keys=None, merlon=MERLON):
        self.folder = world.folder / f"site{port}"
        (self.folder / "pages/open").mkdir(parents=True)
        (self.folder / "pages/page").write_text("for approved keeps")
        (self.folder / "pages/open/page").write_text("for all")
        self.port, self.lines = port, []
        self.door = subprocess.Popen(
            [merlon, "credential", "serve", "--key", keys or world.keys, "--audience", AUDIENCE, "--store",
             self.folder / "shown.db", "--development", "--listen", "127.0.0.1:0"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        listening = json.loads(self.door.stderr.readline())
        threading.Thread(target=lambda: self.lines.extend(self.door.stderr), daemon=True).start()
        (self.folder / "nginx.conf").write_text(CONFIGURATION.format(
            folder=self.folder, door=listening["address"].rsplit(":", 1)[1], port=port))
        self.nginx = subprocess.Popen([NGINX, "-c", self.folder / "nginx.conf", "-p", self.folder],
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while self.get("/open/page")[0] != 200 and time.monotonic() < deadline:
            time.sleep(0.05)

    def get(self, path, token=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path, headers={"Merlon-Credential": token} if token else {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except ConnectionRefusedError:
            return 0, ""
        finally:
            connection.close()

    def stop(self):
        for each in (self.nginx, self.door):
            each.terminate()
            each.wait(30)
        self.door.stderr.close()


def free_port():
    from keeps import free_port as one
    return one()


@unittest.skipUnless(NGINX, "nginx is not here")
class Sites(unittest.TestCase):
    def world(self, **options):
        scratch = tempfile.TemporaryDirectory(prefix="merlon-site-")
        self.addCleanup(scratch.cleanup)
        world = World(scratch.name, BACKEND, **options)
        self.addCleanup(world.steward.stop)
        return world

    def site(self, world, **options):
        site = Site(world, free_port(), **options)
        self.addCleanup(site.stop)
        return site

    def test_nginx_lets_approved_keeps_in(self):
        world = self.world(limit=8)
        tokens = world.tokens(8)
        site = self.site(world)
        self.assertEqual(site.get("/open/page"), (200, "for all"))
        self.assertEqual(site.get("/page")[0], 401)
        self.assertEqual(site.get("/page", tokens[0]), (200, "for approved keeps"))
        self.assertEqual(site.get("/page", tokens[0])[0], 403)
        self.assertEqual(site.get("/page", "nonsense")[0], 403)
        with ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(lambda _: site.get("/page", tokens[1])[0], range(16)))
        self.assertEqual(sorted(statuses), [200] + [403] * 15, "one of those that come together")

    def test_a_new_epochs_key_is_found(self):
        world = self.world(limit=2)
        first = world.tokens(2)
        keys = world.folder / "copied"
        keys.mkdir()
        shutil.copy(world.keys / "00000000.key", keys)
        site = self.site(world, keys=keys)
        self.assertEqual(site.get("/page", first[0])[0], 200)
        other = world.start(world.folder / "next")
        self.addCleanup(other.stop)
        later = world.keep(AUDIENCE, 2, package=world.package("later", other)).stdout.split()
        self.assertEqual(site.get("/page", later[0])[0], 403)
        shutil.copy(world.folder / "next/00000000.key", keys / "00000001.key")
        deadline = time.monotonic() + 60
        while (status := site.get("/page", later[0])[0]) != 200 and time.monotonic() < deadline:
            time.sleep(0.5)
        self.assertEqual(status, 200)
        self.assertEqual(site.get("/page", first[1])[0], 200, "and the one of before")


if __name__ == "__main__":
    if not NGINX:
        print("SKIP credential.site: nginx is not here")
        sys.exit(77)
    unittest.main()
