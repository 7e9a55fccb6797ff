"""Creates the transformed template, with the built packages, as a stack of moto's CloudFormation, and prints what was made as JSON.

usage: python3 create.py <template.transformed.json> <stack's name> <region> [Parameter=value ...]
"""

import io
import json
import os
import re
import sys
import warnings
import zipfile
from pathlib import Path

warnings.simplefilter("ignore")
os.environ.update(AWS_ACCESS_KEY_ID="none", AWS_SECRET_ACCESS_KEY="none", AWS_EC2_METADATA_DISABLED="true")

import boto3
from moto import mock_aws
from moto.cloudformation.parsing import resource_class_from_type


def package(folder):
    """Zips a package as `sam deploy` does."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))
    return packed.getvalue()


def put_packages(template, root, region):
    s3 = boto3.client("s3", region_name=region)
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket="packages", **place)
    sizes = {}
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Lambda::Function":
            key = resource["Properties"]["Code"]["S3Key"]
            body = package(root / key)
            sizes[name] = len(body)
            s3.put_object(Bucket="packages", Key=key, Body=body)
    return sizes


def without(value, gone):
    """Puts names in the place of references to resources that moto cannot create."""
    if isinstance(value, list):
        return [without(each, gone) for each in value]
    if isinstance(value, str):
        return re.sub(r"\$\{(\w+)(\.\w+)?\}", lambda found: found[1] if found[1] in gone else found[0], value)
    if not isinstance(value, dict):
        return value
    if value.get("Ref") in gone:
        return value["Ref"]
    if value.get("Fn::GetAtt", [None])[0] in gone:
        return f"arn:aws:iam::123456789012:{value['Fn::GetAtt'][0]}"
    return {name: without(each, gone) for name, each in value.items()}


# Moto makes an API without the methods of its Body, of which there can be no deployment.
unusable = {"AWS::ApiGateway::Deployment", "AWS::ApiGateway::Stage"}


def supported(template):
    types = {name: resource["Type"] for name, resource in template["Resources"].items()}
    gone = {name for name, each in types.items() if each in unusable or not resource_class_from_type(each)}
    types = sorted({template["Resources"][name]["Type"] for name in gone})
    kept = {name: each for name, each in template["Resources"].items() if name not in gone}
    return {**template, "Resources": without(kept, gone), "Outputs": without(template["Outputs"], gone)}, types


def seen(region):
    """Asks the services themselves what the stack has made."""
    client = lambda name: boto3.client(name, region_name=region)
    lambdas, tables, sqs = client("lambda"), client("dynamodb"), client("sqs")
    queues = [sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]) for url in sqs.list_queues()["QueueUrls"]]
    buckets = [each["Name"] for each in client("s3").list_buckets()["Buckets"]]
    return {
        "functions": [each["Handler"] for each in lambdas.list_functions()["Functions"]],
        "mappings": [each["EventSourceArn"] for each in lambdas.list_event_source_mappings()["EventSourceMappings"]],
        "tables": [tables.describe_table(TableName=each)["Table"] for each in tables.list_tables()["TableNames"]],
        "queues": [each["Attributes"] for each in queues],
        "buckets": buckets,
    }


@mock_aws
def main(path, stack, region, *parameters):
    template, unsupported = supported(json.loads(Path(path).read_text()))
    sizes = put_packages(template, Path(path).parent, region)
    cloudformation = boto3.client("cloudformation", region_name=region)
    given = [dict(zip(("ParameterKey", "ParameterValue"), each.split("=", 1))) for each in parameters]
    cloudformation.create_stack(
        StackName=stack, TemplateBody=json.dumps(template), Parameters=given, Capabilities=["CAPABILITY_IAM"]
    )
    described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    resources = cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    report = {
        "status": described["StackStatus"],
        "created": sorted(each["ResourceType"] for each in resources if each.get("PhysicalResourceId")),
        "unsupported": unsupported,
        "packages": sizes,
        **seen(region),
    }
    print(json.dumps(report, default=str))


if __name__ == "__main__":
    main(*sys.argv[1:])
