#!/usr/bin/env python3
"""merlon-oci by hand, with the words that engines say."""

import json
import os
import pty
import shutil
import signal
import socket
import subprocess
import termios
import time
from pathlib import Path

import bundles
from bundles import BACKEND, Containers, alive, group_folders, main, module, wait_until
from tenant import free_port


class Lifecycle(Containers):
    def test_as_containerd_calls_it(self):
        bundle, name = self.bundle(bundles.EXIT_42), self.name()
        log = self.folder / "log.json"
        words = ["--log", log, "--log-format", "json"]
        made = self.oci(*words, "create", "--bundle", bundle, "--pid-file", self.folder / "pid", name)
        self.assertEqual(made.returncode, 0, made)
        process = int((self.folder / "pid").read_text())
        state = json.loads(self.oci("state", name).stdout)
        self.assertEqual((state["status"], state["pid"], state["id"]), ("created", process, name))
        self.assertEqual(state["bundle"], str(bundle))
        self.assertNotEqual(self.oci("delete", "no-such").returncode, 0)
        self.assertEqual(self.oci("delete", "--force", "no-such").returncode, 0)
        self.assertEqual(self.oci(*words, "start", name).returncode, 0)
        self.assertTrue(wait_until(lambda: json.loads(self.oci("state", name).stdout)["status"] == "stopped"))
        self.assertIn("not running", self.oci("kill", name, "9").stderr)
        again = self.oci(*words, "start", name)
        self.assertEqual(again.returncode, 1)
        self.assertEqual(json.loads(log.read_text().splitlines()[-1])["level"], "error")
        self.assertEqual(self.oci(*words, "delete", name).returncode, 0)
        self.assertEqual((list(self.root.iterdir()), group_folders(name)), ([], []))

    def test_a_name_is_given_once(self):
        bundle, name = self.bundle(bundles.EXIT_42), self.name()
        self.assertEqual(self.oci("create", "-b", bundle, name).returncode, 0)
        self.assertIn("exists already", self.oci("create", "-b", bundle, name).stderr)
        self.assertEqual(json.loads(self.oci("state", name).stdout)["status"], "created")
        listed = json.loads(self.oci("list", "--format", "json").stdout)
        self.assertEqual([each["id"] for each in listed], [name])
        self.assertEqual(self.oci("list", "-q").stdout, name + "\n")

    def test_exit_statuses(self):
        for text, status in ((bundles.EXIT_42, 42), (bundles.TRAP, 134), (bundles.HELLO, 0)):
            with self.subTest(status=status):
                ended = self.oci("run", "-b", self.bundle(text), self.name())
                self.assertEqual(ended.returncode, status, ended)
        missing = self.oci("run", "-b", self.bundle(None), self.name())
        self.assertEqual(missing.returncode, 127)
        self.assertIn("no such file or directory", missing.stderr)
        bundle = self.bundle(None, process={"args": ["nothing"]})
        missing = self.oci("run", "-b", bundle, self.name())
        self.assertEqual(missing.returncode, 127)
        self.assertIn("executable file not found in $PATH", missing.stderr)
        bundle = self.bundle(None)
        (bundle / "rootfs/app.wasm").write_text("#!/bin/sh\n")
        self.assertEqual(self.oci("run", "-b", bundle, self.name()).returncode, 126)
        self.assertEqual(list(self.root.iterdir()), [])

    def test_arguments_and_environment_arrive_and_options_do_not(self):
        bundle = self.bundle(bundles.WORDS, "--root", "x y", process={"args": ["/app.wasm", "--root", "x y"]})
        ended = self.oci("--log-format", "json", "--systemd-cgroup", "run", "-b", bundle, self.name())
        words = ended.stdout.split("\0")
        self.assertEqual(words[:3], ["/app.wasm", "--root", "x y"])
        self.assertIn("COLOUR=blue", words)
        self.assertNotIn("systemd", ended.stdout)

    def test_questions(self):
        self.assertIn("merlon-oci", self.oci("--version").stdout)
        told = json.loads(self.oci("features").stdout)
        self.assertIn("createRuntime", told["hooks"])
        self.assertTrue(told["linux"]["cgroup"]["v1"])
        bundle, name = self.bundle(bundles.EXIT_42), self.name()
        self.oci("create", "-b", bundle, name)
        for words in (["exec", "--process", "x", "--detach", name], ["exec", name, "/bin/sh", "-c", "true"],
                      ["pause", name], ["resume", name], ["update", "-r", "-", name]):
            refused = self.oci(*words)
            self.assertNotEqual(refused.returncode, 0, words)
            self.assertIn("keep", refused.stderr)


