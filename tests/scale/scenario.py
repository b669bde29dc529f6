#!/usr/bin/env python3
"""What happens to a fleet, and what must be true all the while. apart.py runs it.

    scenario.py [--keeps N] [--hosts N] [--short] [--json FILE]
"""

import argparse
import faulthandler
import json
import os
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from apart import FOLDER  # noqa: E402
from bundles import wait_until  # noqa: E402
from fleet import Fleet  # noqa: E402
from hosts import PATIENCE, seconds_until  # noqa: E402
from measures import Measures  # noqa: E402
from meanwhile import Deploying, Pushing  # noqa: E402

DAY = 86400
# Certificates of keeps: so short that there are renewals to see.
LIFETIME = 240
KINDS = ("once-", "left-", "stay-")


def shares(keeps):
    """How many of each kind: once, left, staying, in the swarm; three fifths are keeps of gatehouses."""
    once, left, stay = keeps * 2 // 5, keeps * 3 // 25, keeps * 2 // 25
    return max(once, 4), max(left, 4), max(stay, 4), max(keeps - once - left - stay, 4)


class Story(Measures):
    def __init__(self, fleet, keeps, short):
        super().__init__(fleet)
        self.short = short
        self.once, self.left, self.stay, self.swarm = shares(keeps)
        self.times, self.wrong = {}, []

    def check(self, good, what):
        if not good:
            self.wrong.append(what)
            self.say(f"  WRONG: {what}")

    def timed(self, name, what, since=None):
        """Seconds until it is so, for the table."""
        start = time.monotonic()
        took = seconds_until(what, PATIENCE)
        self.check(took is not None, f"{name}: not within {PATIENCE} s")
        self.times[name] = None if took is None else took + start - (since or start)
        self.say(f"  {name}: {'never' if took is None else round(self.times[name], 1)} s")

    # Start storm.

    def storm(self):
        fleet, hosts = self.fleet, self.fleet.hosts
        self.say(f"{self.once + self.left + self.stay + self.swarm} keeps on {len(hosts)} hosts")
        start = time.monotonic()
        first, tenant = fleet.deposit("once-0")
        fleet.control.admit(tenant)
        deposits = [first, *(each[0] for each in fleet.in_parallel([(fleet.deposit, f"once-{i}") for i in range(1, self.once)]))]
        self.times["all deposits made"] = time.monotonic() - start
        with self.charged("release", self.once):
            start = time.monotonic()
            jobs = [(fleet.release_somewhere, each, hosts[i % len(hosts):] + hosts[:i % len(hosts)]) for i, each in enumerate(deposits)]
            fleet.in_parallel(jobs)
            self.timed("storm: all that were released run", lambda: len(self.ledger.names("once-")) == self.once, start)
        # Hosts that ask for what others have.
        told = fleet.in_parallel([(fleet.release, hosts[(i + 1) % len(hosts)], each) for i, each in enumerate(deposits) if i % 4 == 0])
        self.check(all("release.exhausted" in each.stderr for each in told), "what was given is given to no second host")
        # Two hosts ask for one thing at the same moment.
        contested = [fleet.deposit(f"once-contested-{i}")[0] for i in range(max(2, self.once // 20))]
        told = fleet.in_parallel([(fleet.release, host, each) for each in contested for host in hosts[:2]])
        self.check(sum(each.returncode == 0 for each in told) == len(contested), "of two hosts one gets it")
        with self.charged("deploy", self.left + self.stay):
            start = time.monotonic()
            fleet.in_parallel([(fleet.leave, hosts[i % len(hosts)], f"left-{i}") for i in range(self.left)])
            for i in range(self.stay):
                fleet.stay(hosts[i % len(hosts)], f"stay-{i}")
            self.timed("storm: all that were deployed run", lambda: len(self.ledger.names("left-")) == self.left and
                       len(self.ledger.names("stay-")) == self.stay, start)
        fleet.start_service(self.swarm)
        self.timed("storm: all replicas run", lambda: fleet.swarm_is(self.swarm))
        self.check(len(fleet.left) == self.left, "each deploy --detach prints a keep")

    # Faults.

    def lose_a_drawbridge(self):
        self.say("a Drawbridge is killed while packages are published and keeps fetch theirs")
        fleet = self.fleet
        pushing = Pushing(fleet)
        victims = [fleet.deposit(f"once-fetching-{i}")[0] for i in range(4 if self.short else 16)]
        fetching = Deploying(fleet, victims)
        for _ in range(1 if self.short else 4):
            time.sleep(0.5)
            fleet.control.drawbridges[0].kill()
            known = len(fleet.pushed)
            self.timed("a Drawbridge killed: next package published", lambda known=known: len(fleet.pushed) > known)
            time.sleep(0.5)
            fleet.control.drawbridges[0].start()
            fleet.control.drawbridges[0].wait()
        fetching.finish()
        pushing.stop()
        self.facts["pushes"] = {"tried": pushing.tried, "acknowledged": len(fleet.pushed), "failed": pushing.failed,
                                "longest pause": pushing.longest}
        self.say(f"  {len(fleet.pushed)} packages acknowledged of {pushing.tried} tries, {len(pushing.failed)} failed")

    def cut_off(self, host, also=None):
        """For longer than tenants who stay are patient for; `also` loses its power meanwhile."""
        self.say(f"{host.name} is cut off")
        fleet, start = self.fleet, time.monotonic()
        there = {kind: self.ledger.running(kind, host.address) for kind in KINDS}
        host.cut_off()
        lost = self.lose_power(also) if also else None
        self.timed("cut off: all replicas run elsewhere", lambda: self.elsewhere(host, also))
        if not self.short:
            time.sleep(max(0, 75 - (time.monotonic() - start)))
        mark, start = time.time(), time.monotonic()
        host.reconnect()
        if also:
            self.start_anew(also, *lost)
        for kind in KINDS[:2]:
            self.timed(f"reachable again: {kind[:-1]} speak", lambda kind=kind: all(each.last > mark for each in there[kind]), start)
        names = {each.name for each in there["stay-"]}
        self.timed("reachable again: stay speak", lambda: names <= {
            each.name for each in self.ledger.running("stay-") if each.last > mark}, start)
        self.timed("reachable again: as many replicas as wanted", lambda: fleet.swarm_is(self.swarm), start)
        self.check(fleet.keeps(host) is not None, "its gatehouse answers")

    def lose_power(self, host):
        """What it had then."""
        self.say(f"{host.name} is killed")
        fleet, known = self.fleet, set(self.fleet.keeps(host))
        lost = [(deposit, fleet.deposited[deposit][0]) for deposit, where in list(fleet.acknowledged.items()) if where[-1][0] is host]
        names = self.ledger.names("stay-", host.address)
        host.kill()
        return known, lost, names

    def kill(self, host):
        lost = self.lose_power(host)
        self.timed("killed: all replicas run elsewhere", lambda: self.elsewhere(host))
        self.start_anew(host, *lost)

    def start_anew(self, host, known, lost, names):
        fleet, mark, start = self.fleet, time.time(), time.monotonic()
        host.boot()
        host.start_gatehouse()
        host.engine.begin(host.within)
        host.gatehouse.wait()
        self.timed("started anew: its gatehouse has its list", lambda: fleet.keeps(host) is not None, start)
        listed = fleet.keeps(host)
        self.check(known <= set(listed), "a gatehouse that was killed knows each keep that it had")
        self.check(all(listed[each]["state"] in ("lost", "ended") for each in known & set(listed)), "none of them runs")
        if not self.short:  # it takes them a while to see
            self.timed("started anew: stay speak", lambda: names <= {each.name for each in self.ledger.running("stay-") if each.since > mark}, start)
        self.timed("started anew: a node of the swarm", lambda: self.ready() == len(fleet.hosts), start)
        self.run_lost_again(host, lost)

    def run_lost_again(self, host, lost):
        """What was to run once has run: no host gets it. Its tenant allows it again, since its host says that it is lost."""
        fleet, others = self.fleet, [each for each in self.fleet.hosts if each is not host]
        for deposit, _ in lost[:2] if self.short else lost:
            ran = fleet.release(others[0], deposit)
            self.check(ran.returncode != 0 and "release.exhausted" in ran.stderr, f"a deposit is given once: {ran.stderr}")
        mark, start = time.time(), time.monotonic()
        fleet.in_parallel([(self.again, deposit, name, others) for deposit, name in lost])
        self.timed("lost for good: all that were released run, allowed again", lambda: {name for _, name in lost} <= {
            each.name for each in self.ledger.running("once-") if each.since > mark}, start)

    def again(self, deposit, name, hosts):
        self.fleet.deposited[deposit][1] += 1
        self.fleet.control.deposit(name, "--replace", deposit)
        self.fleet.release_somewhere(deposit, hosts)

    def elsewhere(self, *hosts):
        gone = {each.address for each in hosts if each}
        return len({each.name for each in self.ledger.running("swarm-") if each.address not in gone}) == self.swarm

    def ready(self):
        return self.fleet.manager.docker("node", "ls", "--filter", "role=worker", "--format", "{{.Status}}").stdout.split().count("Ready")

    def wrong_clock(self, host):
        """Its gatehouse is started again each time; keeps that run go on by the clock that they know."""
        self.say(f"{host.name} has a wrong clock")
        self.facts["clock"] = {}
        clocks = {"a minute behind": -60, "a day behind": -DAY, "a minute ahead": 60, "two hours behind": -7200, "a day ahead": DAY}
        for name, skew in list(clocks.items())[:2 if self.short else None]:
            self.facts["clock"][name] = self.with_clock(host, skew)
            self.say(f"  {name}: {self.facts['clock'][name]}")
            told = self.facts["clock"][name]
            self.check(told.startswith("runs") if abs(skew) == 60 else "certificate" in told, f"a clock {name}")
        self.fleet.give_wrong_clock(host, 0)
        host.stop_gatehouse()
        host.start_gatehouse()
        host.gatehouse.wait()

    def with_clock(self, host, skew):
        """What becomes of a keep there."""
        fleet, name = self.fleet, f"once-clock{skew}-"
        fleet.give_wrong_clock(host, skew)
        host.stop_gatehouse()
        host.start_gatehouse()
        host.gatehouse.wait()
        deposit, _ = fleet.deposit(name)
        ran = fleet.release(host, deposit)
        if ran.returncode != 0:
            return ran.stderr.strip().splitlines()[-1][-300:]
        keep = fleet.acknowledged[deposit][-1][1]
        wait_until(lambda: self.ledger.of(name) or fleet.keeps(host)[keep]["state"] != "running", PATIENCE)
        if not self.ledger.of(name):
            # The keep tells its tenant alone.
            said = fleet.control.merlon("deploy", *fleet.judged(host), *fleet.access(host), "--env", "NAME=never", fleet.control.package)
            return said.stderr.strip().splitlines()[-1].rpartition("main.wasm: ")[2][-300:]
        wait_until(lambda: self.ledger.of(name)[0].clocks)
        self.judge_certificate(self.ledger.of(name)[0])
        shown, ours = self.ledger.of(name)[0].clocks[0]
        return f"runs; its clock is {shown - ours:+.0f} s from ours"

    def judge_certificate(self, entry):
        """A certificate is as the Steward's clock wants it, whatever the host's says."""
        import ssl
        begins, ends = (ssl.cert_time_to_seconds(entry.certificate[key]) for key in ("notBefore", "notAfter"))
        self.check(begins <= entry.since <= ends <= entry.since + self.fleet.control.lifetime + 2, f"{entry.name}'s certificate has our time")

    def revoke(self, host):
        """Its processor is trusted no more."""
        self.say(f"{host.name}'s processor is revoked")
        fleet, start = self.fleet, time.monotonic()
        there, before = len(self.ledger.running("once-", host.address) + self.ledger.running("left-", host.address) +
                            self.ledger.running("stay-", host.address)), fleet.control.counted()
        fleet.control.must("platform", "simulate", "revoke", "--dir", fleet.control.platforms[host.number])
        fleet.control.endorse()
        deposit, _ = fleet.deposit("once-revoked")

        def is_refused():
            ran = fleet.release(host, deposit)
            return "snp." in ran.stderr and ran.stderr.strip().splitlines()[-1][-200:]
        refused = wait_until(is_refused, PATIENCE)
        self.times["revoked: no release there"] = time.monotonic() - start
        self.check(refused, "a revoked processor's keeps are refused by name")
        self.say(f"  {refused}")
        fleet.release_somewhere(deposit, fleet.hosts[1:])
        self.check(wait_until(lambda: self.ledger.names("once-revoked"), PATIENCE), "on other hosts it runs")
        self.facts["revocation"] = {"keeps there": there, "refusal": refused}
        if not self.short:
            self.timed("revoked: each keep there was refused its renewal",
                       lambda: fleet.control.cost(before)["requests"].get("certificate", {}).get("refused", 0) >= there, start)
            self.facts["revocation"]["cost"] = fleet.control.cost(before)

    # What must be true.

    def facts_of_the_broker(self):
        fleet, known = self.fleet, self.fleet.control.deposits()
        self.check(set(fleet.deposited) <= set(known), "each deposit that was acknowledged is there")
        keeps = self.ledger.keeps_of("once-")
        for deposit, (name, allowed) in fleet.deposited.items():
            ran = len(keeps.get(name, ()))
            self.check(ran <= allowed, f"{name} was allowed {allowed} times and ran {ran} times")
            self.check(ran <= known[deposit]["released"] <= allowed, f"{name}: each release is counted: {known[deposit]['released']}")
        unheard = [name for deposit, (name, _) in fleet.deposited.items() if known[deposit]["released"] and name not in keeps]
        self.facts["deposits"] = {"made": len(fleet.deposited), "ran": len(keeps), "given, and never heard of": unheard}
        self.say(f"  {len(fleet.deposited)} deposits, {len(keeps)} ran, {len(unheard)} given and never heard of: {unheard}")

    def settle(self, disturbed):
        self.say("what must be true")
        fleet = self.fleet
        self.check(not self.ledger.of("never"), "what was refused has not run")
        self.facts_of_the_broker()
        for kind in KINDS:
            self.check(not self.ledger.at_once(kind), f"two keeps spoke as one at the same time: {self.ledger.at_once(kind)}")
        self.check(all(len(who) == 1 for who in self.ledger.keeps_of("left-").values()), "what was left runs in one keep")
        listed = {host.name: fleet.keeps(host) or {} for host in fleet.hosts}
        for keep, (host, name) in fleet.left.items():
            self.check(keep in listed[host.name], f"{name}, acknowledged, is in its gatehouse's list")
            if host not in disturbed:
                self.check(name in self.ledger.names("left-"), f"{name}, acknowledged, runs")
        missing = [keep for where in fleet.acknowledged.values() for host, keep in where if keep not in listed[host.name]]
        self.check(not missing, f"each acknowledged keep is in its gatehouse's list: {missing}")
        for tag in list(fleet.pushed)[:: 8 if self.short else 1]:
            self.check(fleet.pulled(tag) == fleet.pushed[tag], f"package {tag}, acknowledged, is what was pushed")
        self.timed("at the end: stay speak", lambda: len(self.ledger.names("stay-")) == self.stay)
        self.timed("at the end: as many replicas as wanted", lambda: fleet.swarm_is(self.swarm))
        self.facts["entries of the ledger"] = len(self.ledger.entries)

    def run(self):
        hosts, start = self.fleet.hosts, time.monotonic()
        self.measure_idle(0 if self.short else 5)
        self.storm()
        self.measure_memory()
        begun, before = time.time(), self.fleet.control.counted()
        deploying = Deploying(self.fleet, [f"once-late-{i}" for i in range(3 if self.short else 20)], pause=2 if self.short else 8)
        try:
            self.lose_a_drawbridge()
            self.cut_off(hosts[1], hosts[2] if self.short else None)
            if not self.short:
                self.kill(hosts[2])
            self.wrong_clock(hosts[3])
        finally:
            deploying.stop()
        self.facts["renewals"] = {"seconds": time.time() - begun, "cost": self.fleet.control.cost(before)}
        self.revoke(hosts[0])
        if not self.short:
            self.measure_connections()
            self.measure_stewards()
        self.settle(hosts[2:3])
        self.times["all of it"] = time.monotonic() - start


def processor():
    found = [line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
             if line.startswith(("model name", "cpu family"))]
    return f"{os.cpu_count()} × {found[1]}, family {found[0]}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--keeps", type=int, default=200)
    parser.add_argument("--hosts", type=int, default=4)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    faulthandler.register(signal.SIGUSR1)
    fleet = Fleet(os.environ[FOLDER], chosen.hosts, *((DAY, "1s") if chosen.short else (LIFETIME, "2s")))
    story = Story(fleet, chosen.keeps, chosen.short)
    try:
        fleet.start()
        story.run()
    finally:
        fleet.stop()
    told = {"machine": processor(), "keeps": chosen.keeps, "hosts": chosen.hosts, "seconds": story.times, "facts": story.facts,
            "wrong": story.wrong}
    if chosen.json:
        chosen.json.write_text(json.dumps(told, indent=1))
    for name, seconds in story.times.items():
        print(f"{name:<64} {'-' if seconds is None else f'{seconds:8.1f} s'}")
    print(f"{len(story.wrong)} of what must be true is not" if story.wrong else "all as it must be")
    return 1 if story.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
