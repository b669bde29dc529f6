#!/usr/bin/env python3
"""The evidence commands over genuine evidence.

    commands_test.py MERLON VECTORS
"""

import base64
import fcntl
import hashlib
import html
import html.parser
import json
import os
import re
import shutil
import stat
import struct
import subprocess
import sys
import tempfile
import termios
import unittest
from pathlib import Path

MERLON, VECTORS = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
# Files of these tests, and what the programs keep of what they have seen.
SCRATCH = tempfile.TemporaryDirectory()
os.environ["XDG_STATE_HOME"] = SCRATCH.name
# The firmware below this report is one that AMD's bulletins concern.
OLD_FIRMWARE = Path(SCRATCH.name) / "old-firmware.toml"
OLD_FIRMWARE.write_text("[snp]\nwaivers = [" + ", ".join(
    f"{{ advisory = 'AMD-SB-{number}', until = 2099-12-31 }}"
    for number in (3016, 3019, 3023, 3030)) + "]\n")
MILAN = ["virtee-sev/milan.report.bin", "--endorsements", "virtee-sev/milan.vcek.der",
         "--endorsements", "amd-chains/ask_ark_milan.pem", "--endorsements",
         "steward/ark-milan.crl", "--at", "2023-05-01", "--policy", OLD_FIRMWARE]
SGX = ["phala/sgx_quote.dat", "--endorsements", "phala/sgx_quote_collateral.json", "--at",
       "2025-06-20"]


# Without what a terminal may have been told about colours.
ENVIRONMENT = {**{name: value for name, value in os.environ.items() if name != "NO_COLOR"},
               "TERM": "xterm"}
REQUEST = "[report_data]\nrequest = true\n"
DIGEST = {"sgx": "1" * 64, "tdx": "1" * 96, "snp": "1" * 96}
TABLES = {"sgx": f"[sgx]\nmr_enclave = ['{DIGEST['sgx']}']\n",
          "tdx": f"[tdx]\nmr_td = ['{DIGEST['tdx']}']\nrt_mr1 = ['{DIGEST['tdx']}']\n"
                 f"rt_mr2 = ['{DIGEST['tdx']}']\n",
          "snp": f"[snp]\nmeasurement = ['{DIGEST['snp']}']\nproducts = ['Milan']\n"
                 "min_reported_tcb = { snp = 8 }\nplatform_on = ['alias-check']\n"}
# Policies that leave nothing open, one for each technology.
STRONG = {name: REQUEST + table for name, table in TABLES.items()}


def add(line):
    return lambda text: f"{text}{line}\n"


def first(line):
    return lambda text: f"{line}\n{text}"


def instead(old, new):
    def change(text):
        assert old in text, (old, text)
        return text.replace(old, new)
    return change


# A strong policy, what makes it weak, and what is said then.
WEAK = [
    ("sgx", first("revocation = 'if-present'"), "a missing revocation list"),
    ("sgx", first(f"roots = ['{'1' * 64}']"), "other roots"),
    ("sgx", instead("request = true", "any = true"), "any report data is accepted"),
    ("sgx", instead(REQUEST, ""), "evidence outside of a request may be old or another's: name "
                                  "report_data, or request = true"),
    ("tdx", instead("request = true", "request = false"), "evidence outside of a request"),
    ("snp", instead(REQUEST, ""), "evidence outside of a request"),
    *[(name, add("debug = true"), "debugging is allowed") for name in STRONG],
    *[(name, add(f"[dcap]\nstatuses = ['UpToDate', '{status}']"), "out of date is accepted")
      for name in ("sgx", "tdx") for status in ("OutOfDate", "OutOfDateConfigurationNeeded")],
    ("sgx", add("[dcap]\ntcb_info_v2 = true"), "TCB info of version 2"),
    ("sgx", instead(TABLES["sgx"], "[sgx]\n"), "any SGX enclave"),
    ("sgx", instead("mr_enclave", "min_svn = 1\nmr_signer"), "name product_id"),
    ("sgx", instead("mr_enclave", "product_id = 0\nmr_signer"), "name min_svn"),
    ("tdx", instead("mr_td =", "mr_seam ="), "any TDX domain"),
    *[("tdx", instead(f"rt_mr{number} =", f"{other} ="), "rt_mr1 its kernel and rt_mr2")
      for number, other in ((1, "rt_mr0"), (2, "rt_mr3"))],
    ("tdx", add("migration = true"), "migration of a TDX domain"),
    ("snp", instead("measurement =", "refused_measurement ="), "any SEV-SNP guest"),
    *[("snp", instead("measurement =", f"{key} ="), "name measurement or min_guest_svn")
      for key in ("id_key_sha384", "author_key_sha384")],
    ("snp", add("migration = true"), "migration of an SEV-SNP guest"),
    ("snp", add("provisional_firmware = true"), "provisional SEV-SNP firmware"),
    ("snp", add("vmpl = [0, 2]"), "a VMPL above 0"),
    ("snp", instead("platform_on = ['alias-check']\n", ""), "name alias-check in platform_on"),
    *[(name, first("carried_lists = true"), "who sends the evidence chooses which")
      for name in STRONG],
    *[(name, add("[dcap]\nwaivers = [{ advisory = 'INTEL-SA-1', until = 2099-12-31 }]"),
       "known weaknesses of Intel's platforms are waived: INTEL-SA-1") for name in ("sgx", "tdx")],
    ("snp", add("waivers = [{ advisory = 'AMD-SB-3019', until = 2099-12-31 }]"),
     "known weaknesses of AMD's firmware are waived: AMD-SB-3019"),
    ("sgx", add("config_id = 'any'"), "any configuration id of an SGX enclave"),
    *[("tdx", add(f"{key} = 'any'"), "any owner or configuration of a TDX domain")
      for key in ("mr_config_id", "mr_owner", "mr_owner_config")],
    ("tdx", add("mr_service_td = 'any'"), "any service domain may be bound to a TDX domain"),
    *[("snp", add(f"{key} = 'any'"), "any key of an SEV-SNP guest's ID block")
      for key in ("id_key_sha384", "author_key_sha384")],
    ("snp", add("host_data = 'any'"), "any HOST_DATA is accepted"),
    *[("snp", lambda text, line=line: add(line)(instead("['Milan']", "['Milan', 'Genoa']")(text)),
       "name one in products")
      for line in ("", "min_launch_tcb = { snp = 8 }", "min_firmware = '1.55.0'",
                   "launch_mitigations = 1", "current_mitigations = 1")],
    ("snp", instead("products = ['Milan']\n", ""), "name one in products"),
]


