"""What code in a sandbox can see, reach and change: nothing that is not its own."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest

from cs_cnn.course.sandbox import Sandboxes

from .conftest import SECRET, Kernel, inside

pytestmark = pytest.mark.sandbox


def test_no_network(kernel: Kernel) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        heard: list[object] = []
        threading.Thread(target=lambda: heard.append(server.accept()), daemon=True).start()
        port = server.getsockname()[1]
        said = kernel.run(
            f"""
            import socket
            print([name for _, name in socket.if_nameindex()])
            for address in (("127.0.0.1", {port}), ("192.0.2.1", 80)):
                try:
                    socket.create_connection(address, 2)
                except OSError as error:
                    print("refused", error.errno)
            try:
                socket.getaddrinfo("example.org", 80)
            except OSError:
                print("no names")
            """
        )
        assert said.splitlines() == ["['lo']", "refused 111", "refused 101", "no names"]
        assert not heard


def test_other_folders_are_not_there(kernel: Kernel, tmp_path: Path, root: Path) -> None:
    secrets = [tmp_path / name for name in ("gradebook.db", "submitted/other/a1/a1.ipynb", "source/a1.ipynb")]
    for path in secrets:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("secret")
        path.chmod(0o666)
    tmp_path.chmod(0o777)
    unseen = [
        *secrets,
        tmp_path,
        Path.home() / ".ssh",
        Path("/etc/shadow"),
        Path("/etc/hostname"),
        Path("/mnt"),
    ]
    unseen += [root / name for name in ("course.yml", "solutions", "tests", ".git", "cs_cnn/course/grading")]
    said = kernel.run(
        f"import os; print([p for p in {[str(path) for path in unseen]!r} if os.path.exists(p)])"
    )
    assert said == "[]"
    assert "FileNotFoundError" in kernel.run(f"open({str(tmp_path / 'gradebook.db')!r}, 'a')")
    # Whatever is called like a solution or a gradebook, anywhere: nothing.
    said = kernel.run(
        """
        import os
        found, leave = [], ("/proc", "/sys", "/usr")
        for folder, folders, files in os.walk("/"):
            folders[:] = [name for name in folders if os.path.join(folder, name) not in leave]
            folders[:] = [name for name in folders if name != "site-packages"]
            found += [name for name in files if name.endswith((".db", ".ipynb"))]
        print(found)
        """
    )
    assert said == "[]"


def test_nothing_of_the_instructor_is_in_the_environment(kernel: Kernel) -> None:
    assert os.environ[SECRET]
    said = kernel.run(
        f"""
        import glob, os
        texts = [repr(dict(os.environ))]
        for path in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/cmdline"):
            try:
                texts.append(open(path).read())
            except PermissionError:
                texts.append("")
        print(len(texts) > 4, any({SECRET!r} in text or "password" in text for text in texts))
        """
    )
    assert said == "True False"


def test_no_other_process_is_there(kernel: Kernel) -> None:
    mine = os.getpid()
    said = kernel.run(
        f"""
        import os
        numbers = sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
        print(len(numbers), os.getppid())
        try:
            os.kill({mine}, 0)
        except ProcessLookupError:
            print("nobody")
        """
    )
    # bubblewrap's first process, the one that sleeps, and the kernel, whose parent is outside.
    assert said.splitlines() == ["3 0", "nobody"]


def test_two_sandboxes_know_nothing_of_each_other(students: Sandboxes, kernel: Kernel) -> None:
    kernel.run("open('mine.txt', 'w').write('x'); open('/tmp/mine.txt', 'w').write('x')")
    with Kernel(students.kernel_manager()) as other:
        assert other.run(
            "import os; print(os.listdir(), os.listdir('/dev/shm'), os.path.exists('/tmp/mine.txt'))"
        ) == ("[] [] False")
        assert other.world != kernel.world
        shared = "import ctypes; print(ctypes.CDLL(None).shmget(77, 4096, {}) >= 0)"
        assert kernel.run(shared.format("0o1666")) == "True"
        assert other.run(shared.format("0o666")) == "False"


def test_the_process_is_nobody_and_stays_nobody(kernel: Kernel) -> None:
    said = kernel.run(
        """
        import os
        lines = open("/proc/self/status").read().splitlines()
        status = dict(line.split(":\\t") for line in lines if ":\\t" in line)
        sets = ("CapPrm", "CapEff", "CapBnd", "CapAmb")
        print(os.getresuid(), os.getresgid(), {int(status[name], 16) for name in sets})
        print(status["NoNewPrivs"], os.getpid())
        """
    )
    ids, more = said.splitlines()
    assert ids == f"{(65534,) * 3} {(65534,) * 3} {{0}}"
    assert more.split()[0] == "1"
    outside = {number: pid for pid, number in inside(kernel.world).items()}[int(more.split()[1])]
    real = {
        int(number) for number in Path(f"/proc/{outside}/status").read_text().split("Uid:")[1].split()[:4]
    }
    assert real == {65534 if os.getuid() == 0 else os.getuid()}


@pytest.mark.parametrize(
    "attempt",
    [
        "libc.unshare(0x10000000)",  # a user namespace of one's own gives all capabilities in it
        "libc.unshare(0x00020000)",
        "libc.mount(b'none', b'/tmp', b'tmpfs', 0, None)",
        "libc.chroot(b'/tmp')",
        "libc.setns(os.open('/proc/1/ns/mnt', os.O_RDONLY), 0)",
        "libc.setuid(0)",
        "libc.sethostname(b'x', 1)",
    ],
)
def test_no_privilege_comes_back(kernel: Kernel, attempt: str) -> None:
    code = f"""
