#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Types at a terminal of a program's own: typist.py ANSWER... -- COMMAND...

An answer goes out when a prompt (": ") stands there; ^C is the key. Shows what the terminal
showed, [quiet] or [echo] at each prompt, then whether it echoes again, and the exit status
(-SIGNAL where one ended it)."""
import fcntl
import os
import select
import subprocess
import sys
import termios
import time

at = sys.argv.index("--")
answers, command = sys.argv[1:at], sys.argv[at + 1:]
master, slave = os.openpty()


def echoes():
    return bool(termios.tcgetattr(slave)[3] & termios.ECHO)


child = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                         preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
shown = seen = b""
latest = time.monotonic() + 60      # a program that hangs is ended, and that is its status
while True:
    over = child.poll() is not None
    if time.monotonic() > latest:
        child.kill()
    ready, _, _ = select.select([master], [], [], 0 if over else 0.05)
    if ready:
        piece = os.read(master, 4096)
        shown += piece
        seen += piece
    elif over:
        break
    if answers and seen.endswith(b": "):
        shown += b"[echo]" if echoes() else b"[quiet]"
        answer = answers.pop(0)
        os.write(master, b"\x03" if answer == "^C" else answer.encode() + b"\n")
        seen = b""
print(shown.decode(errors="replace").replace("\r\n", "\n"), end="")
print("echo %s" % ("on" if echoes() else "off"))
print("status %d" % child.returncode)
