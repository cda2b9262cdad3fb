#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes container images, byte by byte, as an OCI layout; pushes them to a registry.

    mkimage.py write LAYOUT < SPEC         add the images of a JSON specification to an OCI layout (made when missing)
    mkimage.py push LAYOUT[:TAG] URL       push what a tag stands for to http[s]://HOST:PORT/REPOSITORY:TAG, as it is
    mkimage.py dir LAYOUT[:TAG] FOLDER     the same image in the layout of skopeo's dir: transport

`write` prints the digest of each top entry, one a line. Nothing here refuses to write what is wrong: that is its purpose.
SPEC is one entry or a list of them. Each has a "tag" (optional), is an index where it has "manifests" (entries again), else an
image or artifact:

    layers       [{entries, compress, media_type, trailing, size, damage, digest, urls, diff_id, blob}]
      entries    [{path, text | base64 | size, type, mode, target, xattrs, uid}]
                 type: file (default) dir symlink hardlink fifo char block raw (typeflag: one character); @EICAR@ in a text is
                 replaced by the test string; size: that many zero bytes
      compress   gzip (default) none zstd xz bzip2 gzip-members (the stream cut into three members)
      media_type of the descriptor; by default what fits
      trailing   text that is added after the compressed stream; tar_trailing: after the tar's end
      damage     missing | cut | flip | junk (a byte more): of the blob's file in the layout
      size       what the descriptor says (a lie)
      diff_id    what the config says (a lie)
      blob       text: not a tar at all, but these bytes (a layer of an artifact); with base64: true, decoded
    docker       true: Docker schema 2 media types
    platform     "linux/arm/v7", or null: none, neither in the config nor in the index
    config       an object that is the whole configuration, or a text; config_media_type
    config_damage, manifest_damage   as damage
    history      of the configuration
    diff_ids     a list that replaces the true one
    artifact_type, annotations, subject
    descriptor   {…} laid over this entry's descriptor in the index (platform, annotations, artifactType, digest, size)
