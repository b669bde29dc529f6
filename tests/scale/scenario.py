#!/usr/bin/env python3
"""What happens to a fleet, and what must be true all the while. apart.py runs it.

    scenario.py [--keeps N] [--hosts N] [--short] [--json FILE]
"""

import argparse
import faulthandler
import json
import os
import random
import signal
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from apart import FOLDER  # noqa: E402
from bundles import wait_until  # noqa: E402
from fleet import Fleet  # noqa: E402
from hosts import PATIENCE, seconds_until  # noqa: E402

DAY = 86400


def shares(keeps):
    """How many of each kind: once, left, staying, in the swarm; three fifths are keeps of gatehouses."""
    once, left, stay = keeps * 2 // 5, keeps * 3 // 25, keeps * 2 // 25
    return max(once, 4), max(left, 4), max(stay, 4), max(keeps - once - left - stay, 4)


class Deploying:
    """Deploys that go on while things happen: a deposit, and a host that is asked to start it, again and again."""

    def __init__(self, fleet, most, pause):
        self.fleet, self.most, self.pause = fleet, most, pause
        self.end = threading.Event()
        self.tried, self.refused = 0, {}
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        choice = random.Random(21)
        while not self.end.wait(self.pause) and self.tried < self.most:
            self.tried += 1
            name = f"once-late-{self.tried}"
            try:
                deposit, _ = self.fleet.deposit(name)
            except AssertionError as error:
                self.refused[name] = str(error)
                continue
            hosts = list(self.fleet.hosts)
            choice.shuffle(hosts)
            self.fleet.release_somewhere(deposit, hosts)

    def stop(self):
        self.end.set()
        self.thread.join()


class Pushing:
    """Packages that are published and fetched while things happen."""

    def __init__(self, fleet):
        self.fleet, self.end = fleet, threading.Event()
        self.tried, self.failed, self.longest = 0, [], 0.0
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        number, last = 0, time.monotonic()
        while not self.end.is_set():
            number += 1
            tag = f"1.{number}.0"
            while not self.end.is_set():
                self.tried += 1
                ran = self.fleet.push(tag)
                if ran.returncode == 0:
                    break
                self.failed.append(ran.stderr.strip()[-300:])
                time.sleep(0.2)
            now = time.monotonic()
            self.longest, last = max(self.longest, now - last), now

    def stop(self):
        self.end.set()
        self.thread.join()