class Signals(Containers):
    def ends(self, process, within):
        started = time.monotonic()
        self.assertTrue(wait_until(lambda: not alive(process)), "still there")
        self.assertLess(time.monotonic() - started, within)

    def test_in_a_loop_and_in_a_call_of_the_host(self):
        for text in (bundles.SPIN, bundles.SLEEP):
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
                with self.subTest(number=number), self.running(text) as (name, process, runtime):
                    keeps = json.loads(self.oci("ps", "--format", "json", name).stdout)
                    self.assertGreater(len(keeps), 1)
                    self.assertEqual(json.loads(self.oci("state", name).stdout)["status"], "running")
                    self.assertEqual(self.oci("kill", name, "WINCH").returncode, 0)
                    self.assertEqual(self.oci("kill", name, number.name).returncode, 0)
                    self.ends(process, 5)
                    self.assertTrue(wait_until(lambda: not any(map(alive, keeps))))
                    self.assertEqual(runtime.wait(bundles.PATIENCE), 128 + number)

    def test_before_the_start(self):
        for number in ("TERM", "2", "SIGKILL"):
            bundle, name = self.bundle(bundles.SPIN), self.name()
            self.oci("create", "-b", bundle, "--pid-file", self.folder / "pid", name)
            self.assertEqual(self.oci("kill", name, "WINCH").returncode, 0)
            self.assertTrue(alive(int((self.folder / "pid").read_text())))
            self.assertEqual(self.oci("kill", name, number).returncode, 0)
            self.ends(int((self.folder / "pid").read_text()), 5)
            self.assertEqual(self.oci("delete", name).returncode, 0)

    def test_while_it_compiles(self):
        bundle = self.bundle(None)
        (bundle / "rootfs/app.wasm").write_bytes(bundles.slow_to_compile())
        for backend in ("nil", "snp-sim") if os.access("/dev/kvm", os.W_OK) else ("nil",):
            config = bundles.config_of(["/app.wasm"], annotations={BACKEND: backend, **self.of_image(backend)})
            (bundle / "config.json").write_text(json.dumps(config))
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
                with self.subTest(backend, number=number):
                    name = self.name()
                    self.assertEqual(self.oci(*self.more, "create", "-b", bundle, "--pid-file", self.folder / "pid",
                                              name).returncode, 0)
                    process = int((self.folder / "pid").read_text())
                    self.oci("start", name)
                    self.assertEqual(self.oci("kill", name, "WINCH").returncode, 0)
                    self.assertTrue(alive(process))
                    self.assertEqual(self.oci("kill", name, number.name).returncode, 0)
                    self.ends(process, 5)
                    self.assertEqual(self.oci("delete", name).returncode, 0)

    more = ()

    def of_image(self, backend):
        """An attested keep compiles all of a module before it begins."""
        if backend != "snp-sim":
            return {}
        merlon = Path(bundles.OCI).with_name("merlon")
        subprocess.run([merlon, "platform", "simulate", "init", "--dir", self.folder / "platform"], check=True,
                       capture_output=True)
        (self.folder / "oci.toml").write_text(f'simulator = "{self.folder}/platform"\n')
        self.more = ("--config", self.folder / "oci.toml")
        return {"org.merlon.workload": "image"}

    def test_a_killed_init_process_takes_its_keep_along(self):
        with self.running(bundles.SPIN) as (name, process, _):
            keeps = json.loads(self.oci("ps", "--format", "json", name).stdout)
            os.kill(process, signal.SIGKILL)
            self.assertTrue(wait_until(lambda: not any(map(alive, keeps))))

    def test_deletion_of_what_runs_wants_force(self):
        with self.running(bundles.SLEEP) as (name, process, _):
            self.assertIn("not stopped", self.oci("delete", name).stderr)
            self.assertEqual(self.oci("delete", "--force", name).returncode, 0)
            self.assertFalse(alive(process))
            self.assertEqual(group_folders(name), [])