"""

import base64
import bz2
import gzip
import hashlib
import io
import json
import lzma
import os
import shutil
import ssl
import subprocess
import sys
import tarfile
import urllib.error
import urllib.request

EICAR = r"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-" + "ANTIVIRUS-TEST-" + "FILE!$H+H*"
OCI = "application/vnd.oci.image."
DOCKER = "application/vnd.docker."
TYPES = {
    "dir": tarfile.DIRTYPE, "symlink": tarfile.SYMTYPE, "hardlink": tarfile.LNKTYPE, "fifo": tarfile.FIFOTYPE,
    "char": tarfile.CHRTYPE, "block": tarfile.BLKTYPE, "file": tarfile.REGTYPE,
}


def text_bytes(text):
    """Lone surrogates (\\udcff in JSON) become single bytes: names that are no UTF-8."""
    return text.replace("@EICAR@", EICAR).encode("utf-8", "surrogateescape")


def tar_of(entries):
    out = io.BytesIO()
    tar = tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT, errors="surrogateescape")
    for entry in entries:
        info = tarfile.TarInfo(entry["path"].replace("@EICAR@", EICAR))
        kind = entry.get("type", "file")
        info.type = TYPES.get(kind) or entry["typeflag"].encode()
        info.mode = int(entry.get("mode", "755" if kind == "dir" else "644"), 8)
        info.mtime, info.uid, info.gid = 1700000000, entry.get("uid", 0), entry.get("uid", 0)
        info.linkname = entry.get("target", "")
        if "xattrs" in entry:
            tar.format = tarfile.PAX_FORMAT
            info.pax_headers = {"SCHILY.xattr." + k: v for k, v in entry["xattrs"].items()}
        data = b""
        if "base64" in entry:
            data = base64.b64decode(entry["base64"])
        elif "text" in entry:
            data = text_bytes(entry["text"])
        elif "size" in entry:
            data = bytes(entry["size"])
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))
        tar.format = tarfile.GNU_FORMAT
    tar.close()
    return out.getvalue()


def compress(how, data):
    if how == "none":
        return data
    if how == "gzip":
        return gzip.compress(data, 6, mtime=0)
    if how == "gzip-members":
        third = len(data) // 3 + 1
        return b"".join(gzip.compress(data[i:i + third], 6, mtime=0) for i in range(0, len(data), third))
    if how == "zstd":
        return subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout
    if how == "xz":
        return lzma.compress(data)
    if how == "bzip2":
        return bz2.compress(data)
    raise SystemExit("mkimage: unknown compression " + how)


class Layout:
    def __init__(self, path):
        self.path = path
        os.makedirs(os.path.join(path, "blobs", "sha256"), exist_ok=True)
        with open(os.path.join(path, "oci-layout"), "w") as f:
            f.write('{"imageLayoutVersion":"1.0.0"}')
        self.index = {"schemaVersion": 2, "mediaType": OCI + "index.v1+json", "manifests": []}
        if os.path.exists(os.path.join(path, "index.json")):
            with open(os.path.join(path, "index.json")) as f:
                self.index = json.load(f)

    def save(self):
        with open(os.path.join(self.path, "index.json"), "w") as f:
            json.dump(self.index, f)

    def blob(self, data, media_type, damage=None, algorithm="sha256"):
        name = hashlib.new(algorithm, data).hexdigest()
        path = os.path.join(self.path, "blobs", algorithm, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        written = data
        if damage == "cut":
            written = data[:len(data) * 2 // 3]
        elif damage == "flip":
            middle = len(data) // 2
            written = data[:middle] + bytes([data[middle] ^ 255]) + data[middle + 1:]
        elif damage == "junk":
            written = data + b"!"
        if damage == "missing":
            if os.path.exists(path):
                os.unlink(path)
        else:
            with open(path, "wb") as f:
                f.write(written)
        return {"mediaType": media_type, "digest": algorithm + ":" + name, "size": len(data)}

    def layer(self, spec, docker):
        how = spec.get("compress", "gzip")
        if "blob" in spec:
            raw = base64.b64decode(spec["blob"]) if spec.get("base64") else text_bytes(spec["blob"])
            data = raw
        else:
            raw = tar_of(spec.get("entries", [])) + text_bytes(spec.get("tar_trailing", ""))
            data = compress(how, raw) + text_bytes(spec.get("trailing", ""))
        suffix = {"none": "", "zstd": "+zstd"}.get(how, "+gzip")
        media_type = OCI + "layer.v1.tar" + suffix
        if docker:
            media_type = DOCKER + "image.rootfs.diff.tar" + {"none": "", "zstd": ".zstd"}.get(how, ".gzip")
        descriptor = self.blob(data, spec.get("media_type", media_type), spec.get("damage"), spec.get("algorithm", "sha256"))
        for key in ("size", "digest", "urls", "annotations"):
            if key in spec:
                descriptor[key] = spec[key]
        return descriptor, spec.get("diff_id", "sha256:" + hashlib.sha256(raw).hexdigest())

    def image(self, spec):
        docker = spec.get("docker", False)
        layers, diff_ids = [], []
        for layer in spec.get("layers", []):
            descriptor, diff_id = self.layer(layer, docker)
            layers.append(descriptor)
            diff_ids.append(diff_id)
        platform = spec.get("platform", "linux/amd64")
        config = {"created": "2023-11-14T22:13:20Z", "config": {}, "history": spec.get("history", []),
                  "rootfs": {"type": "layers", "diff_ids": spec.get("diff_ids", diff_ids)}}
        if platform:
            config.update(zip(("os", "architecture", "variant"), platform.split("/")))
        config = spec.get("config", config)
        config = text_bytes(config if isinstance(config, str) else json.dumps(config))
        media_type = DOCKER + "container.image.v1+json" if docker else OCI + "config.v1+json"
        manifest = {"schemaVersion": 2,
                    "mediaType": DOCKER + "distribution.manifest.v2+json" if docker else OCI + "manifest.v1+json",
                    "config": self.blob(config, spec.get("config_media_type", media_type), spec.get("config_damage")),
                    "layers": layers}
        for key, name in (("artifact_type", "artifactType"), ("annotations", "annotations"), ("subject", "subject")):
            if key in spec:
                manifest[name] = spec[key]
        descriptor = self.blob(json.dumps(manifest).encode(), manifest["mediaType"], spec.get("manifest_damage"))
        if platform:
            descriptor["platform"] = dict(zip(("os", "architecture", "variant"), platform.split("/")))
        return descriptor

    def entry(self, spec):
        if "manifests" in spec:
            docker = spec.get("docker", False)
            media_type = DOCKER + "distribution.manifest.list.v2+json" if docker else OCI + "index.v1+json"
            index = {"schemaVersion": 2, "mediaType": media_type, "manifests": [self.entry(e) for e in spec["manifests"]]}
            for key, name in (("artifact_type", "artifactType"), ("annotations", "annotations")):
                if key in spec:
                    index[name] = spec[key]
            descriptor = self.blob(json.dumps(index).encode(), media_type, spec.get("manifest_damage"))
        else:
            descriptor = self.image(spec)
        descriptor.update(spec.get("descriptor", {}))
        return {k: v for k, v in descriptor.items() if v is not None}

    def read(self, descriptor):
        with open(os.path.join(self.path, "blobs", *descriptor["digest"].split(":")), "rb") as f:
            return f.read()

    def find(self, tag):
        found = [m for m in self.index["manifests"]
                 if tag is None or m.get("annotations", {}).get("org.opencontainers.image.ref.name") == tag]
        if len(found) != 1:
            raise SystemExit("mkimage: %d manifests for tag %s in %s" % (len(found), tag, self.path))
        return found[0]


class Registry:
    """As little of the distribution API as a push needs. Credentials stand in the URL; $MKIMAGE_CA names a CA's certificate."""

    def __init__(self, url):
        scheme, rest = url.split("://")
        self.auth = None
        if "@" in rest:
            credentials, rest = rest.split("@")
            self.auth = "Basic " + base64.b64encode(credentials.encode()).decode()
        host, repository = rest.split("/", 1)
        self.repository, self.tag = repository.rsplit(":", 1)
        self.base = "%s://%s/v2/%s" % (scheme, host, self.repository)
        context = ssl.create_default_context(cafile=os.environ.get("MKIMAGE_CA"))
        self.opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context))

    def request(self, method, url, data=None, media_type="application/octet-stream"):
        request = urllib.request.Request(url, data=data, method=method)
        request.add_header("Content-Type", media_type)
        if self.auth:
            request.add_header("Authorization", self.auth)
        return self.opener.open(request)

    def put_blob(self, digest, data):
        location = self.request("POST", self.base + "/blobs/uploads/", b"").headers["Location"]
        self.request("PUT", location + ("&" if "?" in location else "?") + "digest=" + digest, data)

    def push(self, layout, descriptor, name):
        manifest = json.loads(layout.read(descriptor))
        for child in manifest.get("manifests", []):
            self.push(layout, child, child["digest"])
        for blob in [manifest.get("config")] + manifest.get("layers", []):
            if blob and os.path.exists(os.path.join(layout.path, "blobs", *blob["digest"].split(":"))):
                self.put_blob(blob["digest"], layout.read(blob))
        try:
            self.request("PUT", "%s/manifests/%s" % (self.base, name), layout.read(descriptor), descriptor["mediaType"])
        except urllib.error.HTTPError as e:
            raise SystemExit("mkimage: %s: %s" % (e, e.read().decode(errors="replace")))


