#!/usr/bin/env python3
"""The tables of docs/scale.md, from what `./dev bench scale --json tests/scale/measured.json` measured.

    plan.py            print them
    plan.py --write    put them into docs/scale.md
"""

import json
import math
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
DOCUMENT = HERE.parents[1] / "docs" / "scale.md"
HOSTS = (1000, 10_000, 100_000)
KEEPS = 50  # of a host
STORM = 15 * 60  # seconds within which all start
LIFE = 24 * 3600  # of a certificate
HOUR, DAY = 3600, 86400
# Of merlon/keep/renewal.cc: renewed at two thirds; refused, asked again after 5 s, then twice as long up to an hour, a quarter more on
# average; over, after five minutes and a quarter.
RENEWED_AT, LONGEST, OVER = 2 / 3, HOUR * 1.25, 300 * 1.25
# Of merlon/steward_service/vceks.h: one question in ten seconds, and an eighth more on average.
QUESTION = 10 * 1.125
ARTEFACTS = 4096


def significant(value, digits=2):
    if value == 0:
        return "0"
    rounded = round(value, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{rounded:,.0f}" if abs(rounded) >= 10 else f"{rounded:.{max(0, digits - 1 - math.floor(math.log10(abs(rounded))))}f}"


def milliseconds(value):
    """Less is nothing but noise."""
    return f"{significant(value)} ms" if value > 0.2 else "-"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


class Plan:
    def __init__(self, measured):
        self.measured, self.facts = measured, measured["facts"]

    def of(self, storm, request, key="count"):
        return self.facts[storm]["requests"].get(request, {}).get(key, 0)

    def computed(self, storm, *kinds):
        """Milliseconds of processors for each keep."""
        return sum(self.facts[storm]["processor ms"][kind] for kind in kinds)

    def keep_costs(self):
        def row(name, tell):
            return [name, *(tell(storm) for storm in ("release", "deploy"))]
        count = [row(name, lambda storm, key=key: significant(self.of(storm, key)))
                 for name, key in (("certificates asked for", "certificate"), ("challenges of the broker's", "challenge"),
                                   ("releases", "release"), ("requests of Drawbridge", "fetch"))]
        count += [row(name, lambda storm, key=key: significant(self.facts[storm][key] / 1000, 3) + " kB")
                  for name, key in (("sent by its host", "host sent bytes"), ("received by its host", "host received bytes"))]
        count += [row(name, lambda storm, kinds=kinds: milliseconds(self.computed(storm, *kinds)))
                  for name, kinds in (("processor time of Stewards, broker included", ("steward",)), ("of Drawbridges", ("drawbridge",)),
                                      ("of PostgreSQL and the S3", ("postgres", "s3")))]
        return table(["for each keep", "released by a broker", "deployed by its tenant"], count)

    def memory(self):
        facts = self.facts
        each = {name: value["KiB each"] for name, value in facts["memory"]["each"].items()}
        rows = [("keep of a gatehouse (`snp-sim`), with warden, machine and dialler", facts["memory"]["keep of a gatehouse KiB"]),
                ("replica of a Swarm (`nil`), with containerd's shim", facts["memory"]["replica KiB"]),
                ("gatehouse", each["merlon-gatehous"]),
                ("dockerd and containerd of a host", each["dockerd"] + each["containerd"]),
                ("Steward", sum(facts["memory of services KiB"]["steward"]) / 2),
                ("Drawbridge", sum(facts["memory of services KiB"]["drawbridge"]) / 2)]
        rows = [[name, f"{significant(size / 1024)} MiB"] for name, size in rows]
        rows += [[f"a TLS connection that waits, at a {kind.capitalize()}", f"{significant(size)} KiB"]
                 for kind, size in facts["connection KiB"].items()]
        return table(["memory, in proportion where it is shared", "each"], rows)

    def recovery(self):
        return table(["what", "seconds"], [[name, significant(value)] for name, value in self.measured["seconds"].items()
                                         if not name.startswith(("at the end", "all"))])

    def refused_in_a_day(self):
        """Requests of one keep whose renewal is refused, until its certificate is over."""
        left, tries, pause = LIFE * (1 - RENEWED_AT), 1, 5 * 1.25
        while left > 20:
            wait = max(5, min(left / 4, pause, LONGEST))
            left, tries, pause = left - wait, tries + 1, pause * 2
        return tries

    def plan(self):
        per = {"certificate": self.of("release", "certificate"), "release": self.of("release", "release"),
               "fetch": self.of("release", "fetch")}
        fetched = self.of("release", "fetch", "sent")

        def row(name, tell):
            return [name, *(tell(hosts, hosts * KEEPS) for hosts in HOSTS)]

        def rate(value):
            return significant(value) + "/s"
        broker = self.facts["broker ms"]
        log = self.facts["issued log bytes"]
        steward = self.computed("deploy", "steward")
        release = max(0, self.computed("release", "steward") - steward)
        registry = self.computed("release", "drawbridge", "postgres", "s3")
        rows = [
            row("keeps", lambda hosts, keeps: f"{keeps:,}"),
            ["**all start within 15 minutes**", "", "", ""],
            row("starts", lambda hosts, keeps: rate(keeps / STORM)),
            row("certificates", lambda hosts, keeps: rate(per["certificate"] * keeps / STORM)),
            row("processors for them", lambda hosts, keeps: significant(keeps / STORM * steward / 1000)),
            row("challenges and releases", lambda hosts, keeps: rate(2 * per["release"] * keeps / STORM)),
            row("processors for them", lambda hosts, keeps: significant(keeps / STORM * release / 1000)),
            row("brokers, if each does one release at a time", lambda hosts, keeps: f"{math.ceil(keeps / STORM * broker / 1000):,}"),
            row("requests of Drawbridge", lambda hosts, keeps: rate(per["fetch"] * keeps / STORM)),
            row("processors for them, PostgreSQL and S3 included", lambda hosts, keeps: significant(keeps / STORM * registry / 1000)),
            row("bytes from Drawbridge, this package of 3 kB", lambda hosts, keeps: significant(fetched * keeps / STORM / 1e6) + " MB/s"),
            row("the same, a package of 5 MB", lambda hosts, keeps: significant((fetched + 5e6) * keeps / STORM / 1e9) + " GB/s"),
            row("bytes of all hosts' lines", lambda hosts, keeps: significant(
                (self.facts["release"]["host sent bytes"] + self.facts["release"]["host received bytes"]) * keeps / STORM / 1e6) + " MB/s"),
            ["**day by day**", "", "", ""],
            row("renewals, certificates of 24 hours", lambda hosts, keeps: rate(keeps / (LIFE * RENEWED_AT))),
            row("renewals, certificates of an hour", lambda hosts, keeps: rate(keeps / (HOUR * RENEWED_AT))),
            row("processors for the latter", lambda hosts, keeps: significant(keeps / (HOUR * RENEWED_AT) * steward / 1000)),
            row("log of certificates, those of 24 hours", lambda hosts, keeps: significant(
                keeps / (LIFE * RENEWED_AT) * DAY * log / 1e6) + " MB a day"),
            ["**endorsements**", "", "", ""],
            row("VCEKs, one processor a host", lambda hosts, keeps: f"{hosts:,}"),
            row("one Steward that asks for each: days", lambda hosts, keeps: significant(hosts * QUESTION / DAY)),
            row("Stewards that hold them all, each 4096", lambda hosts, keeps: f"{math.ceil(hosts / ARTEFACTS):,}"),
            ["**all processors refused** (a TCB recovery nobody was ready for)", "", "", ""],
            row("requests that are refused, until certificates are over", lambda hosts, keeps: rate(
                keeps * self.refused_in_a_day() / (LIFE * (1 - RENEWED_AT)))),
            row("afterwards", lambda hosts, keeps: rate(keeps / OVER)),
            row("processors for them", lambda hosts, keeps: significant(keeps / OVER * steward / 1000)),
        ]
        return table(["hosts", *(f"{hosts:,}" for hosts in HOSTS)], rows)

    def tables(self):
        return {"keep": self.keep_costs(), "memory": self.memory(), "recovery": self.recovery(), "plan": self.plan()}


def filled(text, tables):
    """The document with these tables in their places."""
    for name, content in tables.items():
        text, count = re.subn(rf"(<!-- {name}: [^\n]* -->\n).*?(<!-- end -->)", lambda found, content=content: f"{found[1]}{content}\n{found[2]}", text,
                              flags=re.S)
        if count != 1:
            raise ValueError(f"there is no one place for {name} in docs/scale.md")
    return text


def main():
    tables = Plan(json.loads((HERE / "measured.json").read_text())).tables()
    if sys.argv[1:] == ["--write"]:
        DOCUMENT.write_text(filled(DOCUMENT.read_text(), tables))
        return
    for name, content in tables.items():
        print(f"{name}\n\n{content}\n")


if __name__ == "__main__":
    main()
