"""Transforms template.yaml with AWS's own SAM transformer and prints the CloudFormation template as JSON.

usage: python3 build/transform.py [template] [Parameter=value ...]
       python3 build/transform.py --silent [template]

With --silent it lists the properties of SAM's own resources and events that change nothing in what they are transformed to:
SAM passes over words that it does not know without a message.

Needs the package `aws-sam-translator`, which cfn-lint brings. Reads no AWS account: the region only picks the partition.
"""

import copy
import hashlib
import json
import os
import sys
from importlib.metadata import version
from pathlib import Path

os.environ["AWS_DEFAULT_REGION"] = "us-east-1"

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class NoManagedPolicies:
    """The template names no managed policy, so that nothing has to be loaded from IAM."""

    def load(self):
        return {}


def packaged(template):
    """Gives every function its code as `sam deploy` leaves it: an object in S3, here named by the local folder."""
    template = copy.deepcopy(template)
    shared = template.get("Globals", {}).get("Function", {})
    code = shared.pop("CodeUri", None)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            properties = resource["Properties"]
            folder = properties.get("CodeUri", code)
            properties["CodeUri"] = {"Bucket": "packages", "Key": os.path.normpath(folder)}
    return template


def ordered(resources, source):
    """Puts the resources in the order in which the template declares them; those that the transformer adds follow, by name."""
    added = sorted(name for name in resources if name not in source)
    return {name: resources[name] for name in [*(name for name in source if name in resources), *added]}


def transformed(source, values=None):
    return transform(packaged(source), dict(values or {}), NoManagedPolicies())


def events_of(resource):
    return resource["Properties"].get("Events", {}).values() if resource["Type"] == "AWS::Serverless::Function" else []


def uses(template):
    """Yields every property of a SAM resource or event: what it belongs to, its name, and the object that holds it."""
    for resource in template["Resources"].values():
        if resource["Type"].startswith("AWS::Serverless::"):
            yield from ((resource["Type"], name, resource["Properties"]) for name in resource["Properties"])
            for event in events_of(resource):
                yield from ((event["Type"], name, event["Properties"]) for name in event["Properties"])
    shared = template.get("Globals", {}).get("Function", {})
    yield from (("Globals", name, shared) for name in shared)


def has_effect(source, owner, name, value, expected):
    """Takes the property away wherever it has this value; a template that is refused without it needs it."""
    changed = copy.deepcopy(source)
    for holder_type, holder_name, holder in list(uses(changed)):
        if (holder_type, holder_name) == (owner, name) and json.dumps(holder[name]) == value:
            del holder[name]
    try:
        return transformed(changed) != expected
    except Exception:
        return True


def silent(path="template.yaml"):
    source = yaml_parse(Path(path).read_bytes())
    expected = transformed(source)
    seen = {(owner, name, json.dumps(holder[name])) for owner, name, holder in uses(source)}
    for owner, name, value in sorted(seen):
        if not has_effect(source, owner, name, value, expected):
            print(f"{owner} {name}: {value}")


def main(path="template.yaml", *parameters):
    text = Path(path).read_bytes()
    values = dict(parameter.split("=", 1) for parameter in parameters)
    source = yaml_parse(text)
    template = transformed(source, values)
    template["Resources"] = ordered(template["Resources"], source["Resources"])
    origin = {"Sha256": hashlib.sha256(text).hexdigest(), "Transformer": version("aws-sam-translator")}
    template["Metadata"] = {**template.get("Metadata", {}), "TransformedFrom": origin}
    print(json.dumps(template, indent=2))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--silent"]:
        silent(*sys.argv[2:])
    else:
        main(*sys.argv[1:])
