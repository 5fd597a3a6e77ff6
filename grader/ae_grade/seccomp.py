"""The filter of system calls that a box runs under: what no notebook needs, refused.

The namespaces already hide the machine. The filter takes away ways around the limits (memory that
no process owns, new namespaces with file systems of their own) and rarely used, often faulty
parts of the kernel. What it refuses fails with an error; it kills nothing.
"""

import errno
import platform
import struct

__all__ = ["SECCOMP", "column", "filter_program"]

# name: number on x86_64, on aarch64 (from the kernel's tables of system calls)
REFUSED = {
    # looking into and steering other processes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    # namespaces and file systems
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "open_by_handle_at": (304, 265),
    # memory that belongs to no process, so that no sum over processes would find it
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    # keys, and parts of the kernel with a long list of faults
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "personality": (135, 92),
    "kexec_load": (246, 104),
    "init_module": (175, 105),
    "finit_module": (313, 273),
}
CLONE = (56, 220)
CLONE3 = (435, 435)
SOCKET = (41, 198)
SOCKETPAIR = (53, 199)
SECCOMP = (317, 277)  # sets the filter
FAMILIES = (1, 2, 10)  # AF_UNIX, AF_INET, AF_INET6: vsock would reach past the network namespace
PROTOCOLS = (0, 6, 17)  # TCP and UDP: the buffers of others are in no list that the grader counts
NEW_NAMESPACES = 0x7E020080  # every CLONE_NEW* flag
AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x80000000


def column() -> int:
    """Return which of the numbers in a row above is this machine's.

    Raises
    ------
    NotImplementedError
        The processor is neither x86_64 nor aarch64.
    """
    machine = platform.machine()
    if machine not in AUDIT_ARCH:
        raise NotImplementedError(f"no filter of system calls for {machine}: use x86_64 or aarch64")
    return list(AUDIT_ARCH).index(machine)


def filter_program() -> bytes:
    """Return the compiled filter for this machine, as the kernel's ``seccomp`` reads it.

    Raises
    ------
    NotImplementedError
        The processor is neither x86_64 nor aarch64.
    """
    here, machine = column(), platform.machine()
    program: list[tuple[int, int, int, int]] = []

    def step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> None:
        program.append((code, if_true, if_false, value))

    refuse = ERRNO | errno.EPERM
    step(LOAD, 4)  # the architecture
    step(EQUAL, AUDIT_ARCH[machine], 1, 0)
    step(RETURN, KILL)
    step(LOAD, 0)  # the number of the system call
    if machine == "x86_64":  # the x32 calls have numbers of their own
        step(AT_LEAST, 0x40000000, 0, 1)
        step(RETURN, ERRNO | errno.ENOSYS)
    # glibc falls back to clone, whose flags can be looked at; clone3 hides them behind a pointer.
    step(EQUAL, CLONE3[here], 0, 1)
    step(RETURN, ERRNO | errno.ENOSYS)
    step(EQUAL, CLONE[here], 0, 4)
    step(LOAD, 16)  # the first argument: the flags
    step(ANY_BIT, NEW_NAMESPACES, 0, 1)
    step(RETURN, refuse)
    step(RETURN, ALLOW)
    for numbers in (SOCKET, SOCKETPAIR):
        step(EQUAL, numbers[here], 0, len(FAMILIES) + len(PROTOCOLS) + 5)
        for argument, allowed in ((16, FAMILIES), (32, PROTOCOLS)):  # the first, the third
            step(LOAD, argument)
            for position, value in enumerate(allowed):
                step(EQUAL, value, len(allowed) - position, 0)
            step(RETURN, refuse)
        step(RETURN, ALLOW)
    for numbers in REFUSED.values():
        step(EQUAL, numbers[here], 0, 1)
        step(RETURN, refuse)
    step(RETURN, ALLOW)
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
