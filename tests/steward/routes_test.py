#!/usr/bin/env python3
"""What merlon-steward answers under which path, as Enarx's Steward does and beyond it."""

import socket
import subprocess
import unittest

from service import BUNDLE, PKCS10, PROBLEM, StewardTest, make_request, run
from support import main


class Routes(StewardTest):
    def setUp(self):
        super().setUp()
        self.steward = self.start()

    def test_a_get_of_the_root_is_empty_and_well(self):
        answer = self.steward.ask("GET", "/")
        self.assertEqual((answer.status, answer.body), (200, b""))

    def test_what_is_no_request_is_refused_with_an_empty_body(self):
        """Statuses of Enarx; each body is empty, since its keeps do not ask for a reason."""
        plain = make_request(self.folder)
        cases = [(b"", PKCS10, 400), (b"nonsense", PKCS10, 400), (b"\x30\x03\x02\x01\x00", PKCS10, 400),
                 (b"", BUNDLE, 400), (plain, BUNDLE, 400), (plain, "text/plain", 400),
                 (plain, "application/pkcs10; x=y", 400), (plain, PKCS10, 401), (plain + b"\0", PKCS10, 400),
                 (b"x" * (2 * 1024 * 1024 + 1), PKCS10, 413)]
        for body, form, status in cases:
            answer = self.steward.post(body, form, accept=None)
            self.assertEqual((answer.status, answer.body), (status, b""), (body[:20], form))

    def test_who_asks_for_the_reason_gets_it_with_a_link_that_leads_somewhere(self):
        answer = self.steward.post(make_request(self.folder))
        self.assertEqual(answer.headers["content-type"], PROBLEM)
        problem = answer.json()
        self.assertEqual(problem["status"], 401)
        page, _, code = problem["type"].partition("#")
        self.assertEqual(code, problem["code"])
        self.assertIn(f'id="{code}"', self.steward.ask("GET", page).body.decode())

    def test_a_body_of_two_mebibytes_is_looked_at(self):
        self.assertEqual(self.steward.post(b"x" * (2 * 1024 * 1024)).status, 400)

    def test_a_request_without_content_type_is_refused(self):
        self.assertEqual(self.steward.ask("POST", "/", b"x").status, 400)

    def test_unknown_methods_are_told_the_known_ones(self):
        for method, path, allowed in (("PUT", "/", "GET, HEAD, POST"), ("DELETE", "/metrics", "GET, HEAD"),
                                      ("TRACE", "/", "GET, HEAD, POST"), ("CONNECT", "/", "GET, HEAD, POST")):
            answer = self.steward.ask(method, path)
            self.assertEqual((answer.status, answer.headers["allow"]), (405, allowed))

    def test_there_is_nothing_elsewhere(self):
        for path in ("/nothing", "/../etc/passwd", "/metrics/", "//", "/%2e%2e"):
            self.assertEqual(self.steward.ask("GET", path).status, 404, path)

    def test_head_is_get_without_the_body(self):
        for path in ("/", "/health", "/ready", "/metrics", "/docs/errors.md"):
            answer = self.steward.ask("HEAD", path)
            self.assertEqual((answer.status, answer.body), (200, b""))

    def test_curl_sends_chunks_and_waits_to_be_asked(self):
        body = self.folder / "body"
        body.write_bytes(b"x" * 100_000)
        for words in (["-H", "Transfer-Encoding: chunked"], ["-H", "Expect: 100-continue"]):
            said = subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", *words, "-H",
                                   f"Content-Type: {PKCS10}", "--data-binary", f"@{body}",
                                   f"http://127.0.0.1:{self.steward.port}/"], capture_output=True, text=True,
                                  timeout=30, check=True)
            self.assertEqual(said.stdout, "400")

    def test_ready_names_the_policy_and_the_end_of_the_ca(self):
        ready = self.steward.ask("GET", "/ready").json()
        self.assertTrue(ready["ready"])
        self.assertEqual(len(ready["policy"]), 64)
        self.assertRegex(ready["ca_not_after"], r"^\d{4}-\d\d-\d\dT")
        self.assertIn(f'policy_info{{digest="{ready["policy"]}"', self.steward.ask("GET", "/metrics").body.decode())

    def test_pages_run_nothing_and_load_nothing(self):
        headers = self.steward.ask("GET", "/docs/errors.md").headers
        self.assertTrue(headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-"))
        self.assertEqual(headers["x-content-type-options"], "nosniff")

    def test_bytes_that_are_no_http_do_no_harm(self):
        for junk in (b"\x16\x03\x01\x00\x05hello", b"\0" * 1000, b"GET / HTTP/9.9\r\n\r\n", b"\r\n" * 5000):
            with socket.create_connection(("127.0.0.1", self.steward.port), 10) as connection:
                connection.sendall(junk)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(4096):
                    pass
        self.assertEqual(self.steward.ask("GET", "/health").body, b"ok\n")


class Options(StewardTest):
    def test_the_command_line_of_enarx_is_understood(self):
        key, crt = self.ca()
        steward = self.start("-k", key, "-c", crt, "-a", "127.0.0.1", "-p", "0", "--san", "a.example",
                             listen=None, host=None)
        self.assertEqual(steward.ask("GET", "/").status, 200)

    def test_variables_of_enarx_are_understood(self):
        key, crt = self.ca()
        environment = {"STEWARD_KEY": str(key), "STEWARD_CRT": str(crt), "ROCKET_ADDRESS": "127.0.0.1",
                       "ROCKET_PORT": "0", "RENDER_EXTERNAL_HOSTNAME": "not.used"}
        steward = self.start(listen=None, host=None, environment=environment)
        self.assertEqual(steward.address, "127.0.0.1")

    def test_arguments_may_stand_in_a_file(self):
        key, crt = self.ca()
        file = self.folder / "arguments.toml"
        file.write_text(f'key = "{key}"\ncrt = "{crt}"\naddr = "127.0.0.1"\nport = 0\n')
        said = run("check", f"@{file}")
        self.assertEqual((said.returncode, said.stderr), (0, ""))

    def test_the_configuration_counts_whoever_signs(self):
        """Enarx ignores it where it has made the CA itself."""
        policy = self.folder / "policy.toml"
        policy.write_text("nonsense = 1\n")
        said = run("--host", "h", "--config", policy)
        self.assertEqual(said.returncode, 1)
        self.assertIn("nonsense", said.stderr)

    def test_check_says_what_would_count(self):
        said = run("check", "--host", "h")
        self.assertEqual(said.returncode, 0, said.stderr)
        self.assertRegex(said.stdout, r"^policy [0-9a-f]{64}\n")
        self.assertIn("\nuntil ", said.stdout)

    def test_what_is_wrong_is_one_line(self):
        key, crt = self.ca()
        other, _ = self.ca("other")
        for words, status in ((["--key", other, "--crt", crt], 1), (["--key", self.folder / "none", "--crt", crt], 1),
                              (["--key", crt, "--crt", key], 1), (["--host", "h", "--endorsements", "/nowhere"], 1),
                              (["--host", "h", "--listen", "1.2.3.4:80"], 1), (["--host", "h", "--prot", "80"], 2),
                              ([], 2), (["serv"], 2), (["@/nowhere"], 2), (["--host", "h" * 65], 1),
                              (["--host", "h", "--tls-key", other, "--tls-crt", crt], 1),
                              (["--host", "h", "--tls-key", key, "--tls-crt", crt, "--tls-key", other], 2)):
            said = run(*words)
            self.assertEqual(said.returncode, status, (words, said.stderr))
            self.assertEqual(len(said.stderr.splitlines()), 1, (words, said.stderr))
            self.assertTrue(said.stderr.startswith("merlon-steward: "), said.stderr)

    def test_help_manual_and_completion_are_there(self):
        self.assertIn("--policy", run("serve", "--help").stdout)
        self.assertIn(".SH SIGNALS", run("man").stdout)
        for shell in ("bash", "zsh", "fish"):
            self.assertIn("--development", run("completion", shell).stdout)
        self.assertRegex(run("--version").stdout, r"^merlon-steward \d")


if __name__ == "__main__":
    main()