import ctypes, os
libc = ctypes.CDLL(None)
try:
    print({attempt})
except OSError:
    print(-1)
"""
    # A process of its own: one with threads may not do some of this anyway.
    run = f"import subprocess, sys; print(subprocess.run([sys.executable, '-c', {code!r}], capture_output=True).stdout)"
    assert kernel.run(run) == "b'-1\\n'"


def test_no_open_file_leads_outside(kernel: Kernel) -> None:
    said = kernel.run(
        """
        import os, socket
        own = (open("/proc/net/unix").read() + open("/proc/net/tcp").read()).split()
        for number in os.listdir("/proc/self/fd"):
            try:
                what = os.readlink(f"/proc/self/fd/{number}")
            except OSError:
                continue  # it was for the list
            kind, _, inode = what.partition(":")
            if kind == "socket":
                # Made here, or accepted from the grader by the kernel's own sockets.
                accepted = str(socket.socket(fileno=os.dup(int(number))).getsockname()).startswith("/kernel/")
                if inode.strip("[]") in own or accepted:
                    continue
            if kind == "pipe":
                continue
            if what not in ("anon_inode:[eventpoll]", "anon_inode:[eventfd]", "/dev/null", "/kernel/log"):
                print(what)
        """
    )
    assert said == ""


@pytest.mark.parametrize(
    "place", ["/x", "/usr/x", "/dev/x", "/etc/x", "/link/x", "{library}/x.py", "{edition}/x.py"]
)
def test_only_its_own_folders_can_be_written(kernel: Kernel, place: str, student_edition: Path) -> None:
    import numpy

    path = place.format(library=Path(numpy.__file__).parent, edition=student_edition / "cs_cnn")
    assert kernel.run(f"open({path!r}, 'w')").split(":")[0] in ("OSError", "PermissionError")
    assert not Path(path).exists()
    for folder in ("/home/student", "/tmp", "/dev/shm"):
        assert kernel.run(f"print(open('{folder}/x', 'w').write('abc'))") == "3"


def test_files_are_there_and_are_copies(students: Sandboxes, tmp_path: Path) -> None:
    (tmp_path / "private").mkdir(mode=0o700)
    data = tmp_path / "private" / "numbers.txt"
    data.write_text("1 2 3")
    data.chmod(0o600)
    with Kernel(students.kernel_manager(files={"numbers.txt": data, "more/again.txt": data})) as kernel:
        assert kernel.run("print(open('numbers.txt').read(), open('more/again.txt').read())") == "1 2 3 1 2 3"
        kernel.run("open('numbers.txt', 'w').write('4'); open('more/new.txt', 'w').write('5')")
        assert kernel.run("print(open('numbers.txt').read())") == "4"
    assert data.read_text() == "1 2 3"


def test_sockets_lead_from_one_sandbox_to_another(students: Sandboxes, tmp_path: Path) -> None:
    with Sandboxes("full") as judges:
        link = tmp_path / "link"
        link.mkdir()
        with (
            Kernel(judges.kernel_manager(link=link)) as judge,
            Kernel(students.kernel_manager(link=link)) as student,
        ):
            assert student.run("open('/link/x', 'w')").startswith("OSError")
            judge.run("import socket; s = socket.socket(socket.AF_UNIX); s.bind('/link/s'); s.listen()")
            student.run(
                "import socket; c = socket.socket(socket.AF_UNIX); c.connect('/link/s'); c.send(b'hello')"
            )
            assert judge.run("s.accept()[0].recv(5)") == "b'hello'"
            assert judge.run("from cs_cnn.checks import tasks; len(tasks()) > 9") == "True"
