"""Transforms template.yaml with AWS's own SAM transformer and prints the CloudFormation template as JSON.

usage: python3 build/transform.py [template] [Parameter=value ...]

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

from samtranslator.sdk import resource as sdk
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


def main(path="template.yaml", *parameters):
    text = Path(path).read_bytes()
    # cfn-lint, where it is loaded too, replaces this method.
    sdk.SamResource.valid = lambda self: sdk.SamResourceType.has_value(self.type)
    values = dict(parameter.split("=", 1) for parameter in parameters)
    source = yaml_parse(text)
    template = transform(packaged(source), values, NoManagedPolicies())
    template["Resources"] = ordered(template["Resources"], source["Resources"])
    origin = {"Sha256": hashlib.sha256(text).hexdigest(), "Transformer": version("aws-sam-translator")}
    template["Metadata"] = {**template.get("Metadata", {}), "TransformedFrom": origin}
    print(json.dumps(template, indent=2))


if __name__ == "__main__":
    main(*sys.argv[1:])