class Page(html.parser.HTMLParser):
    """What a page refers to, and whether its elements are closed in order."""

    VOID = {"meta", "br", "wbr"}

    def __init__(self, text):
        super().__init__()
        self.open, self.references = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.references += [value for name, value in attrs if name in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag


class Commands(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name)

    def tearDown(self):
        self.folder.cleanup()

    def merlon(self, *words):
        return subprocess.run([MERLON, "evidence", *map(str, words)], capture_output=True, text=True,
                              check=False, cwd=VECTORS)

    def test_accepted(self):
        result = self.merlon("verify", *MILAN)
        self.assertEqual(result.returncode, 0)
        self.assertIn("Verdict: accepted", result.stdout)
        self.assertNotIn("✘", result.stdout)

    def test_refused_says_what_was_wanted_and_where(self):
        result = self.merlon("verify", *SGX)
        self.assertEqual(result.returncode, 3)
        self.assertRegex(result.stdout, r"✘ dcap.tcb-status +ConfigurationAndSWHardeningNeeded\n +"
                                        r"wanted: UpToDate\n +PCS-V4 tcbStatus\n")

    def test_quiet_shows_what_failed_and_the_verdict(self):
        lines = self.merlon("verify", *SGX, "--quiet").stdout.splitlines()
        self.assertEqual([line for line in lines if "✔" in line or "Claims" in line], [])
        self.assertEqual(len([line for line in lines if "✘" in line]), 1)
        self.assertEqual(lines[-1], "Verdict: refused (1 of 43 checks)")
        accepted = self.merlon("verify", *MILAN, "--quiet").stdout
        self.assertNotIn("Findings", accepted)
        self.assertIn("Verdict: accepted", accepted)

    def test_a_dash_is_standard_input(self):
        with (VECTORS / MILAN[0]).open("rb") as file:
            result = subprocess.run([MERLON, "evidence", "verify", "-", *MILAN[1:]], stdin=file,
                                    capture_output=True, text=True, check=False, cwd=VECTORS)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertTrue(result.stdout.startswith("-: SEV-SNP report"))

    def test_a_policy_changes_the_answer(self):
        policy = self.path / "p.toml"
        policy.write_text('[dcap]\nstatuses = ["ConfigurationAndSWHardeningNeeded"]\n')
        result = self.merlon("verify", *SGX, "--policy", policy)
        self.assertEqual(result.returncode, 3)
        # What the answer says to write is enough, once there are days in it.
        found = re.search(r"to accept it, in the policy:\n((?: +[^ ✔✘].*\n)+)", result.stdout)
        lines = [line.strip() for line in found[1].splitlines()]
        lines = [line for line in lines if line and line[0] in "[]{w"]
        self.assertEqual(lines[0], "[dcap]")
        policy.write_text(policy.read_text() +
                          "\n".join(lines[1:]).replace("YYYY-MM-DD", "2026-01-01") + "\n")
        self.assertEqual(self.merlon("verify", *SGX, "--policy", policy).returncode, 0,
                         policy.read_text())

    def test_what_was_seen_is_kept_and_counts(self):
        state = self.path / "state"
        record = state / "merlon" / "seen.json"
        collateral = ["phala/sgx_quote.dat", "--endorsements", "phala/sgx_quote_collateral.json"]

        def failed(*words):
            result = subprocess.run([MERLON, "evidence", "verify", *collateral, "--json", *words],
                                    capture_output=True, text=True, check=False, cwd=VECTORS,
                                    env={**ENVIRONMENT, "XDG_STATE_HOME": str(state)})
            if not result.stdout:
                return result.stderr
            return {found["check"] for found in json.loads(result.stdout)["findings"]
                    if not found["passed"]}

        # Neither a time that was asked for nor --no-memory leaves anything.
        failed("--at", "2025-06-20")
        failed("--no-memory")
        self.assertFalse(record.exists())
        first = failed()
        self.assertNotIn("time.clock", first)
        seen = json.loads(record.read_text())
        self.assertGreater(seen["newest_issue"], 1_700_000_000)
        self.assertEqual(seen["evaluation_number"], 17)
        self.assertEqual(record.parent.stat().st_mode & 0o077, 0)
        self.assertEqual(failed(), first)

        def seen_before(**changes):
            record.write_text(json.dumps({**seen, **changes}))
            return failed() - first

        self.assertEqual(seen_before(), set())
        self.assertEqual(seen_before(newest_issue=32_503_680_000), {"time.clock"})
        self.assertEqual(failed("--no-memory"), first)
        self.assertEqual(failed("--at", "2025-06-20") - first, set())
        self.assertEqual(seen_before(evaluation_number=18),
                         {"dcap.tcb-info-evaluation", "dcap.qe-identity-evaluation"})
        # A newer document about the same was there, though its number is no greater.
        self.assertEqual(len(seen["documents"]), 2)
        for name, issued in seen["documents"].items():
            check = "dcap.qe-identity-evaluation" if name == "identity-QE" else "dcap.tcb-info-evaluation"
            self.assertEqual(seen_before(documents={name: issued}), set())
            self.assertEqual(seen_before(documents={name: issued + 1}), {check})
        # As an earlier release wrote it.
        record.write_text(json.dumps({"version": 1} | {key: seen[key] for key in (
            "newest_issue", "evaluation_number", "lists")}))
        self.assertEqual(failed(), first)
        for broken in ("", "{}", "words", json.dumps({**seen, "version": 3}),
                       json.dumps({**seen, "documents": {"no name": 1}})):
            record.write_text(broken)
            self.assertIn("the record of what was seen before", failed())
            self.assertEqual(failed("--no-memory"), first)
            self.assertEqual(record.read_text(), broken)

    def test_a_policy_is_made_from_good_evidence_and_accepts_it_again(self):
        for evidence, *words in (SGX, MILAN[:-2]):
            policy = self.path / f"{Path(evidence).name}.toml"
            made = self.merlon("policy", "init", policy, "--evidence", evidence, *words)
            self.assertEqual((made.returncode, made.stdout), (0, ""), made.stderr)
            self.assertIn("waived for 30 days: ", made.stderr)
            answer = self.merlon("verify", evidence, *words, "--policy", policy)
            self.assertEqual(answer.returncode, 0, answer.stdout)
            self.assertEqual(self.merlon("policy", "check", policy).returncode, 0)
            # It is not written twice.
            again = self.merlon("policy", "init", policy, "--evidence", evidence, *words)
            self.assertEqual(again.returncode, 1)
        policy = self.path / "none.toml"
        bad = self.merlon("policy", "init", policy, "--evidence", SGX[0])
        self.assertEqual(bad.returncode, 3)
        self.assertIn("no policy is made from what is not good: dcap.", bad.stderr)
        self.assertEqual(self.merlon("policy", "init", policy, "--at", "2025-06-20").returncode, 2)
        self.assertEqual(self.merlon("policy", "init", policy, "--evidence", SGX[2]).returncode, 4)
        self.assertFalse(policy.exists())

    def test_a_platform_is_looked_at_ahead_of_its_time(self):
        policy = self.path / "outlook.toml"
        evidence, *words = SGX
        self.merlon("policy", "init", policy, "--evidence", evidence, *words)

        def tcb(*more):
            return subprocess.run([MERLON, "platform", "tcb", *map(str, more)], capture_output=True, text=True,
                                  check=False, cwd=VECTORS)

        soon = tcb(evidence, *words, "--policy", policy)
        self.assertEqual(soon.returncode, 1, soon.stderr)
        self.assertIn("accepted now; refused in 31 days (2025-07-21T00:00:00Z) at the earliest", soon.stdout)
        self.assertIn("why: INTEL-SA-00615 is waived until 2025-07-20", soon.stdout)
        now = tcb(evidence, *words)
        self.assertEqual(now.returncode, 3)
        self.assertIn("refused now\n  why: dcap.tcb-status: ", now.stdout)
        self.assertEqual(tcb(SGX[2]).returncode, 4)

    def test_json_says_the_same(self):
        answer = json.loads(self.merlon("verify", *SGX, "--json").stdout)
        self.assertEqual(answer["verdict"], "refused")
        self.assertEqual([f["check"] for f in answer["findings"] if not f["passed"]],
                         ["dcap.tcb-status"])
        self.assertTrue(all(f["document"] for f in answer["findings"]))

    def test_the_answer_names_what_was_judged_and_by_what(self):
        own, steward = self.path / "own.toml", self.path / "steward.toml"
        own.write_text("technologies = ['sgx']\n")
        steward.write_text(f"[sgx]\nsigner = ['{DIGEST['sgx']}']\n")
        version = subprocess.run([MERLON, "--version"], capture_output=True, text=True,
                                 check=True).stdout.split()[1]
        page = self.path / "page.html"
        digest = hashlib.sha256((VECTORS / SGX[0]).read_bytes()).hexdigest()
        for policy, form, line in (
                (None, "default", "by the default policy: any workload"),
                (own, "own", f"by policy {own}"),
                (steward, "steward", f"by the Steward's configuration {steward}")):
            words = [*SGX, *(["--policy", policy] if policy else [])]
            text = self.merlon("verify", *words, "--html", page).stdout
            self.assertEqual(text.splitlines()[1:3], ["judged for 2025-06-20T00:00:00Z", line])
            answer = json.loads(self.merlon("verify", *words, "--json").stdout)
            self.assertEqual(answer["policy"], {"file": policy and str(policy), "form": form})
            self.assertEqual((answer["file"], answer["version"], answer["evidence_sha256"]),
                             (SGX[0], version, digest))
            html_text = html.unescape(page.read_text())
            self.assertEqual(html_text.count(line), 2)
            for words in (digest, f"Merlon {version}"):
                self.assertIn(words, html_text)

    def test_a_policy_that_says_nothing_is_said_to(self):
        policy = self.path / "p.toml"
        for content in ("", "\n", "# words\n\n  # more", "\ufeff# words"):
            policy.write_text(content)
            result = self.merlon("verify", *MILAN[:-1], policy)
            self.assertEqual((result.returncode, result.stderr),
                             (3, f"merlon: {policy}: asks for nothing: any workload is accepted\n"))
        for content in ("[snp]\n", "# words\nrevocation = 'required'\n"):
            policy.write_text(content)
            result = self.merlon("verify", *MILAN[:-1], policy)
            self.assertEqual((result.returncode, result.stderr), (3, ""), content)

    def test_a_no_has_no_end_and_nothing_to_believe(self):
        for words, accepted in ((SGX, False), (MILAN, True)):
            text = self.merlon("verify", *words).stdout
            self.assertEqual(re.search(r"(?m)^Expires     2023-05-09T23:00:00Z$", text) is not None,
                             accepted)
            self.assertEqual("\nClaims\n" in text, accepted)
            self.assertEqual("\nClaims, not to be believed\n" in text, not accepted)
            answer = json.loads(self.merlon("verify", *words, "--json").stdout)
            self.assertEqual((answer["expiry"], answer["believed"]),
                             ("2023-05-09T23:00:00Z", True) if accepted else (None, False))
            self.assertTrue(answer["claims"]["debug"])
            page = self.path / "page.html"
            self.merlon("verify", *words, "--html", page)
            self.assertEqual("ends first" in page.read_text(), accepted)

    def test_the_page_is_whole_and_refers_to_nothing(self):
        for words in (MILAN, SGX):
            page = self.path / f"{len(words)}.html"
            self.merlon("verify", *words, "--html", page)
            text = page.read_text()
            parsed = Page(text)
            self.assertEqual((parsed.open, parsed.references), ([], []))
            self.assertNotIn("<script", text)
            self.assertNotRegex(text, r"url\(|@import")

    def test_a_page_takes_the_place_of_a_file(self):
        page, link = self.path / "page.html", self.path / "link.html"
        page.write_text("before")
        page.chmod(0o444)
        link.symlink_to("page.html")
        for path in (page, link):
            result = self.merlon("verify", *SGX, "--html", path)
            self.assertEqual((result.returncode, result.stderr), (3, ""))
            self.assertTrue(page.read_text().startswith("<!doctype html>"))
            page.write_text("before")
        self.assertTrue(link.is_symlink())
        self.assertEqual({each.name for each in self.path.iterdir()}, {"page.html", "link.html"})

    def test_a_page_can_go_where_nothing_can_take_its_place(self):
        result = self.merlon("verify", *MILAN, "--html", "/dev/null")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertTrue(stat.S_ISCHR(Path("/dev/null").stat().st_mode))
        pipe = self.path / "pipe"
        os.mkfifo(pipe)
        both_ends = os.open(pipe, os.O_RDWR)  # so that cat waits for more than nothing
        with pipe.open() as end:
            reader = subprocess.Popen(["cat"], stdin=end, stdout=subprocess.PIPE, text=True)
        self.assertEqual(self.merlon("verify", *MILAN, "--html", pipe).returncode, 0)
        os.close(both_ends)
        self.assertTrue(reader.communicate()[0].endswith("</html>\n"))
        both = self.path / "both"
        with both.open("w") as file:
            subprocess.run([MERLON, "evidence", "verify", *MILAN, "--html", "/dev/stdout"],
                           stdout=file, check=True, cwd=VECTORS)
        for text in (self.merlon("verify", *MILAN, "--html", "/dev/stdout").stdout,
                     both.read_text()):
            for words in ("\nVerdict: accepted\n", "<!doctype html>", "</html>\n"):
                self.assertIn(words, text)
        self.assertTrue(Path("/dev/stdout").is_symlink())

    def test_a_page_never_waits_for_a_reader(self):
        pipe = self.path / "pipe"
        os.mkfifo(pipe)
        result = self.merlon("verify", *MILAN, "--html", pipe)
        self.assertEqual(result.returncode, 1)
        self.assertIn("\nVerdict: accepted\n", result.stdout)
        self.assertIn("nobody reads from this FIFO", result.stderr)

    def test_a_page_that_cannot_be_written_does_not_take_the_answer_along(self):
        for path, why in ((self.path / "none" / "page.html", "No such file or directory"),
                          (self.path, "Is a directory"), ("/dev/full", "No space left on device")):
            for words, in_answer in ((MILAN, "Verdict: accepted\n"), (SGX, "Verdict: refused"),
                                     ([*MILAN, "--json"], '{"verdict":"accepted"')):
                result = self.merlon("verify", *words, "--html", path)
                self.assertEqual((result.returncode, result.stderr),
                                 (1, f"merlon: {path}: cannot be written: {why}\n"))
                self.assertIn(in_answer, result.stdout)

    def test_the_page_says_what_is_missing_of_a_chain(self):
        page = self.path / "page.html"
        quote = (VECTORS / SGX[0]).read_bytes()
        end = quote.index(b"-----END CERTIFICATE-----\n") + 26
        alone = self.path / "alone.dat"
        alone.write_bytes(quote[:end] + bytes(len(quote) - end))
        ark = (VECTORS / MILAN[4]).read_text().partition("-----END CERTIFICATE-----\n")
        ask = self.path / "ask.pem"
        ask.write_text(ark[0] + ark[1])
        for words, issuer in (
                (MILAN[:3], "SEV-Milan"), ([*MILAN[:3], "--endorsements", ask], "ARK-Milan"),
                ([alone], "Intel SGX PCK Processor CA")):
            result = self.merlon("verify", *words, "--html", page)
            text = page.read_text()
            Page(text)
            self.assertIn(f"<ul class=\"chain top\"><li class=\"link missing\"><b>missing:</b>"
                          f"its issuer {issuer}<", text)
            self.assertIn("merlon evidence fetch", result.stdout)
        self.merlon("verify", MILAN[0], "--html", page)
        self.assertIn("No certificate vouches", page.read_text())

    def test_the_page_tells_unknown_from_revoked(self):
        page = self.path / "page.html"
        for words, listless, holds in (([SGX[0]], "dcap.pck-ca-revocation", True),
                                       ([*MILAN[:5], "--at", "2023-05-01"], "snp.ca-revocation", True),
                                       ([*MILAN[:5], "--endorsements", "steward/ark-milan.crl"],
                                        None, False)):
            self.merlon("verify", *words, "--html", page)
            text = page.read_text()
            unknown = "Not known whether revoked: a list is missing (<code>"
            self.assertEqual(unknown in text, listless is not None, words)
            if listless:
                self.assertIn(f"{unknown}{listless}</code>", text)
            self.assertEqual("It does not hold" not in text, holds, words)

    def test_the_page_has_the_lines_that_a_policy_would_need(self):
        page = self.path / "page.html"
        self.merlon("verify", *SGX, "--html", page)
        text = page.read_text()
        self.assertIn('<pre>[dcap]\nstatuses = [&quot;UpToDate&quot;, ', text)
        self.assertNotIn("\\x0a", text)

    def test_long_words_of_the_page_may_break(self):
        page = self.path / "page.html"
        self.merlon("verify", *SGX, "--html", page)
        text = page.read_text()
        status = "Configuration<wbr>And<wbr>SW<wbr>Hardening<wbr>Needed"
        self.assertEqual(text.count(status), 2)  # of the verdict and of the level
        self.assertIn("<th class=\"wide\">What must hold</th>", text)

    def test_what_cannot_be_judged(self):
        for name in ("intel-qvl/sgx/quote.dat", "PROVENANCE.tsv"):
            result = self.merlon("verify", name)
            self.assertEqual(result.returncode, 4, name)
            self.assertRegex(result.stderr, r"^merlon: [^\n]+\n$")

    def hint(self, *words):
        """What is said about endorsements, the same in the page."""
        page = self.path / "page.html"
        text = self.merlon("verify", *words, "--html", page).stdout
        lines = [line for line in text.splitlines() if "`merlon evidence fetch" in line or
                 "VLEK comes" in line]
        plain = html.unescape(re.sub(r"<[^>]+>", "", page.read_text()))
        for line in lines:
            self.assertIn(line.replace("`", ""), plain)
        self.assertEqual(bool(lines), "merlon evidence fetch" in plain or "VLEK comes" in plain)
        return lines

    def test_missing_endorsements_are_said_to_be_missing(self):
        milan = "merlon evidence fetch virtee-sev/milan.report.bin"
        product = " --product Milan|Genoa|Turin"
        given = self.path / "given"
        given.mkdir()
        quoted = self.path / "it's here"
        shutil.copy(VECTORS / SGX[0], quoted)
        named = ", --endorsements DIR takes them."
        missing = "Endorsements are missing: "
        for words, said in (
                ([SGX[0]], [f"{missing}`merlon evidence fetch {SGX[0]} DIR` gets them{named}"]),
                ([SGX[0], "--endorsements", given],
                 [f"{missing}`merlon evidence fetch {SGX[0]} {given}` gets them."]),
                ([quoted], [f"{missing}`merlon evidence fetch '{self.path}/it'\\''s here' DIR` "
                            f"gets them{named}"]),
                ([MILAN[0]], [f"{missing}`{milan} DIR{product}` gets them{named}"]),
                ([*MILAN[:5], "--at", "2023-05-01"],
                 [f"{missing}`{milan} DIR{product}` gets them{named}"]),
                (["ms-tav/milan-v3.report.bin"],
                 [f"{missing}`merlon evidence fetch ms-tav/milan-v3.report.bin DIR` gets "
                  f"them{named}"]),
                ([MILAN[0], "--endorsements", "trustee/milan.vcek.der", *MILAN[3:]],  # another chip
                 [f"{missing}`{milan} DIR{product}` gets them{named}"]),
                (SGX, []), (MILAN, [])):
            self.assertEqual(self.hint(*words), said, words)

    def test_a_vlek_is_not_said_to_come_from_amd(self):
        report = "trustee/milan-vlek.report.bin"
        vlek = ("The report asks for a VLEK, and none is here: a VLEK comes from the cloud "
                "provider.")
        self.assertEqual(self.hint(report)[1:], [vlek])
        self.assertNotIn(vlek, self.hint(report, "--endorsements", "trustee/milan-vlek.vlek.der"))

    def test_newer_endorsements_are_for_whoever_judges_now(self):
        for words, command in ((SGX, SGX[0]), (MILAN, MILAN[0])):
            at = words.index("--at")
            now, later = words[:at] + words[at + 2:], [*words[:at + 1], "2026-03-01"]
            self.assertEqual([line.split("`")[0] for line in self.hint(*now)],
                             ["Endorsements are stale: "], words)
            self.assertIn(command, self.hint(*now)[0])
            self.assertIn("` gets newer ones, --endorsements DIR takes them.", self.hint(*now)[0])
            self.assertEqual(self.hint(*later), [], words)
        self.assertIn("Endorsements are missing or stale: ",
                      self.hint("virtee-sev/milan.report.bin", "--endorsements",
                                "steward/ark-milan.crl", "--endorsements",
                                "amd-chains/ask_ark_milan.pem", "--endorsements",
                                "trustee/milan.vcek.der")[0])

    def test_what_could_not_be_judged_is_no_reason_of_its_own(self):
        result = self.merlon("verify", SGX[0])
        self.assertRegex(result.stdout, r"(?m)dcap.qe-signer +not judged: [^\n]+\n  [✔✘] ")
        findings = json.loads(self.merlon("verify", SGX[0], "--json").stdout)["findings"]
        made = {each["check"]: each["made"] for each in findings}
        self.assertEqual((made["dcap.tcb-info"], made["dcap.qe-signer"]), (True, False))

    def test_one_line_says_what_is_wrong(self):
        for name, content in (("empty", b""), ("blank", b" \n"), ("huge", bytes(9 << 20))):
            (self.path / name).write_bytes(content)
        for words, status, text in (
                (["verify", "empty"], 4, "empty: there is nothing in it"),
                (["verify", "blank"], 4, "blank: there is nothing in it"),
                (["verify", "huge"], 1, "huge: cannot be read: it is larger than 2 MiB"),
                (["inspect", "huge"], 1, "huge: cannot be read: it is larger than 8 MiB"),
                (["verify", "."], 1, r"\.: cannot be read: Is a directory"),
                (["verify", VECTORS / SGX[0], "--at", "2025-13-20"], 1,
                 "--at '2025-13-20': no such time"),
                (["verify", VECTORS / "amd-chains/ask_ark_milan.pem"], 4,
                 "it may vouch for evidence but is none; give it with --endorsements"),
                (["verify", VECTORS / SGX[0], "--endorsements", "empty"], 1,
                 "empty: neither certificate, revocation list nor document of Intel's"),
                (["fetch", VECTORS / SGX[0], "empty"], 1,
                 "empty: endorsements cannot be put there: Not a directory")):
            result = subprocess.run([MERLON, "evidence", *map(str, words)], capture_output=True,
                                    text=True, check=False, cwd=self.path)
            self.assertEqual((result.returncode, result.stdout), (status, ""), words)
            self.assertRegex(result.stderr, rf"^merlon: [^\n]*{text}\n$")

    def test_what_cannot_be_read(self):
        for words in (["none"], [*MILAN[:1], "--at", "today"], [*MILAN[:1], "--policy", "none"],
                      [*MILAN[:1], "--endorsements", "PROVENANCE.tsv"]):
            result = self.merlon("verify", *words)
            self.assertEqual(result.returncode, 1, words)
            self.assertRegex(result.stderr, r"^merlon: [^\n]+\n$")

    def test_every_kind_of_file_can_be_inspected(self):
        for name, words in (("ms-tav/turin-v5.report.bin", "SEV-SNP report"),
                            ("go-tdx-guest/quote_v5_sample.dat", "DCAP quote version 5 for TDX"),
                            ("steward/milan.signed.crl.csr", "in a certification request"),
                            ("virtee-sev/turin.vcek.der", "Certificate SEV-VCEK"),
                            ("amd-crl/ark-genoa-2026.crl", "Revocation list of"),
                            ("fortanix/pcs/tcb-json/tcb-tdx.json", "TDX TCB info")):
            result = self.merlon("inspect", name)
            self.assertEqual(result.returncode, 0, name)
            self.assertIn(words, result.stdout)
            json.loads(self.merlon("inspect", name, "--json").stdout)
        self.assertEqual(self.merlon("inspect", "PROVENANCE.tsv").returncode, 4)

    def test_policies_are_made_and_checked(self):
        policy = self.path / "policy.toml"
        self.assertEqual(self.merlon("policy", "init", policy).returncode, 0)
        self.assertEqual(self.merlon("policy", "init", policy).returncode, 1)
        self.assertIn("accepts SGX TDX SEV-SNP", self.merlon("policy", "check", policy).stdout)
        policy.write_text("[snp]\ndebug = true\n")
        self.assertIn("weak: debugging", self.merlon("policy", "check", policy).stdout)
        policy.write_text(f'[sgx]\nmr_signer = ["{"0" * 64}"]\n[report_data]\nany = true\n')
        text = self.merlon("policy", "check", policy).stdout
        for words in ("accepts SGX\n", "weak: every product", "weak: any report data"):
            self.assertIn(words, text)
        policy.write_text("technologies = []\n")
        self.assertIn("accepts nothing", self.merlon("policy", "check", policy).stdout)
        policy.write_text("[snp]\ncolour = 1\n")
        result = self.merlon("policy", "check", policy)
        self.assertEqual(result.returncode, 1)
        self.assertTrue(re.search(r"policy.toml:2: snp.colour: is no key", result.stderr))

    def weaknesses(self, text):
        policy = self.path / "policy.toml"
        policy.write_text(text)
        result = self.merlon("policy", "check", policy)
        self.assertEqual(result.returncode, 0, text + result.stderr)
        lines = [line for line in result.stdout.splitlines()[1:]
                 if not line.startswith(("  nothing: ", "  strict: "))]
        self.assertTrue(all(line.startswith("  weak: ") for line in lines), lines)
        return [line.removeprefix("  weak: ") for line in lines]

    def test_a_policy_that_leaves_nothing_open_has_no_weaknesses(self):
        for text in STRONG.values():
            self.assertEqual(self.weaknesses(text), [], text)
        self.assertEqual(self.weaknesses("\n".join([REQUEST, *TABLES.values()])), [])

    def test_each_weakness_is_said_alone(self):
        for name, change, words in WEAK:
            self.assertEqual(len(found := self.weaknesses(change(STRONG[name]))), 1,
                             (name, words, found))
            self.assertIn(words, found[0])

    def test_a_steward_is_not_advised_to_use_keys_it_does_not_have(self):
        found = self.weaknesses(f"[sgx]\nsigner = ['{DIGEST['sgx']}']\n"
                                f"[snp]\nsigner = ['{DIGEST['snp']}']\n")
        self.assertIn("every version of an SGX signer's enclave is accepted", found)
        self.assertFalse([line for line in found if "name " in line])

    def test_weaknesses_are_those_of_accepted_technologies(self):
        weak = ("[dcap]\nstatuses = ['OutOfDate']\ntcb_info_v2 = true\n[sgx]\ndebug = true\n"
                "[tdx]\nmigration = true\n[snp]\nvmpl = [1]\nmigration = true\n"
                "provisional_firmware = true\nmin_firmware = '1.55.0'\n")
        all_found = self.weaknesses(REQUEST + weak)
        of_each = [self.weaknesses(f"technologies = ['{name}']\n" + REQUEST + weak)
                   for name in ("sgx", "tdx", "snp")]
        self.assertEqual([len(found) for found in of_each], [4, 3, 6])
        self.assertEqual(set(all_found), set().union(*of_each))
        self.assertEqual(self.weaknesses("technologies = []\n" + weak),
                         ["no technology is accepted, so nothing is"])

    def test_a_list_that_accepts_none_is_not_weak(self):
        for text in ("[sgx]\nmr_signer = []\n", "[tdx]\nmr_td = []\n",
                     "[snp]\nid_key_sha384 = []\nplatform_on = ['alias-check']\nproducts = []\n"):
            self.assertEqual(self.weaknesses(REQUEST + text), [], text)

    def notes(self, text):
        policy = self.path / "policy.toml"
        policy.write_text(text)
        return [line for line in self.merlon("policy", "check", policy).stdout.splitlines()[1:]
                if not line.startswith("  weak: ")]

    def test_a_list_that_accepts_none_is_said_to(self):
        dcap = "  nothing: dcap.statuses is empty, so no SGX or TDX platform is accepted"
        self.assertEqual(self.notes("[dcap]\nstatuses = []\n"), [dcap])
        self.assertEqual(self.notes("technologies = ['tdx']\n[dcap]\nstatuses = []\n"), [dcap])
        self.assertEqual(self.notes("technologies = ['snp']\n[dcap]\nstatuses = []\n"), [])
        self.assertEqual(self.notes("[dcap]\nadvisories = []\n"), [])
        for table, keys, what in (
                ("sgx", ("mr_enclave", "mr_signer"), "SGX enclave"),
                ("tdx", ("mr_td", "rt_mr0", "rt_mr1", "rt_mr2", "rt_mr3", "mr_seam"), "TDX domain"),
                ("snp", ("measurement", "id_key_sha384", "author_key_sha384", "host_data", "vmpl"),
                 "SEV-SNP guest"),
                ("snp", ("products", "signing_keys", "providers"), "SEV-SNP platform")):
            for key in keys:
                self.assertEqual(self.notes(f"[{table}]\n{key} = []\n"),
                                 [f"  nothing: {table}.{key} is empty, so no {what} is accepted"])
        self.assertEqual(self.notes("[sgx]\nsigner = []\n"), [])  # a Steward's are none

    def test_an_age_that_no_list_of_a_root_keeps_to_is_said_to_refuse(self):
        strict = ("  strict: max_age_days below 365 refuses: Intel and AMD issue the lists of their "
                  "roots for about a year")
        for text, said in (("max_age_days = 364\n", [strict]), ("max_age_days = 365\n", []),
                           ("max_age_days = 364\ntechnologies = []\n", [])):
            self.assertEqual(self.notes(text), said)

    def test_the_template_is_as_weak_as_no_policy(self):
        policy = self.path / "template.toml"
        self.assertEqual(self.merlon("policy", "init", policy).returncode, 0)
        text = policy.read_text()
        self.assertEqual(self.weaknesses(text), self.weaknesses(""))
        self.assertIn("any TDX domain is accepted", self.weaknesses(text))

    def test_of_the_template_the_tables_that_are_left_count(self):
        policy = self.path / "template.toml"
        self.assertEqual(self.merlon("policy", "init", policy).returncode, 0)
        policy.write_text(policy.read_text().partition("\n[tdx]\n")[0])
        self.assertIn("accepts SGX\n", self.merlon("policy", "check", policy).stdout)

    def test_one_piece_of_evidence_has_many_hashes(self):
        report = bytearray((VECTORS / MILAN[0]).read_bytes())
        order = int("ffffffffffffffffffffffffffffffffffffffffffffffff"
                    "c7634d81f4372ddf581a0db248b0a77aecec196accc52973", 16)  # of P-384
        s = slice(0x2E8, 0x2E8 + 72)
        other = bytearray(report)
        other[s] = (order - int.from_bytes(report[s], "little")).to_bytes(72, "little")
        hashes = set()
        for number, form in enumerate([report, other, report.hex().encode(),
                                       base64.b64encode(report), base64.encodebytes(report)]):
            path = self.path / f"form{number}"
            path.write_bytes(form)
            result = self.merlon("verify", path, *MILAN[1:], "--json")
            self.assertEqual(result.returncode, 0, number)
            hashes.add(json.loads(result.stdout)["evidence_sha256"])
        self.assertEqual(len(hashes), 5)

    def test_of_a_directory_no_revocation_list_is_lost(self):
        policy = self.path / "p.toml"
        policy.write_text('revocation = "if-present"\n' + OLD_FIRMWARE.read_text())
        folder = self.path / "endorsements"
        folder.mkdir()
        for name in ("virtee-sev/milan.vcek.der", "amd-chains/ask_ark_milan.pem", "PROVENANCE.tsv"):
            shutil.copy(VECTORS / name, folder)
        words = [MILAN[0], "--endorsements", folder, "--at", "2023-05-01", "--policy", policy]
        self.assertEqual(self.merlon("verify", *words).returncode, 0)
        whole = (VECTORS / "steward/ark-milan.crl").read_bytes()
        pem = "-----BEGIN X509 CRL-----\n" + base64.encodebytes(whole[:-1]).decode() + \
            "-----END X509 CRL-----\n"
        for name, lost in (("ark.crl", whole[:-1]), ("ark.crl", b"words"), ("ark", whole[:-1]),
                           ("ark", whole[:300]), ("ark", pem.encode()),
                           ("ark", pem.replace("A", "!").encode()),
                           ("ark", json.dumps({"root_ca_crl": "30ff"}).encode())):
            (folder / name).write_bytes(lost)
            result = self.merlon("verify", *words)
            self.assertEqual(result.returncode, 1, lost)
            self.assertRegex(result.stderr, rf"^merlon: [^\n]*{name}: [^\n]+\n$")
            (folder / name).unlink()
        (folder / "ark").write_bytes(whole)
        self.assertEqual(self.merlon("verify", *words).returncode, 0)

    def test_of_a_directory_what_is_no_endorsement_is_passed_over(self):
        folder = self.path / "endorsements"
        folder.mkdir()
        for name in ("virtee-sev/milan.vcek.der", "amd-chains/ask_ark_milan.pem",
                     "steward/ark-milan.crl", "steward/icelake.signed.tcb.crl.multi.xeon.csr",
                     "phala/sgx_quote.dat"):
            shutil.copy(VECTORS / name, folder)
        words = [MILAN[0], "--endorsements", folder, *MILAN[-4:]]
        result = self.merlon("verify", *words)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        # A quote has the certificates of its platform in it; a request of another keep is none.
        self.assertIn(", with 7 endorsements (1 file passed over)\n", result.stdout)
        self.assertEqual(json.loads(self.merlon("verify", *words, "--json").stdout)["passed_over"], 1)


    def test_of_a_directory_what_looks_like_an_endorsement_is_not_lost_in_silence(self):
        folder = self.path / "endorsements"
        folder.mkdir()
        words = ["verify", MILAN[0], "--endorsements", folder]
        nothing = f"merlon: {folder}: no endorsements in it; folders in it are not read\n"
        self.assertEqual(self.merlon(*words).stderr, nothing)
        (folder / "inside").mkdir()
        shutil.copy(VECTORS / "virtee-sev/milan.vcek.der", folder / "inside")
        (folder / "notes.txt").write_text("words")
        self.assertEqual(self.merlon(*words).stderr, nothing)
        bad = base64.encodebytes((VECTORS / "virtee-sev/milan.vcek.der").read_bytes()[:-1]).decode()
        broken = f"-----BEGIN CERTIFICATE-----\n{bad}-----END CERTIFICATE-----\n"
        (folder / "chain").write_text(broken)
        for name in ("a.crt", "a.der", "a.json", "a.pem"):
            (folder / name).write_text("words")
        lines = self.merlon(*words).stderr.splitlines(keepends=True)
        self.assertEqual(lines[0], nothing)
        self.assertEqual([line.split(": passed over: ")[0] for line in lines[1:]],
                         [f"merlon: {folder}/{name}"
                          for name in ("a.crt", "a.der", "a.json", "a.pem", "chain")])
        self.assertTrue(all(line.rstrip("\n").partition(": passed over: ")[2] for line in lines[1:]))
        for number in range(6):
            (folder / f"b{number}.cer").write_text("words")
        whole = (VECTORS / "amd-chains/ask_ark_milan.pem").read_text()
        (folder / "chain").write_text(whole + broken)  # what could be read of it is taken
        lines = self.merlon(*words).stderr.splitlines()
        self.assertEqual(len(lines), 9)
        self.assertEqual(lines[-1], "merlon: and 3 more")
        result = self.merlon(*words[:2], "--endorsements", folder / "chain")
        self.assertEqual(result.returncode, 1)  # by name it must be one

    def on_terminal(self, *words, columns=80, **variables):
        """What a terminal of that width is given."""
        master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        child = subprocess.Popen([MERLON, "evidence", "verify", *map(str, words)], stdout=slave,
                                 cwd=VECTORS, env={**ENVIRONMENT, **variables})
        os.close(slave)
        text = b""
        while True:
            try:
                part = os.read(master, 65536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            text += part
        os.close(master)
        child.wait()
        return text.decode().replace("\r\n", "\n")

    def test_a_terminal_is_given_colours(self):
        green, red, end = "\x1b[32m", "\x1b[31m", "\x1b[0m"
        text = self.on_terminal(*SGX)
        self.assertIn(f"  {green}✔{end} dcap.quote-signature ", text)
        self.assertIn(f"  {red}✘{end} dcap.tcb-status ", text)
        self.assertIn(f"Verdict: {red}refused{end} (1 of 43 checks)", text)
        self.assertIn(f"Verdict: {green}accepted{end}\n", self.on_terminal(*MILAN, NO_COLOR=""))
        for words, variables in ((SGX, {"NO_COLOR": "1"}), (SGX, {"TERM": "dumb"}),
                                 ([*SGX, "--json"], {})):
            self.assertNotIn("\x1b", self.on_terminal(*words, **variables))
        self.assertNotIn("\x1b", self.merlon("verify", *SGX).stdout)

    def test_values_are_cut_for_a_terminal_alone(self):
        whole = self.merlon("verify", *SGX).stdout
        value = re.search(r"✔ binding.report-data +([0-9a-f]{128})\n", whole).group(1)
        for columns in (60, 100, 240):
            text = self.on_terminal(*SGX, columns=columns, NO_COLOR="1")
            lines = [line for line in text.splitlines() if line.startswith("  ✔ ")]
            self.assertTrue(all(len(line) <= columns for line in lines), columns)
            cut = next(line for line in lines if "binding.report-data" in line).split()[-1]
            self.assertEqual(cut == value, columns == 240)
            self.assertEqual(cut.endswith("…"), columns != 240)
            self.assertTrue(value.startswith(cut.removesuffix("…")))
            self.assertIn("\n  ✘ dcap.tcb-status", text)
        at_100 = self.on_terminal(*SGX, columns=100, NO_COLOR="1").splitlines()
        self.assertEqual(max(len(line) for line in at_100 if line.startswith("  ✔ ")), 100)


class Completion(unittest.TestCase):
    """What may follow some words, as each shell's script says."""

    WORDS = {(): {"run", "evidence"}, ("evidence",): {"inspect", "verify", "fetch", "policy"},
             ("evidence", "policy"): {"init", "check"}}
    OPTIONS = {("evidence", "verify"): {"--policy", "--endorsements", "--at", "--json", "--html"},
               ("evidence", "inspect"): {"--json", "--html"},
               ("evidence", "fetch"): {"--product", "--amd-url"},
               ("evidence", "policy", "check"): {"--help"}, ("inspect",): {"--json"}}
    # Stands in for zsh's own functions: one answer a line.
    ZSH = """
        _describe() { local name=$argv[-1]; print -rl -- ${${(P)name}%%:*}; }
        _arguments() { for each; do print -r -- ${${${${each#\\(*\\)}#\\*}%%\\[*}%=}; done; }
        words=(merlon "$@"); CURRENT=$#words; set --; source $script"""

    def complete(self, shell, *words):
        if shutil.which(shell) is None:
            self.skipTest(f"{shell} is not installed")
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder) / "script"
            script.write_text(subprocess.run([MERLON, "completion", shell], capture_output=True,
                                             text=True, check=True).stdout)
            subprocess.run([shell, "-n", script], check=True)
            if shell == "bash":
                command = [shell, "-c", f'source {script}; COMP_WORDS=(merlon "$@"); '
                           '(( COMP_CWORD = $# )); _merlon; printf "%s\\n" "${COMPREPLY[@]}"',
                           "bash", *words]
            elif shell == "zsh":
                command = [shell, "-fc", f"script={script}" + self.ZSH, "zsh", *words]
            else:
                line = " ".join(["merlon", *words])
                command = [shell, "-c", f"source {script}; complete -C '{line}'"]
            result = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)
        self.assertEqual(result.stderr, "")
        return {line.split("\t")[0] for line in result.stdout.splitlines()}

    def every_depth(self, shell):
        for before, wanted in self.WORDS.items():
            found = self.complete(shell, *before, "")
            self.assertLessEqual(wanted, found, before)
            self.assertNotIn("verify" if "evidence" not in before else "run", found)
        for before, wanted in self.OPTIONS.items():
            found = self.complete(shell, *before, "--")
            self.assertLessEqual(wanted, found, before)
            self.assertEqual("--policy" in found, before == ("evidence", "verify"), before)

    def test_bash(self):
        self.every_depth("bash")
        self.assertEqual(self.complete("bash", "evidence", "fetch", "--product", ""),
                         {"Milan", "Genoa", "Turin"})

    def test_zsh(self):
        self.every_depth("zsh")

    def test_fish(self):
        self.every_depth("fish")
        self.assertEqual(self.complete("fish", "evidence", "fetch", "--product", ""),
                         {"Milan", "Genoa", "Turin"})


if __name__ == "__main__":
    ran = unittest.main(argv=sys.argv[:1], verbosity=0, exit=False).result
    wrong = len(ran.failures) + len(ran.errors)
    for test, reason in ran.skipped:
        print(f"SKIP {test.id()}: {reason}")
    print(f"{ran.testsRun - wrong - len(ran.skipped)} passed, {wrong} failed, "
          f"{len(ran.skipped)} skipped")
    sys.exit(1 if wrong else 0)
