"""Entering the namespaces that bubblewrap made, and giving up everything that could lead out of them again."""

from __future__ import annotations

import ctypes
import fcntl
import os
import platform
import resource

from .users import NOBODY

_GET_OWNER = 0xB701  # NS_GET_USERNS of ioctl_ns(2)
_PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 4, 24, 38, 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_CAPABILITY_VERSION_3 = 0x20080522
_KEYCTL = {"x86_64": 250, "aarch64": 219}

_libc = ctypes.CDLL(None, use_errno=True)


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapabilitySet(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def _prctl(option: int, value: int) -> int:
    nothing = ctypes.c_ulong(0)
    return int(_libc.prctl(option, ctypes.c_ulong(value), nothing, nothing, nothing))


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def enter(pid: int) -> None:
    """Enter all namespaces of a process; afterwards the next fork is inside.

    Parameters
    ----------
    pid : int
        The first process of the sandbox.
    """
    names = ("ipc", "uts", "net", "cgroup", "pid", "mnt", "user")
    opened = {name: os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY | os.O_CLOEXEC) for name in names}
    limits = os.open("/proc/sys/user", os.O_PATH | os.O_DIRECTORY)
    # bubblewrap may leave its processes in a second user namespace inside the one that owns the rest. Only the owner
    # gives the right to enter, so it comes first; who knows the owner of the mounts knows it.
    owner = fcntl.ioctl(opened["mnt"], _GET_OWNER)
    _check(_libc.setns(owner, 0), "entering the user namespace")
    # Without another user namespace nobody can get back the right to mount or to leave a limit behind. The file shows
    # the setting of the reader's own namespace, whichever /proc it is opened through.
    with open(
        "max_user_namespaces", "w", opener=lambda path, flags: os.open(path, flags, dir_fd=limits)
    ) as file:
        file.write("0")
    for name in names[:-1]:
        _check(_libc.setns(opened[name], 0), f"entering the {name} namespace")
    if os.fstat(owner).st_ino != os.fstat(opened["user"]).st_ino:
        _check(_libc.setns(opened["user"], 0), "entering the inner user namespace")


def give_up_privileges(*, root: bool) -> None:
    """Become nobody, without capabilities and without a way to get them.

    Parameters
    ----------
    root : bool
        Whether the sandbox has real user ids, one of which must be taken; otherwise its only one is there already.
    """
    for capability in range(64):
        if _prctl(_PR_CAPBSET_DROP, capability) != 0:
            break  # the kernel knows no more of them
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    if root:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    header = _CapabilityHeader(_CAPABILITY_VERSION_3, 0)
    _check(_libc.capset(ctypes.byref(header), (_CapabilitySet * 2)()), "dropping capabilities")
    _check(_prctl(_PR_SET_NO_NEW_PRIVS, 1), "forbidding new privileges")
    # A process that changed its identity may not look into its own /proc; inside, with nothing to hide, it may.
    _check(_prctl(_PR_SET_DUMPABLE, 1), "showing its own /proc")


def forget_keys() -> None:
    """Leave the session's keyring, which may hold an instructor's passwords, for an empty one."""
    number = _KEYCTL.get(platform.machine())
    if number is not None:
        _libc.syscall(
            number, 1, None
        )  # KEYCTL_JOIN_SESSION_KEYRING; a kernel without keyrings refuses, rightly


def take_limits(*, memory: int, processes: int | None, file: int, cpu: int) -> None:
    """Set the limits of this process and of all that it will start.

    Parameters
    ----------
    memory : int
        Bytes that may be mapped beyond what is mapped already.
    processes : int or None
        Processes and threads of this user in this sandbox; None where the system counts the user's others too.
    file, cpu : int
        Bytes of a file; seconds of processor time.
    """
    with open("/proc/self/statm") as statm:
        mapped = int(statm.read().split()[0]) * resource.getpagesize()
    limits = {
        resource.RLIMIT_AS: mapped + memory,
        resource.RLIMIT_FSIZE: file,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 1024,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    if processes is not None:
        limits[resource.RLIMIT_NPROC] = processes
    for which, most in limits.items():
        hard = resource.getrlimit(which)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(which, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 5))