class Limits(Containers):
    def test_memory(self):
        bundle = self.bundle(bundles.HOG, linux={"resources": {"memory": {"limit": 64 << 20}}})
        self.assertEqual(self.oci("run", "-b", bundle, self.name()).returncode, 137)

    def test_groups_in_both_forms(self):
        for path, words in (("/fleet-{}/inner", []), ("fleet.slice:merlon:{}", ["--systemd-cgroup"])):
            name = self.name()
            limits = {"pids": {"limit": 50}, "memory": {"limit": 128 << 20}, "cpu": {"shares": 512, "quota": 50000,
                                                                                      "period": 100000}}
            bundle = self.bundle(bundles.EXIT_42, linux={"cgroupsPath": path.format(name), "resources": limits})
            made = self.oci(*words, "create", "-b", bundle, "--pid-file", self.folder / "pid", name)
            self.assertEqual(made.returncode, 0, made)
            process = (self.folder / "pid").read_text()
            last = name if words else "inner"
            own = [line for line in Path(f"/proc/{process}/cgroup").read_text().splitlines() if last in line]
            self.assertTrue(own)
            folders = [each for each in group_folders(f"merlon-{name}.scope" if words else name) if "pids" in each
                       or "unified" not in each]
            self.assertTrue(folders)
            most = [Path(folder, "pids.max") for top in folders for folder in (top, f"{top}/inner")]
            self.assertIn("50", [file.read_text().strip() for file in most if file.exists()])
            self.assertEqual(self.oci("delete", "--force", name).returncode, 0)
            # What lies above is not the container's own.
            for folder in group_folders(name) + group_folders("fleet.slice"):
                os.rmdir(folder)

    def test_a_group_of_others_is_left_alone(self):
        with self.running(bundles.SLEEP, linux={"cgroupsPath": "/fleet-others"}) as (_, process, _runtime):
            bundle = self.bundle(bundles.EXIT_42, linux={"cgroupsPath": "/fleet-others"})
            self.assertIn("holds processes", self.oci("run", "-b", bundle, self.name()).stderr)
            self.assertTrue(alive(process))

    def test_who_the_keep_runs_as(self):
        with self.running(bundles.SLEEP, process={"user": {"uid": 1234, "gid": 99}, "args": ["/app.wasm"],
                                                  "cwd": "/", "env": []}) as (name, process, _):
            for each in json.loads(self.oci("ps", "--format", "json", name).stdout):
                status = Path(f"/proc/{each}/status").read_text()
                self.assertIn("Uid:\t1234\t1234\t1234", status)


