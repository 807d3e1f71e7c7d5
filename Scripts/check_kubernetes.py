"""Checks the built kustomizations of a folder; called by Scripts/check-kubernetes."""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

import kubernetes_validate
import yaml

# Kinds that are no part of Kubernetes, and what each must have at the least.
CUSTOM = {"ScaledObject": {"scaleTargetRef", "triggers"}}
PROGRAMS = {"learner", "actor", "reward-worker"}
problems = []


def problem(place, text):
    problems.append(f"{place}: {text}")


def containers(document):
    template = document.get("spec", {}).get("template")
    return (template["spec"], template["spec"]["containers"]) if template else (None, [])


def check_schema(place, document, versions):
    if document["kind"] in CUSTOM:
        missing = CUSTOM[document["kind"]] - set(document["spec"])
        if missing:
            problem(place, f"lacks {', '.join(sorted(missing))}")
        return
    for version in versions:
        try:
            kubernetes_validate.validate(document, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            problem(place, f"not as Kubernetes {version} has it: {error.message} at {'.'.join(map(str, error.path))}")


def check_container(place, pod, container):
    """The rules of a pod that may be trusted with nothing, and stops in order."""
    pod_rules, rules = pod.get("securityContext", {}), container.get("securityContext", {})
    wanted = {
        "runAsNonRoot": pod_rules.get("runAsNonRoot") is True and pod_rules.get("runAsUser", 0) > 0,
        "readOnlyRootFilesystem": rules.get("readOnlyRootFilesystem") is True,
        "allowPrivilegeEscalation": rules.get("allowPrivilegeEscalation") is False,
        "capabilities": rules.get("capabilities", {}).get("drop") == ["ALL"],
        "seccompProfile": pod_rules.get("seccompProfile", {}).get("type") == "RuntimeDefault",
        "automountServiceAccountToken": pod.get("automountServiceAccountToken") is False,
        "resources": {"cpu", "memory"} <= set(container["resources"].get("requests", {}))
        and {"cpu", "memory"} <= set(container["resources"].get("limits", {})),
        "probes": all(f"{kind}Probe" in container for kind in ("startup", "liveness", "readiness")),
    }
    for rule in (name for name, kept in wanted.items() if not kept):
        problem(place, f"{rule} is missing or not as strict as it should be")
    ports = {port["name"] for port in container.get("ports", [])}
    for kind in ("startup", "liveness", "readiness"):
        port = container.get(f"{kind}Probe", {}).get("httpGet", {}).get("port")
        if port not in ports:
            problem(place, f"{kind}Probe asks at port {port}, which the container does not name")
    mounts = {mount["name"] for mount in container.get("volumeMounts", [])}
    volumes = {volume["name"] for volume in pod.get("volumes", [])} | {"data"}
    for name in mounts - volumes:
        problem(place, f"the volume {name} is mounted and not there")


def check_command(place, pod, container, programs):
    command, arguments = container.get("command", []), container.get("args", [])
    if not command or command[0] not in PROGRAMS:
        problem(place, f"runs {command}, not one of {', '.join(sorted(PROGRAMS))}")
        return
    for option in ("grace", "drain"):
        for argument in arguments:
            match = re.fullmatch(rf"--{option}=(\d+)", argument)
            if match and int(match[1]) + 10 > pod.get("terminationGracePeriodSeconds", 30):
                problem(place, f"{argument} leaves less than 10 s of terminationGracePeriodSeconds")
    program = programs / command[0]
    if not program.exists():
        print(f"check-kubernetes: {program} is not built: the options of {place} are not checked", file=sys.stderr)
        return
    text = subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout
    known = set(re.findall(r"--[a-z-]+", text))
    for argument in arguments:
        option = argument.split("=")[0]
        if option not in known:
            problem(place, f"{command[0]} has no option {option}")


def check_configuration(place, document, programs):
    """The configuration of the run is one that the learner takes."""
    text = document.get("data", {}).get("run.yaml")
    if text is None or not (programs / "druse").exists():
        return
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(text)
        file.flush()
        outcome = subprocess.run([programs / "druse", "config", "--config", file.name], capture_output=True, text=True)
    if outcome.returncode != 0:
        problem(place, f"run.yaml: {outcome.stderr.strip()}")


def check_references(name, documents):
    """What one object says of another: services, scalers and budgets that choose nothing do nothing."""
    templates = {
        document["metadata"]["name"]: document["spec"]["template"]["metadata"]["labels"]
        for document in documents
        if "template" in document.get("spec", {})
    }
    for document in documents:
        place, spec = f"{name} {document['kind']} {document['metadata']['name']}", document.get("spec", {})
        target = spec.get("scaleTargetRef")
        if target:
            scaled = [d for d in documents if d["metadata"]["name"] == target["name"] and d["kind"] == "Deployment"]
            if not scaled:
                problem(place, f"scales {target['name']}, which is not there")
            elif "replicas" in scaled[0]["spec"]:
                problem(place, f"scales {target['name']}, whose replicas are fixed: applying it again would undo the scaling")
        for trigger in spec.get("triggers", []):
            asked = re.search(r'namespace="([^"]*)"', trigger["metadata"].get("query", ""))
            namespace = document["metadata"].get("namespace")
            if not asked or asked[1] != namespace:
                problem(place, f"scales in the namespace {namespace} by a query that asks for {asked and asked[1]}")
        selector = spec.get("podSelector", spec.get("selector"))
        if document["kind"] in ("Service", "PodDisruptionBudget", "NetworkPolicy"):
            labels = selector.get("matchLabels", selector)
            if not any(labels.items() <= template.items() for template in templates.values()):
                problem(place, f"selects {labels}, which no pod has")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", type=pathlib.Path, required=True)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("versions", nargs="*")
    arguments = parser.parse_args()
    versions = arguments.versions or ["1.29", kubernetes_validate.latest_version()]
    count = 0
    for file in sorted(arguments.folder.glob("*.yaml")):
        documents = [document for document in yaml.safe_load_all(file.read_text()) if document]
        for document in documents:
            count += 1
            place = f"{file.stem} {document['kind']} {document['metadata']['name']}"
            check_schema(place, document, versions)
            check_configuration(place, document, arguments.programs)
            pod, list_of_containers = containers(document)
            for container in list_of_containers:
                check_container(place, pod, container)
                check_command(place, pod, container, arguments.programs)
        check_references(file.stem, documents)
    for line in problems:
        print(f"check-kubernetes: {line}", file=sys.stderr)
    if problems:
        sys.exit(1)
    print(f"check-kubernetes: {count} objects are as Kubernetes {' and '.join(versions)} has them")


main()
