#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The samples, in the words of `podman run`: options and command of a service or container, one a line, `--` between them.

usage: sample.py compose FILE SERVICE
       sample.py kubernetes FILE CONTAINER

Volumes are called by their names in the sample; a variable ${NAME:-…} of a compose file must be set.
An unknown key is an error: what is not translated would not be tested.
"""
import os
import re
import sys

import yaml


def seconds(text):
    units = {"s": 1, "m": 60, "h": 3600}
    return int(text[:-1]) * units[text[-1]]


def compose(path, name):
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"\$\{(\w+):-([^}]*)\}", lambda m: os.environ[m[1]], file.read())
    service = yaml.safe_load(text)["services"][name]
    options, command = [], []
    for key, value in service.items():
        if key == "environment":
            options += [f"--env={k}={v}" for k, v in value.items()]
        elif key == "volumes":
            options += [f"--volume={v}" for v in value]
        elif key == "tmpfs":
            options += [f"--tmpfs={v}" for v in value]
        elif key == "read_only":
            options += ["--read-only", "--read-only-tmpfs=false"] if value else []
        elif key == "network_mode":
            options += [f"--network={value}"]
        elif key == "healthcheck":
            assert value["test"] == ["CMD", "clamdcheck.sh"]
            assert seconds(value["timeout"]) <= seconds(value["start_period"])
        elif key == "command":
            command = value
        elif key == "image":
            assert value == os.environ["IMAGE"]
        elif key not in ("restart", "mem_limit", "stop_grace_period", "profiles", "depends_on"):
            sys.exit(f"{path}: {key} of {name} is not translated")
    return options, command


def mount(pod, entry):
    volume = next(v for v in pod["volumes"] if v["name"] == entry["name"])
    if volume["emptyDir"].get("medium") == "Memory":
        # As Kubernetes makes it for an fsGroup.
        return f"--tmpfs={entry['mountPath']}:mode=2777"
    return f"--volume={entry['name']}:{entry['mountPath']}"


def kubernetes(path, name):
    with open(path, encoding="utf-8") as file:
        deployment = next(d for d in yaml.safe_load_all(file) if d["kind"] == "Deployment")
    pod = deployment["spec"]["template"]["spec"]
    container = next(c for c in pod["initContainers"] + pod["containers"] if c["name"] == name)
    security = container["securityContext"]
    assert pod["securityContext"]["runAsNonRoot"] and not security["allowPrivilegeEscalation"]
    options = [f"--user={pod['securityContext']['runAsUser']}:{pod['securityContext']['runAsGroup']}"]
    options += ["--security-opt=no-new-privileges"] + [f"--cap-drop={c}" for c in security["capabilities"]["drop"]]
    options += ["--read-only", "--read-only-tmpfs=false"] if security["readOnlyRootFilesystem"] else []
    options += [f"--env={e['name']}={e['value']}" for e in container.get("env", [])]
    options += [mount(pod, m) for m in container["volumeMounts"]]
    command = container.get("command", [])
    if command:
        options += [f"--entrypoint={command[0]}"]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        if probe in container:
            check = container[probe]["exec"]["command"]
            assert check[0] == "clamdcheck.sh" and int(check[1]) < container[probe]["timeoutSeconds"]
    return options, command[1:]


def main():
    kind, path, name = sys.argv[1:]
    options, command = {"compose": compose, "kubernetes": kubernetes}[kind](path, name)
    print("\n".join(options + ["--"] + command))


main()
