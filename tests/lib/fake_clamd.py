#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A daemon that does what a real one does not do on request. usage: fake_clamd.py SOCKET MODE

It answers PING and VERSION, and takes files by FILDES. MODE:
  silent     accepts, and never says a word
  no-pong    answers PING with something else
  blind      says OK to everything, the canaries too
  forger     finds EICAR, but answers any other file with a line for another file's name
  mute       finds EICAR, and never answers for any other file
  late-blind finds EICAR the first 4 times, then says OK to everything
"""
import array
import os
import socket
import sys
import threading
import time

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
PATH, MODE = sys.argv[1:3]
found = 0
lock = threading.Lock()


def descriptor(connection):
    """The descriptor that clamdscan sends with one byte, after its command."""
    while True:
        _, control, _, _ = connection.recvmsg(1, socket.CMSG_SPACE(4))
        for level, kind, data in control:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                return array.array("i", data)[0]


def has_canary(fd):
    data = os.pread(fd, 1 << 20, 0)
    # Plain, or in an archive: the canaries are the only small archives that the tests send.
    return EICAR in data or data[:2] in (b"PK", b"7z", b"\x1f\x8b")


def verdict(fd):
    global found
    canary = has_canary(fd)
    with lock:
        found += canary
        number = found
    if MODE == "blind" or (MODE == "late-blind" and number > 4):
        return b"fd[%d]: OK\0" % fd
    if canary:
        return b"fd[%d]: Eicar-Test-Signature FOUND\0" % fd
    if MODE == "mute":
        time.sleep(3600)
    if MODE == "forger":
        return b"fd[%d]: OK\nfd[%d]: OK\0" % (fd, fd)
    return b"fd[%d]: OK\0" % fd


def serve(connection):
    while True:
        command = b""
        while not command.endswith((b"\0", b"\n")):
            byte = connection.recv(1)
            if not byte:
                return
            command += byte
        word = command.strip(b"zn\0\n")
        if MODE == "silent":
            time.sleep(3600)
        elif word == b"PING":
            connection.sendall(b"PONG\0" if MODE != "no-pong" else b"HELLO\0")
        elif word == b"VERSION":
            connection.sendall(b"ClamAV 0.0.0\0")
        elif word == b"FILDES":
            fd = descriptor(connection)
            connection.sendall(verdict(fd))
            os.close(fd)
            connection.close()  # one command, one connection: clamdscan reads to the end
            return
        elif word not in (b"IDSESSION", b"END"):
            connection.sendall(b"UNKNOWN COMMAND\0")


server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
server.bind(PATH)
server.listen(64)
print("ready", flush=True)
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