def write_dir(layout, descriptor, folder):
    os.makedirs(folder, exist_ok=True)

    def put(name, data):
        with open(os.path.join(folder, name), "wb") as f:
            f.write(data)

    def put_all(entry, name):
        data = layout.read(entry)
        put(name, data)
        manifest = json.loads(data)
        for child in manifest.get("manifests", []):
            put_all(child, child["digest"].split(":")[1] + ".manifest.json")
        for blob in [manifest.get("config")] + manifest.get("layers", []):
            if blob and os.path.exists(os.path.join(layout.path, "blobs", *blob["digest"].split(":"))):
                put(blob["digest"].split(":")[1], layout.read(blob))

    put("version", b"Directory Transport Version: 1.1\n")
    put_all(descriptor, "manifest.json")


def main(argv):
    if len(argv) < 3:
        raise SystemExit(__doc__)
    command, where = argv[1], argv[2]
    if command == "write":
        specs = json.load(sys.stdin)
        layout = Layout(where)
        for spec in specs if isinstance(specs, list) else [specs]:
            descriptor = layout.entry(spec)
            if spec.get("tag"):
                descriptor.setdefault("annotations", {})["org.opencontainers.image.ref.name"] = spec["tag"]
            layout.index["manifests"].append(descriptor)
            print(descriptor["digest"])
        layout.save()
        return
    path, _, tag = where.partition(":")
    layout = Layout(path)
    if command == "push":
        registry = Registry(argv[3])
        registry.push(layout, layout.find(tag or None), registry.tag)
    elif command == "dir":
        shutil.rmtree(argv[3], ignore_errors=True)
        write_dir(layout, layout.find(tag or None), argv[3])
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv)
