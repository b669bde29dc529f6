#!/usr/bin/env python3
"""The evidence commands over genuine evidence.

    commands_test.py MERLON VECTORS
"""

import base64
import html.parser
import json
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

MERLON, VECTORS = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
MILAN = ["virtee-sev/milan.report.bin", "--endorsements", "virtee-sev/milan.vcek.der",
         "--endorsements", "amd-chains/ask_ark_milan.pem", "--endorsements",
         "steward/ark-milan.crl", "--at", "2023-05-01"]
SGX = ["phala/sgx_quote.dat", "--endorsements", "phala/sgx_quote_collateral.json", "--at",
       "2025-06-20"]


REQUEST = "[report_data]\nrequest = true\n"
DIGEST = {"sgx": "1" * 64, "tdx": "1" * 96, "snp": "1" * 96}
TABLES = {"sgx": f"[sgx]\nmr_enclave = ['{DIGEST['sgx']}']\n",
          "tdx": f"[tdx]\nmr_td = ['{DIGEST['tdx']}']\nrt_mr1 = ['{DIGEST['tdx']}']\n"
                 f"rt_mr2 = ['{DIGEST['tdx']}']\n",
          "snp": f"[snp]\nmeasurement = ['{DIGEST['snp']}']\nproducts = ['Milan']\n"
                 "min_reported_tcb = { snp = 8 }\n"}
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
    ("snp", instead("min_reported_tcb", "min_launch_tcb"),
     "patch levels of any age are accepted, if AMD endorsed them"),
    *[("snp", lambda text, line=line: add(line)(instead("['Milan']", "['Milan', 'Genoa']")(text)),
       "name one in products")
      for line in ("", "min_launch_tcb = { snp = 8 }", "min_firmware = '1.55.0'",
                   "launch_mitigations = 1", "current_mitigations = 1")],
    ("snp", instead("products = ['Milan']\n", ""), "name one in products"),
]


class Page(html.parser.HTMLParser):
    """What a page refers to, and whether its elements are closed in order."""

    VOID = {"meta", "br"}

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

    def test_a_policy_changes_the_answer(self):
        policy = self.path / "p.toml"
        policy.write_text('[dcap]\nstatuses = ["ConfigurationAndSWHardeningNeeded"]\n')
        self.assertEqual(self.merlon("verify", *SGX, "--policy", policy).returncode, 0)

    def test_json_says_the_same(self):
        answer = json.loads(self.merlon("verify", *SGX, "--json").stdout)
        self.assertEqual(answer["verdict"], "refused")
        self.assertEqual([f["check"] for f in answer["findings"] if not f["passed"]],
                         ["dcap.tcb-status"])
        self.assertEqual(answer["expiry"], "2025-07-19T10:01:17Z")
        self.assertTrue(all(f["document"] for f in answer["findings"]))

    def test_the_page_is_whole_and_refers_to_nothing(self):
        for words in (MILAN, SGX):
            page = self.path / f"{len(words)}.html"
            self.merlon("verify", *words, "--html", page)
            text = page.read_text()
            parsed = Page(text)
            self.assertEqual((parsed.open, parsed.references), ([], []))
            self.assertNotIn("<script", text)
            self.assertNotRegex(text, r"url\(|@import")
            page_again = self.merlon("verify", *words, "--html", page)
            self.assertEqual(page_again.returncode, 1)

    def test_what_cannot_be_judged(self):
        for name in ("trustee/az-evidence-v2.json", "intel-qvl/sgx/quote.dat", "PROVENANCE.tsv"):
            result = self.merlon("verify", name)
            self.assertEqual(result.returncode, 4, name)
            self.assertRegex(result.stderr, r"^merlon: [^\n]+\n$")

    def test_missing_endorsements_are_said_to_be_missing(self):
        page = self.path / "page.html"
        for words, missing in (([SGX[0]], True), ([MILAN[0]], True), (SGX, False),
                               ([*MILAN[:5], "--at", "2023-05-01"], True), (MILAN, False)):
            result = self.merlon("verify", *words, "--html", page)
            self.assertEqual("merlon evidence fetch FILE DIR" in result.stdout, missing, words)
            self.assertEqual("merlon evidence fetch FILE DIR" in page.read_text(), missing, words)
            page.unlink()

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
                 "what vouches for evidence is not evidence"),
                (["verify", VECTORS / SGX[0], "--endorsements", "empty"], 1,
                 "empty: neither certificate, revocation list nor document of Intel's"),
                (["fetch", VECTORS / SGX[0], "gone"], 1,
                 "gone: endorsements cannot be put there: No such file or directory")):
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
        lines = result.stdout.splitlines()[1:]
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
                     "[snp]\nid_key_sha384 = []\nmin_reported_tcb = { snp = 1 }\nproducts = []\n"):
            self.assertEqual(self.weaknesses(REQUEST + text), [], text)

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

    def test_of_a_directory_no_revocation_list_is_lost(self):
        policy = self.path / "p.toml"
        policy.write_text('revocation = "if-present"\n')
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
        words = [MILAN[0], "--endorsements", folder, "--at", "2023-05-01"]
        result = self.merlon("verify", *words)
        self.assertEqual((result.returncode, result.stderr), (0, ""))


class Completion(unittest.TestCase):
    """What may follow some words, as each shell's script says."""

    WORDS = {(): {"run", "evidence"}, ("evidence",): {"inspect", "verify", "fetch", "policy"},
             ("evidence", "policy"): {"init", "check"}}
    OPTIONS = {("evidence", "verify"): {"--policy", "--endorsements", "--at", "--json", "--html"},
               ("evidence", "inspect"): {"--json"},
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