class Files(Containers):
    def write(self, options, **changes):
        """The WASI error of making a file in a mounted directory."""
        (self.folder / "data").mkdir(exist_ok=True)
        mount = {"destination": "/data", "type": "bind", "source": str(self.folder / "data"), "options": options}
        return self.oci("run", "-b", self.bundle(bundles.WRITES, mounts=[mount], **changes), self.name())

    def test_mounted_directories(self):
        self.assertEqual(self.write(["rbind", "rw"]).returncode, 0)
        self.assertTrue((self.folder / "data/made").exists())
        (self.folder / "data/made").unlink()
        self.assertNotEqual(self.write(["rbind", "ro"]).returncode, 0)
        self.assertFalse((self.folder / "data/made").exists())

    def test_memory_at_a_place(self):
        bundle = self.bundle(bundles.EXIT_42, mounts=[{"destination": "/tmp/x", "type": "tmpfs"}])
        self.assertEqual(self.oci("run", "-b", bundle, self.name()).returncode, 42)

    def test_links_of_an_image_stay_in_it(self):
        outside = bundles.compiled(bundles.EXIT_42, self.folder / "outside.wasm")
        bundle = self.bundle(None)
        (bundle / "rootfs/app.wasm").symlink_to(outside)
        self.assertEqual(self.oci("run", "-b", bundle, self.name()).returncode, 127)
        (bundle / "rootfs/app.wasm").unlink()
        os.mkfifo(bundle / "rootfs/app.wasm")
        self.assertEqual(self.oci("run", "-b", bundle, self.name()).returncode, 126)
        (bundle / "rootfs/app.wasm").unlink()
        shutil.copy(outside, bundle / "rootfs/real.wasm")
        (bundle / "rootfs/app.wasm").symlink_to("/real.wasm")
        self.assertEqual(self.oci("run", "-b", bundle, self.name()).returncode, 42)

    def test_a_package_in_an_image(self):
        bundle = self.bundle(None, annotations={"org.merlon.package": "/pack", BACKEND: "nil"})
        (bundle / "rootfs/pack").mkdir()
        bundles.compiled(bundles.WORDS, bundle / "rootfs/pack/main.wasm")
        (bundle / "rootfs/pack/Enarx.toml").write_text('[[files]]\nkind = "stdin"\n[[files]]\nkind = "stdout"\n'
                                                       '[[files]]\nkind = "stderr"\n')
        self.assertIn("FD_COUNT=3", self.oci("run", "-b", bundle, self.name()).stdout)
        (bundle / "rootfs/pack/Enarx.toml").unlink()
        (bundle / "rootfs/pack/Enarx.toml").symlink_to("/etc/hostname")
        refused = self.oci("run", "-b", bundle, self.name())
        self.assertEqual(refused.returncode, 1)
        self.assertNotIn(Path("/etc/hostname").read_text().strip(), refused.stderr)


