#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hands a mail to a milter as a mail server does, and prints what the milter wants done with it, a word a line.

usage: milter.py HOST PORT <MAIL
"""
import socket
import struct
import sys

WORDS = {"a": "accept", "c": "continue", "r": "reject", "t": "tempfail", "d": "discard", "q": "quarantine", "h": "header", "i": "header", "m": "header"}


def send(connection, command, data=b""):
    connection.sendall(struct.pack("!I", len(data) + 1) + command + data)


def receive(connection):
    length = struct.unpack("!I", read(connection, 4))[0]
    data = read(connection, length)
    return chr(data[0]), data[1:]


def read(connection, length):
    data = b""
    while len(data) < length:
        part = connection.recv(length - len(data))
        if not part:
            sys.exit("the milter closed the connection")
        data += part
    return data


def main():
    connection = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=20)
    # Version 2: all actions (quarantine is 0x20), all steps may be left out, and there is an answer to each other.
    send(connection, b"O", struct.pack("!III", 2, 0x3F, 0x7F))
    # The third number: steps that the milter does not want to see (0x10, 0x20, 0x40: body, headers, their end; 0x01 … connect).
    unwanted = struct.unpack("!III", receive(connection)[1][:12])[2]
    header, body = sys.stdin.buffer.read().split(b"\n\n", 1)
    steps = [(b"C", b"client.example\x004" + struct.pack("!H", 25) + b"192.0.2.1\x00", 0x01), (b"H", b"client.example\x00", 0x02),
             (b"M", b"<a@example>\x00", 0x04), (b"R", b"<b@example>\x00", 0x08)]
    for line in header.split(b"\n"):
        name, value = line.split(b": ", 1)
        steps.append((b"L", name + b"\0" + value + b"\0", 0x20))
    steps += [(b"N", b"", 0x40), (b"B", body, 0x10)]
    for command, data, unwanted_bit in steps:
        if unwanted & unwanted_bit:
            continue
        send(connection, command, data)
        answer, _ = receive(connection)
        if answer != "c":
            print(WORDS.get(answer, answer))
            return
    send(connection, b"E")
    while True:
        answer, _ = receive(connection)
        print(WORDS.get(answer, answer))
        if answer in "acrtd":
            return


main()
