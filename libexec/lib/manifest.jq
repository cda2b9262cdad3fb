# SPDX-License-Identifier: Apache-2.0
# What a manifest says, checked. Manifests come from anybody: nothing that did not match an expression here is used by a script.

# To be used with jq -s: the one value of the input.
def one: if length == 1 then .[0] else error("it is no single JSON value") end;

def is_digest: type == "string" and test("\\A(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})\\z");
def is_size: type == "number" and . >= 0 and . == floor and . <= 1125899906842624; # 1 PiB: exact in a double and in bash
def is_media_type: type == "string" and test("\\A[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\\z");

def is_layer_type:
	test("\\Aapplication/vnd\\.(oci\\.image\\.layer\\.(nondistributable\\.)?v1\\.tar|docker\\.image\\.rootfs\\.(foreign\\.)?diff\\.tar)([.+][a-z0-9.+-]+)?\\z");
def is_image_config:
	. == "application/vnd.oci.image.config.v1+json" or . == "application/vnd.docker.container.image.v1+json";

# A descriptor as the scripts use it; fails when it is not one.
def descriptor($what):
	if type != "object" then error($what + " is no descriptor")
	elif (.digest | is_digest | not) then error($what + " has no valid digest")
	elif (.size | is_size | not) then error($what + " has no valid size")
	elif (.mediaType // "application/octet-stream" | is_media_type | not) then error($what + " has no valid media type")
	else {digest, size, media_type: (.mediaType // "application/octet-stream"), foreign: (.urls | type == "array" and length > 0)}
	end;

# "index", "image", "artifact" or "schema1"; fails where it could be read as two of them.
def kind:
	if type != "object" then error("it is no JSON object")
	elif .schemaVersion == 1 then "schema1"
	elif has("manifests") and (has("layers") or has("config") or has("blobs")) then error("it is an index and an image in one")
	elif has("manifests") then (if (.manifests | type) == "array" then "index" else error("its manifests are no list") end)
	elif has("blobs") and (has("layers") | not) then "artifact"
	elif (.config | type) != "object" or (.layers // [] | type) != "array" then error("it has no config or no layers")
	# Signatures and attestations carry an image's config, and layers that are no file systems.
	elif (.config.mediaType // "" | tostring | is_image_config)
		and ((.layers // []) as $layers | ($layers | length) == 0 or any($layers[]; (.mediaType // "" | tostring | is_layer_type))) then "image"
	else "artifact"
	end;

# The blobs of an image or artifact: {role, digest, size, media_type, foreign}, its config first.
def blobs:
	(select(.config != null) | .config | descriptor("its config") + {role: "config"}),
	((.layers // .blobs // []) | if length > 4096 then error("it has more than 4096 layers") else to_entries[] end
		| .key as $n | .value | descriptor("its layer \($n + 1)") + {role: "layer"});

# Names of platforms are free text: what is odd in them becomes an underscore.
def platform_part: if type == "string" and . != "" then gsub("[^A-Za-z0-9._-]"; "_") | .[0:64] else null end;
def platform_name:
	if type != "object" then null
	else [.os, .architecture, .variant | platform_part] as $p
		| if $p[0] == null or $p[1] == null then null else $p | map(select(. != null)) | join("/") end
	end;

# The entries of an index: {platform, attestation, digest, size, media_type}
def entries:
	.manifests | if length > 512 then error("it has more than 512 entries") else to_entries[] end
	| .key as $n | .value
	| descriptor("its entry \($n + 1)")
		+ {platform: (.platform | platform_name),
		   attestation: ((.platform | platform_name) == "unknown/unknown"
			or (.annotations | type == "object" and .["vnd.docker.reference.type"] == "attestation-manifest"))}
	| if .platform == "unknown/unknown" then .platform = null else . end;