class Networks(Containers):
    def test_what_a_keep_listens_on_is_in_its_container(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            config = f'[[files]]\nkind = "listen"\nname = "door"\nprot = "tcp"\naddr = "127.0.0.1"\nport = {port}\n'
            for network, status in (({"type": "network"}, 42), ({"type": "pid"}, 1)):
                bundle = self.bundle(None, process={"args": ["/pack"]}, linux={"namespaces": [network]})
                (bundle / "rootfs/pack").mkdir()
                bundles.compiled(bundles.EXIT_42, bundle / "rootfs/pack/main.wasm")
                (bundle / "rootfs/pack/Enarx.toml").write_text(config)
                ended = self.oci("run", "-b", bundle, self.name())
                self.assertEqual(ended.returncode, status, ended)
        self.assertIn("cannot listen", ended.stderr)

    def test_users_of_a_namespace_are_mapped(self):
        mapping = [{"containerID": 0, "hostID": 100000, "size": 1000}]
        with self.running(bundles.SLEEP, linux={"namespaces": [{"type": "user"}], "uidMappings": mapping,
                                                "gidMappings": mapping}) as (name, process, _):
            self.assertIn("Uid:\t100000\t", Path(f"/proc/{process}/status").read_text())
        bundle = self.bundle(bundles.SLEEP, linux={"namespaces": [{"type": "user"}]})
        self.assertIn("not mapped", self.oci("run", "-b", bundle, self.name()).stderr)


class Hooks(Containers):
    def test_each_at_its_time_with_the_state(self):
        told = self.folder / "told"
        hook = self.folder / "hook.sh"
        hook.write_text(f"#!/bin/sh\ncat >> {told}.$1; echo $1 $WHO >> {told}\n")
        hook.chmod(0o755)
        names = ["prestart", "createRuntime", "createContainer", "poststart", "poststop"]
        hooks = {name: [{"path": str(hook), "args": ["hook", name], "env": ["WHO=me", "PATH=/bin:/usr/bin"]}]
                 for name in names}
        name = self.name()
        self.assertEqual(self.oci("run", "-b", self.bundle(bundles.EXIT_42, hooks=hooks), name).returncode, 42)
        self.assertEqual(told.read_text().split(), [word for each in names for word in (each, "me")])
        self.assertEqual(json.loads(Path(f"{told}.prestart").read_text())["id"], name)
        self.assertEqual(json.loads(Path(f"{told}.poststop").read_text())["status"], "stopped")

    def test_one_that_fails_leaves_nothing_and_poststop_runs_after_a_failed_poststart(self):
        name = self.name()
        bundle = self.bundle(bundles.EXIT_42, hooks={"createRuntime": [{"path": "/bin/false"}]})
        refused = self.oci("create", "-b", bundle, name)
        self.assertIn("createRuntime hook", refused.stderr)
        self.assertEqual((list(self.root.iterdir()), group_folders(name)), ([], []))
        slow = {"createRuntime": [{"path": "/bin/sleep", "args": ["sleep", "60"], "timeout": 1}]}
        self.assertIn("within 1 s", self.oci("create", "-b", self.bundle(bundles.EXIT_42, hooks=slow), name).stderr)
        mark = self.folder / "mark"
        after = {"poststart": [{"path": "/bin/false"}], "poststop": [{"path": "/bin/touch", "args": ["touch", str(mark)]}]}
        self.assertEqual(self.oci("run", "-b", self.bundle(bundles.EXIT_42, hooks=after), name).returncode, 42)
        self.assertTrue(mark.exists())


class Terminal(Containers):
    def test_its_other_side_goes_to_the_console_socket(self):
        bundle, name = self.bundle(bundles.HELLO, process={"terminal": True, "consoleSize": {"height": 9, "width": 33}}), self.name()
        self.assertIn("--console-socket", self.oci("create", "-b", bundle, name).stderr)
        server = socket.socket(socket.AF_UNIX)
        self.addCleanup(server.close)
        server.bind(str(self.folder / "console"))
        server.listen()
        server.settimeout(bundles.PATIENCE)
        made = self.oci("create", "-b", bundle, "--console-socket", self.folder / "console", name)
        self.assertEqual(made.returncode, 0, made)
        connection, _ = server.accept()
        _, descriptors, _, _ = socket.recv_fds(connection, 100, 1)
        connection.close()
        self.addCleanup(os.close, descriptors[0])
        self.oci("start", name)
        self.assertIn(b"hello", os.read(descriptors[0], 100))


    def test_run_carries_one_of_its_own(self):
        """As somebody at a terminal has it: keys, the end of input, Ctrl-C, and settings that are back afterwards."""
        bundle = self.bundle(bundles.CAT, process={"terminal": True})
        self.assertIn("--console-socket", self.oci("run", "--detach", "-b", bundle, self.name()).stderr)
        for keys, status in ((b"abc\n\4", 7), (b"abc\n\3", 130)):
            ours, theirs = pty.openpty()
            before = termios.tcgetattr(theirs)
            runtime = subprocess.Popen([bundles.OCI, "--root", self.root, "run", "-b", bundle, self.name()], stdin=theirs,
                                       stdout=theirs, stderr=theirs, start_new_session=True)
            self.assertTrue(wait_until(lambda theirs=theirs, before=before: termios.tcgetattr(theirs) != before))
            os.write(ours, keys)
            self.assertEqual(runtime.wait(bundles.PATIENCE), status)
            said = os.read(ours, 4096)
            if status == 7:
                self.assertEqual(said.count(b"abc"), 2, said)  # its echo, and the program's
            self.assertEqual(termios.tcgetattr(theirs), before)
            os.close(ours)
            os.close(theirs)


class Hostile(Containers):
    def test_configurations(self):
        bundle = self.bundle(bundles.EXIT_42)
        good = json.loads((bundle / "config.json").read_text())

        def refused(change, *words):
            config = json.loads(json.dumps(good))
            change(config)
            (bundle / "config.json").write_text(json.dumps(config))
            ended = self.oci("run", "-b", bundle, self.name())
            self.assertEqual(ended.returncode, 1, (ended, words))
            for word in words:
                self.assertIn(word, ended.stderr)

        refused(lambda c: c["linux"].update(devices=[{"path": "/dev/fuse", "type": "c"}]), "linux.devices", "/dev/fuse")
        refused(lambda c: c["mounts"].append({"destination": "/x", "type": "bind", "source": "/etc/passwd"}), "/etc/passwd")
        refused(lambda c: c["mounts"].append({"destination": "../../x", "type": "tmpfs"}), "destination")
        refused(lambda c: c["mounts"].append({"destination": "/x", "type": "overlay"}), "overlay")
        refused(lambda c: c["linux"].update(sysctl={"kernel.core_pattern": "|/x"}), "kernel.core_pattern")
        refused(lambda c: c["linux"].update(cgroupsPath="/a/../../x"), "cgroupsPath")
        refused(lambda c: c["linux"]["resources"].update(unified={"../x": "1"}), "unified")
        refused(lambda c: c["process"].update(args=[]), "names no program")
        refused(lambda c: c["process"].update(args=["/app.wasm", "a\0b"]), "NUL")
        refused(lambda c: c["process"].update(args=["/app.wasm", "x" * 140000]), "longer")
        refused(lambda c: c["process"].update(cwd="relative"), "cwd")
        refused(lambda c: c["process"].update(rlimits=[{"type": "RLIMIT_ALL", "soft": 1, "hard": 1}]), "RLIMIT_ALL")
        refused(lambda c: c["annotations"].update({BACKEND: "cloud"}), "cloud")
        refused(lambda c: c.update(hooks={"startContainer": [{"path": "/bin/true"}]}), "startContainer")
        refused(lambda c: c.update(windows={}), "windows")
        refused(lambda c: c["linux"]["namespaces"].append({"type": "network", "path": "/dev/null"}), "network")
        self.assertEqual(list(self.root.iterdir()), [])

    def test_what_lies_in_the_place_of_config_json(self):
        bundle = self.bundle(bundles.EXIT_42)
        file = bundle / "config.json"
        file.unlink()
        os.mkfifo(file)
        self.assertIn("FIFO", self.oci("run", "-b", bundle, "a").stderr)
        file.unlink()
        for text in (b"", b"{", b"[]", b"[" * 100000, b'{"ociVersion":"1.0.2"}', b"x" * (5 << 20), b'{"a":1,"a":2}'):
            file.write_bytes(text)
            self.assertEqual(self.oci("run", "-b", bundle, "a").returncode, 1)

    def test_names(self):
        bundle = self.bundle(bundles.EXIT_42)
        for name in ("../x", "a/b", ".", "..", ".x", "a b", "x" * 2000, "ä", "a\n"):
            for words in (["create", "-b", bundle, name], ["state", name], ["delete", "--force", name]):
                ended = self.oci(*words)
                self.assertEqual(ended.returncode, 2, (words, ended))

    def test_a_state_that_is_damaged_can_be_deleted(self):
        name = self.name()
        self.oci("create", "-b", self.bundle(bundles.EXIT_42), name)
        process = json.loads(self.oci("state", name).stdout)["pid"]
        os.kill(process, signal.SIGKILL)
        (self.root / name / "merlon.json").write_text("{")
        self.assertEqual(self.oci("state", name).returncode, 1)
        self.assertEqual(self.oci("delete", "--force", name).returncode, 0)
        (self.root / name).mkdir()
        self.assertEqual(self.oci("delete", "--force", name).returncode, 0)
        for folder in group_folders(name):
            os.rmdir(folder)

    def test_what_lies_beside_a_pid_file_is_nobody_elses(self):
        beside = self.folder / "pid.new"
        for lay in (lambda: os.mkfifo(beside), lambda: beside.write_text("x"), lambda: beside.symlink_to("/dev/null")):
            lay()
            if beside.is_file():
                os.chmod(beside, 0o666)
            name = self.name()
            made = self.oci("create", "-b", self.bundle(bundles.EXIT_42), "--pid-file", self.folder / "pid", name)
            self.assertEqual(made.returncode, 0, made)
            self.assertEqual((self.folder / "pid").lstat().st_mode & 0o777, 0o600)
            self.assertEqual((self.folder / "pid").read_text(), str(json.loads(self.oci("state", name).stdout)["pid"]))
            self.assertFalse(beside.is_symlink() or beside.exists())
        (self.folder / "pid").unlink()
        (self.folder / "pid").mkdir()
        made = self.oci("create", "-b", self.bundle(bundles.EXIT_42), "--pid-file", self.folder / "pid", self.name())
        self.assertEqual((made.returncode, beside.exists()), (1, False), made)

    def test_commands_of_a_held_container_answer(self):
        with self.running(bundles.SPIN) as (name, process, _):
            os.kill(process, signal.SIGSTOP)
            started = time.monotonic()
            self.assertEqual(self.oci("state", name).returncode, 0)
            self.assertEqual(self.oci("kill", name, "KILL").returncode, 0)
            self.assertEqual(self.oci("delete", "--force", name).returncode, 0)
            self.assertLess(time.monotonic() - started, 10)


class Native(Containers):
    def setUp(self):
        super().setUp()
        self.native = shutil.which("runc")
        if self.native is None:
            self.skipTest("runc is not here")

    def test_what_is_no_webassembly_is_its(self):
        busybox = Path("/bin/busybox")
        if not busybox.exists():
            self.skipTest("no static program is here: busybox")
        bundle = self.bundle(None, process={"args": ["/busybox", "echo", "native"], "capabilities": {}})
        shutil.copy(busybox, bundle / "rootfs/busybox")
        words = ["--native-runtime", self.native]
        ended = self.oci(*words, "run", "-b", bundle, self.name())
        self.assertEqual((ended.returncode, ended.stdout), (0, "native\n"), ended)
        keep = self.oci(*words, "run", "-b", self.bundle(bundles.EXIT_42), self.name())
        self.assertEqual(keep.returncode, 42, keep)
        self.assertEqual(self.oci("run", "-b", bundle, self.name()).returncode, 126)
        name = self.name()
        self.assertEqual(self.oci(*words, "create", "-b", bundle, name).returncode, 0)
        self.assertEqual(json.loads(self.oci(*words, "state", name).stdout)["status"], "created")
        self.assertEqual(self.oci(*words, "delete", "--force", name).returncode, 0)
        self.assertEqual(list(self.root.iterdir()), [])

    def test_an_output_that_nobody_can_write_to(self):
        """As containerd gives to tasks without streams."""
        with open("/dev/null", "rb") as nothing:
            ended = subprocess.run([bundles.OCI, "--root", self.root, "run", "--bundle", self.bundle(bundles.HELLO), self.name()],
                                   stdin=subprocess.DEVNULL, stdout=nothing, stderr=nothing, check=False, timeout=60)
        self.assertEqual(ended.returncode, 0)

    def test_what_annotations_ask_for(self):
        port = free_port()
        with self.running(bundles.SERVER.replace('(func (export "_start") (local $peer i32)', """(data (i32.const 128) "ready")
              (func (export "_start") (local $peer i32)
                (i32.store (i32.const 0) (i32.const 128)) (i32.store (i32.const 4) (i32.const 5))
                (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))"""),
                          annotations={BACKEND: "nil", "org.merlon.listen": f"127.0.0.1:{port}"}):
            with socket.create_connection(("127.0.0.1", port), 5) as peer:
                peer.sendall(b"GET / HTTP/1.1\r\n\r\n")
                self.assertIn(b"keep", peer.recv(4096))
        limited = self.bundle(bundles.SPIN, annotations={BACKEND: "nil", "org.merlon.timeout": "200ms"})
        self.assertEqual(self.oci("run", "--bundle", limited, self.name()).returncode, 124)
        called = self.bundle(module('(func (export "answer") (result i32) (i32.const 42))'),
                             annotations={BACKEND: "nil", "org.merlon.invoke": "answer"})
        self.assertEqual(self.oci("run", "--bundle", called, self.name()).stdout, "42\n")
        for name, value in (("org.merlon.polcy", "x"), ("org.merlon.listen", "80"), ("org.merlon.tenant", "ab" * 32)):
            refused = self.oci("run", "--bundle", self.bundle(bundles.HELLO, annotations={BACKEND: "nil", name: value}),
                               self.name())
            self.assertNotEqual(refused.returncode, 0)
            self.assertIn(name, refused.stderr)


if __name__ == "__main__":
    main()