class Story:
    def __init__(self, fleet, keeps, short):
        self.fleet, self.short = fleet, short
        self.once, self.left, self.stay, self.swarm = shares(keeps)
        self.times, self.facts, self.wrong = {}, {}, []

    def say(self, text):
        print(text, flush=True)

    def check(self, good, what):
        if not good:
            self.wrong.append(what)
            self.say(f"  WRONG: {what}")

    def timed(self, name, what, patience=PATIENCE):
        """Seconds until it is so, for the table."""
        took = seconds_until(what, patience)
        self.check(took is not None, f"{name}: not within {patience} s")
        self.times[name] = took
        self.say(f"  {name}: {took if took is None else round(took, 1)} s")
        return took is not None

    @property
    def ledger(self):
        return self.fleet.ledger

    # Start storm.

    def storm(self):
        fleet, hosts = self.fleet, self.fleet.hosts
        self.say(f"{self.once + self.left + self.stay + self.swarm} keeps on {len(hosts)} hosts")
        deposits = []
        start = time.monotonic()
        first, tenant = fleet.deposit("once-0")
        fleet.control.admit(tenant)
        deposits = [first, *(each[0] for each in fleet.in_parallel([(fleet.deposit, f"once-{i}") for i in range(1, self.once)]))]
        self.times["deposits"] = time.monotonic() - start
        before, sent = fleet.control.counted(), [host.bytes() for host in hosts]
        start = time.monotonic()
        jobs = [(fleet.release_somewhere, each, hosts[i % len(hosts):] + hosts[:i % len(hosts)]) for i, each in enumerate(deposits)]
        # Some are asked for by two hosts at once.
        jobs += [(fleet.release_somewhere, each, [hosts[(i + 1) % len(hosts)]]) for i, each in enumerate(deposits) if i % 4 == 0]
        fleet.in_parallel(jobs)
        self.timed("released: all run", lambda: len(self.ledger.names("once-")) == self.once)
        self.times["released: storm"] = time.monotonic() - start
        self.charge("release", before, sent, self.once)
        before, sent, start = fleet.control.counted(), [host.bytes() for host in hosts], time.monotonic()
        fleet.in_parallel([(fleet.leave, hosts[i % len(hosts)], f"left-{i}") for i in range(self.left)])
        for i in range(self.stay):
            fleet.stay(hosts[i % len(hosts)], f"stay-{i}")
        self.timed("deployed: all run", lambda: len(self.ledger.names("left-")) == self.left and
                   len(self.ledger.names("stay-")) == self.stay)
        self.times["deployed: storm"] = time.monotonic() - start
        self.charge("deploy", before, sent, self.left + self.stay)
        fleet.start_service(self.swarm)
        self.timed("swarm: all run", lambda: fleet.swarm_is(self.swarm))
        self.check(len(fleet.left) == self.left, "each deploy --detach prints a keep")

    def charge(self, name, before, sent, keeps):
        """What a storm has cost, for each keep of it."""
        now = self.fleet.control.counted()
        cost = {key: (now[key] - before.get(key, 0)) / keeps for key in now if "bucket" not in key}
        told = [host.bytes() for host in self.fleet.hosts]
        cost["host sent bytes"], cost["host received bytes"] = (
            sum(new[at] - old[at] for new, old in zip(told, sent)) / keeps for at in (0, 1))
        self.facts[name] = {key: value for key, value in cost.items() if value}

    def memory(self):
        """Of all hosts, by what it belongs to, in KiB."""
        found = {}
        for host in self.fleet.hosts:
            for name, size in host.memory():
                found.setdefault(name, []).append(size)
        self.facts["memory"] = {name: {"processes": len(sizes), "KiB each": round(sum(sizes) / len(sizes))} for name, sizes in found.items()}

    # Faults.

    def lose_a_drawbridge(self):
        self.say("a Drawbridge is killed while packages are published and keeps fetch theirs")
        fleet = self.fleet
        pushing = Pushing(fleet)
        victims = [fleet.deposit(f"once-fetching-{i}")[0] for i in range(4 if self.short else 12)]
        rounds = 1 if self.short else 3
        fetching = threading.Thread(target=fleet.in_parallel, args=([(fleet.release_somewhere, each, fleet.hosts) for each in victims],))
        fetching.start()
        for _ in range(rounds):
            time.sleep(1)
            fleet.control.drawbridges[0].kill()
            known = len(fleet.pushed)
            self.timed("drawbridge: next package published", lambda: len(fleet.pushed) > known)
            time.sleep(1)
            fleet.control.drawbridges[0].start()
            fleet.control.drawbridges[0].wait()
        fetching.join()
        pushing.stop()
        self.facts["pushes"] = {"tried": pushing.tried, "acknowledged": len(fleet.pushed), "failed": pushing.failed,
                                "longest pause": pushing.longest}
        self.say(f"  {len(fleet.pushed)} packages acknowledged of {pushing.tried} tries, {len(pushing.failed)} failed")

    def cut_off(self, host):
        self.say(f"{host.name} is cut off")
        fleet = self.fleet
        there = {kind: self.ledger.running(kind, host.address) for kind in ("once-", "left-", "stay-")}
        host.cut_off()
        self.timed("cut off: swarm has its replicas elsewhere", lambda: self.elsewhere(host))
        # Longer than tenants who stay are patient for.
        time.sleep(5 if self.short else 60)
        host.reconnect()
        for kind, keeps in there.items():
            if kind != "stay-":
                self.timed(f"cut off, back: {kind[:-1]} keeps speak again", lambda keeps=keeps: all(each.runs() for each in keeps))
        self.timed("cut off, back: keeps of tenants who stay", lambda: len(self.ledger.names("stay-")) == self.stay)
        self.timed("cut off, back: as many replicas as wanted", lambda: fleet.swarm_is(self.swarm))
        self.timed("cut off, back: its gatehouse answers", lambda: fleet.keeps(host) is not None)

    def kill(self, host):
        self.say(f"{host.name} is killed")
        fleet = self.fleet
        known = set(fleet.keeps(host))
        lost = [(deposit, fleet.deposited[deposit][0]) for deposit, where in list(fleet.acknowledged.items())
                if where[-1][0] is host]
        host.kill()
        self.timed("killed: swarm has its replicas elsewhere", lambda: self.elsewhere(host))
        start = time.monotonic()
        host.boot()
        host.start_gatehouse()
        host.engine.begin(host.within)
        host.gatehouse.wait()
        self.times["killed, started anew: gatehouse"] = time.monotonic() - start
        self.timed("killed, started anew: its list", lambda: fleet.keeps(host) is not None)
        listed = fleet.keeps(host)
        self.check(known <= set(listed), "a gatehouse that was killed knows each keep that it had")
        self.check(all(listed[each]["state"] in ("lost", "ended") for each in known), "and that none of them runs")
        self.timed("killed, started anew: keeps of tenants who stay", lambda: len(self.ledger.names("stay-")) == self.stay)
        self.timed("killed, started anew: engine", lambda: host.engine.docker("version").returncode == 0)
        self.timed("killed, started anew: a node of the swarm", lambda: self.ready() == len(fleet.hosts))
        # What was to run once has run: no host gets it again. Its tenant allows it, since the host says that it is lost.
        others = [each for each in fleet.hosts if each is not host]
        for deposit, _ in lost:
            ran = fleet.release(others[0], deposit)
            self.check(ran.returncode != 0 and "release.exhausted" in ran.stderr, f"a deposit is given once: {ran.stderr}")
            if self.short:
                break
        start = time.monotonic()
        fleet.in_parallel([(self.again, deposit, name, others) for deposit, name in lost])
        self.timed("killed: what ran once, allowed again by its tenant", lambda: all(
            name in self.ledger.names("once-") for _, name in lost))
        self.times["killed: what ran once, allowed again by its tenant"] = time.monotonic() - start

    def elsewhere(self, host):
        return len({each.name for each in self.ledger.running("swarm-") if each.address != host.address}) == self.swarm

    def again(self, deposit, name, hosts):
        """The tenant knows that the keep is gone."""
        self.fleet.deposited[deposit][1] += 1
        self.fleet.control.deposit(name, "--replace", deposit)
        self.fleet.release_somewhere(deposit, hosts)

    def ready(self):
        return self.fleet.manager.docker("node", "ls", "--filter", "role=worker", "--format", "{{.Status}}").stdout.split().count("Ready")

    def wrong_clock(self, host):
        """Its gatehouse is started again each time: keeps that run go on by the clock that they know."""
        fleet = self.fleet
        self.say(f"{host.name} has a wrong clock")
        outcome = {}
        for name, seconds in (("5 minutes behind", -300), ("5 minutes ahead", 300), ("a day behind", -DAY), ("2 days ahead", 2 * DAY)):
            fleet.give_wrong_clock(host, seconds)
            host.stop_gatehouse()
            host.start_gatehouse()
            host.gatehouse.wait()
            deposit, _ = fleet.deposit(f"once-clock{seconds}")
            ran = fleet.release(host, deposit)
            if ran.returncode == 0:
                _, keep = fleet.acknowledged[deposit][-1]
                wait_until(lambda: self.ledger.of(f"once-clock{seconds}") or (fleet.keeps(host) or {}).get(keep, {}).get("state") != "running",
                           PATIENCE)
                outcome[name] = "runs" if self.ledger.of(f"once-clock{seconds}") else self.why(host, keep)
            else:
                outcome[name] = ran.stderr.strip().splitlines()[-1][-300:]
            self.say(f"  {name}: {outcome[name]}")
            self.judge_certificate(f"once-clock{seconds}", seconds)
        self.facts["clock"] = outcome

    def why(self, host, keep):
        """What a keep told its host at its end."""
        said = self.fleet.control.merlon("keeps", "logs", "--host", *self.fleet.access(host), keep)
        return (said.stdout + said.stderr).strip()[-300:]

    def judge_certificate(self, name, seconds):
        """Its certificate is as our clocks want it, whatever its host's says."""
        import ssl
        for each in self.ledger.of(name):
            begins, ends = (ssl.cert_time_to_seconds(each.certificate[key]) for key in ("notBefore", "notAfter"))
            self.check(begins <= each.since <= ends and ends - begins <= DAY + 700, f"the certificate of {name} has our time")

    # What must be true.

    def facts_of_the_broker(self):
        fleet, known = self.fleet, self.fleet.control.deposits()
        self.check(set(fleet.deposited) <= set(known), "each deposit that was acknowledged is there")
        keeps = self.ledger.keeps_of("once-")
        for deposit, (name, allowed) in fleet.deposited.items():
            ran = len(keeps.get(name, ()))
            self.check(ran <= allowed, f"{name} was allowed {allowed} times and ran {ran} times")
            self.check(known[deposit]["released"] == (allowed_now := 1) or not ran or allowed > allowed_now,
                       f"{name} runs and its release is counted")
        unheard = [name for deposit, (name, _) in fleet.deposited.items() if known[deposit]["released"] and name not in keeps]
        self.facts["given, and never heard of"] = unheard
        self.say(f"  {len(fleet.deposited)} deposits, {len(keeps)} ran, {len(unheard)} given and never heard of: {unheard}")

    def settle(self, disturbed):
        self.say("what must be true")
        fleet = self.fleet
        self.facts_of_the_broker()
        for kind in ("once-", "stay-", "left-"):
            self.check(not self.ledger.at_once(kind), f"two keeps spoke as one at the same time: {self.ledger.at_once(kind)}")
        self.check(all(len(who) == 1 for who in self.ledger.keeps_of("left-").values()), "what was left runs in one keep")
        listed = {host.name: fleet.keeps(host) or {} for host in fleet.hosts}
        for keep, (host, name) in fleet.left.items():
            self.check(keep in listed[host.name], f"{name}, acknowledged, is in its gatehouse's list")
            if host not in disturbed:
                self.check(name in self.ledger.names("left-"), f"{name}, acknowledged, runs")
        for deposit, where in fleet.acknowledged.items():
            self.check(all(keep in listed[host.name] for host, keep in where), "each acknowledged keep is in its gatehouse's list")
        for tag, digest in fleet.pushed.items():
            self.check(fleet.pulled(tag) == digest, f"package {tag}, acknowledged, is what was pushed")
        self.check(fleet.swarm_is(self.swarm), "the swarm has as many replicas as it wants")
        self.facts["refused at the ledger"] = len(self.ledger.refused)

    def run(self):
        hosts = self.fleet.hosts
        self.storm()
        self.memory()
        deploying = Deploying(self.fleet, 4 if self.short else 20, 2 if self.short else 6)
        try:
            self.lose_a_drawbridge()
            self.cut_off(hosts[1])
            self.kill(hosts[2])
            self.wrong_clock(hosts[3])
        finally:
            deploying.stop()
        self.settle(hosts[2:3])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--keeps", type=int, default=200)
    parser.add_argument("--hosts", type=int, default=4)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    faulthandler.register(signal.SIGUSR1)
    fleet = Fleet(os.environ[FOLDER], chosen.hosts)
    story = Story(fleet, chosen.keeps, chosen.short)
    try:
        start = time.monotonic()
        fleet.start()
        story.times["control and hosts"] = time.monotonic() - start
        story.run()
    finally:
        fleet.stop()
    told = {"keeps": chosen.keeps, "hosts": chosen.hosts, "seconds": story.times, "facts": story.facts, "wrong": story.wrong}
    if chosen.json:
        chosen.json.write_text(json.dumps(told, indent=1))
    print(json.dumps(told["facts"], indent=1))
    for name, seconds in story.times.items():
        print(f"{name:<60} {'-' if seconds is None else f'{seconds:8.1f} s'}")
    print(f"{len(story.wrong)} of what must be true is not" if story.wrong else "all as it must be")
    return 1 if story.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
