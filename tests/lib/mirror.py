#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A web server on the loopback that stands in for a mirror of ClamAV's database.

usage: mirror.py FOLDER PORTFILE

Serves the files of FOLDER. A file FOLDER/.status makes it answer everything with the status in it, a second number is the
Retry-After. Each request is a line "METHOD PATH STATUS" in FOLDER/.requests.
"""
import functools
import http.server
import os
import sys


class Handler(http.server.SimpleHTTPRequestHandler):
    def refuse(self):
        try:
            with open(os.path.join(self.directory, ".status"), encoding="ascii") as file:
                words = file.read().split()
        except FileNotFoundError:
            return False
        self.send_response(int(words[0]))
        if len(words) > 1:
            self.send_header("Retry-After", words[1])
        self.send_header("Content-Length", "0")
        self.end_headers()
        return True

    def do_GET(self):
        if not self.refuse():
            super().do_GET()

    def do_HEAD(self):
        if not self.refuse():
            super().do_HEAD()

    def log_request(self, code="-", size="-"):
        with open(os.path.join(self.directory, ".requests"), "a", encoding="utf-8") as file:
            file.write(f"{self.command} {self.path} {int(code)}\n")

    def log_message(self, *args):
        pass


def main():
    folder, port_file = sys.argv[1:]
    handler = functools.partial(Handler, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    with open(port_file + ".new", "w", encoding="ascii") as file:
        file.write(f"{server.server_port}\n")
    os.rename(port_file + ".new", port_file)
    server.serve_forever()


main()
