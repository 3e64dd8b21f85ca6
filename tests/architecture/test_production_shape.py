"""The compose file, the manifests and the dashboards hold together, without a container engine to ask."""

from __future__ import annotations

import json
import re
import stat
import subprocess
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from fhir_facade.hl7v2 import metrics as hl7_metrics
from steadwell.audit import watching
from steadwell.config.queues import QUEUES
from steadwell.observability import metrics, middleware

ROOT = Path(settings.ROOT)
DEPLOY = ROOT / "platform/deploy"
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
MANIFESTS = [
    document
    for file in sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    for document in yaml.safe_load_all(file.read_text())
]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("steadwell")}
# Read by gunicorn's, prometheus_client's or Django's own start, not by our settings.
# Names in those files that look like metrics: database roles.
NOT_METRICS = {"steadwell_app", "steadwell_owner"}
RUN_ONCE = {"migrate"}
READ_ELSEWHERE = {"DJANGO_SETTINGS_MODULE", "PROMETHEUS_MULTIPROC_DIR"}


def of_kind(kind: str) -> dict[str, dict]:
    return {each["metadata"]["name"]: each for each in MANIFESTS if each["kind"] == kind}


def queue_of(command: list[str]) -> str:
    return command[command.index("--queues") + 1]


def variables_read() -> set[str]:
    """The names that the settings and the web server's configuration read, with their _FILE twins."""
    config = ROOT / "platform/steadwell/config"
    elsewhere = {"dev.py", "test.py", "build.py"}
    parts = [each for each in config.glob("settings/*.py") if each.name not in elsewhere]
    source = "".join(each.read_text() for each in (*parts, config / "web.py"))
    names = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', source))
    return names | {f"{name}_FILE" for name in names}


def test_compose_has_one_worker_per_queue():
    workers = {queue_of(service["command"]): name for name, service in SERVICES.items() if "worker" in name}

    assert workers == {queue: f"worker-{queue.replace('.', '-')}" for queue in QUEUES}


def test_kubernetes_has_one_worker_and_one_scale_per_queue():
    deployments = of_kind("Deployment")
    workers = {
        queue_of(each["spec"]["template"]["spec"]["containers"][0]["command"]): name
        for name, each in deployments.items()
        if each["metadata"]["labels"]["component"] == "worker"
    }

    assert workers == {queue: f"worker-{queue.replace('.', '-')}" for queue in QUEUES}
    scaled = of_kind("ScaledObject")
    for queue, name in workers.items():
        assert f'queue="{queue}"' in scaled[name]["spec"]["triggers"][0]["metadata"]["query"]
    assert {each["spec"]["scaleTargetRef"]["name"] for each in scaled.values()} <= deployments.keys()


def test_every_process_of_the_launcher_runs_in_both_shapes():
    assert {"web", "relay", "poller", "mllp", "migrate"} <= SERVICES.keys()
    assert {"web", "relay", "poller", "mllp"} <= of_kind("Deployment").keys()
    assert "migrate" in of_kind("Job")


@pytest.mark.parametrize("name", SERVICES)
def test_compose_image_is_pinned_and_names_no_host(name):
    image = SERVICES[name]["image"]

    repository, _, tag = image.partition(":")
    assert tag
    assert "latest" not in tag
    assert "." not in repository.split("/")[0]


@pytest.mark.parametrize("name", SERVICES)
def test_compose_service_has_limits_and_a_rotated_log(name):
    service = SERVICES[name]

    assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}
    assert service["logging"]["options"]["max-size"]


@pytest.mark.parametrize("name", OURS)
def test_our_containers_are_read_only_and_nobody(name):
    service = OURS[name]

    assert service["read_only"] is True
    assert service["user"] == "10001:10001"
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    if name not in RUN_ONCE:
        assert service["healthcheck"]["test"][:4] == ["CMD", "python", "-m", "steadwell.observability.probe"]
        assert service["stop_grace_period"]
        assert service["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}


def test_no_service_waits_for_valkey():
    assert not [name for name, each in SERVICES.items() if "valkey" in each.get("depends_on", {})]


def test_no_secret_is_written_down_or_has_a_default():
    text = (ROOT / "docker-compose.yml").read_text()

    for name, default in re.findall(r"\$\{([A-Z_]+):-([^}]*)\}", text):
        assert not re.search(r"PASSWORD|SECRET|KEY|TOKEN|URL", name), f"{name} has the default {default!r}"
    for service in SERVICES.values():
        for name, value in (service.get("environment") or {}).items():
            if re.search(r"PASSWORD|SECRET|KEY|TOKEN", name):
                assert str(value).startswith("/run/secrets/"), name
    for secret in COMPOSE["secrets"].values():
        assert secret["file"].startswith("${SECRETS_DIR:?")


def test_every_secret_file_that_a_service_names_is_given_to_it():
    for name, service in OURS.items():
        named = {
            str(value).rsplit("/", 1)[1]
            for value in service["environment"].values()
            if "/run/sec" in str(value)
        }
        assert named == set(service["secrets"]), name


def test_only_the_migration_may_be_the_owner():
    owners = [name for name, each in OURS.items() if "database_owner_password" in each["secrets"]]
    elevated = [name for name, each in OURS.items() if each["environment"].get("RUN_AS_OWNER")]

    assert owners == elevated == ["migrate"]


def test_compose_sets_only_variables_that_are_read():
    given = {name for service in OURS.values() for name in service["environment"]}

    assert given - variables_read() - READ_ELSEWHERE == set()


def test_kubernetes_sets_only_variables_that_are_read():
    given = set(of_kind("ConfigMap")["steadwell"]["data"]) - {"DATABASE_OWNER_URL"}
    for each in [*of_kind("Deployment").values(), *of_kind("Job").values()]:
        given |= {entry["name"] for entry in each["spec"]["template"]["spec"]["containers"][0].get("env", [])}

    assert given - variables_read() - READ_ELSEWHERE == set()


def test_what_production_demands_is_given_in_both_shapes():
    source = (ROOT / "platform/steadwell/config/settings/prod.py").read_text()
    demanded = set(re.findall(r'env\.(?:text|words)\("([A-Z_]+)"\)', source)) - {"SECRET_KEY_FALLBACKS"}
    compose = set(OURS["web"]["environment"])
    kubernetes = set(of_kind("ConfigMap")["steadwell"]["data"])

    for given in (compose, kubernetes):
        assert {name for name in demanded if name not in given and f"{name}_FILE" not in given} == set()


def test_pools_fit_into_the_connections_of_postgres():
    command = SERVICES["postgres"]["command"]
    allowed = next(int(word.split("=")[1]) for word in command if word.startswith("max_connections="))
    used = sum(int(each["environment"].get("DATABASE_POOL_SIZE", 8)) for each in OURS.values())
    web = int(OURS["web"]["environment"]["DATABASE_POOL_SIZE"])

    # Eight web workers at most, and room for a person with psql while all is full.
    assert used + 7 * web + 10 < allowed


def test_compose_mounts_only_files_that_exist():
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert not source.startswith(".") or (ROOT / source).exists(), source


@pytest.mark.parametrize(
    "each", MANIFESTS, ids=lambda each: f"{each['kind']}-{each.get('metadata', {}).get('name')}"
)
def test_pods_run_as_nobody_on_a_read_only_system(each):
    pod = each.get("spec", {}).get("template", {}).get("spec")
    if pod is None:
        assert each["kind"] not in {"Deployment", "Job"}
        return

    assert pod["securityContext"]["runAsNonRoot"] is True
    for container in pod["containers"]:
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"].keys() == {"requests", "limits"}


def test_kustomization_names_every_manifest_and_no_floating_tag():
    kustomization = next(each for each in MANIFESTS if each["kind"] == "Kustomization")
    files = {file.name for file in (DEPLOY / "kubernetes").glob("*.yaml")} - {"kustomization.yaml"}

    assert set(kustomization["resources"]) == files
    assert "latest" not in json.dumps(kustomization["images"])


def test_prometheus_scrapes_every_process():
    config = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())
    targets = {
        target.split(":")[0]
        for job in config["scrape_configs"]
        for group in job["static_configs"]
        for target in group["targets"]
    }

    assert OURS.keys() - RUN_ONCE <= targets


def test_each_queue_has_its_alerts_and_each_alert_a_runbook():
    groups = yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text())["groups"]
    rules = [rule for group in groups for rule in group["rules"]]

    for rule in rules:
        assert (ROOT / rule["annotations"]["runbook"]).is_file(), rule["alert"]
        assert rule["labels"]["severity"] in {"warn", "page"}
    stuck = {rule["labels"]["queue"] for rule in rules if rule["alert"] == "QueueStuck"}
    assert stuck == QUEUES.keys()


def test_dockerfile_installs_by_hash_and_runs_as_nobody():
    text = (ROOT / "Dockerfile").read_text()

    assert "--require-hashes" in text
    assert "USER 10001:10001" in text
    assert not re.search(r"^FROM \S*(:latest|\.\w+/)", text, re.MULTILINE)
    for folder in (
        "platform/steadwell",
        "fhir_facade",
        "labs",
        "medications",
        "messaging",
        "notifications",
        "scheduling",
    ):
        assert f"COPY {folder} {folder}" in text
        assert f"!{folder}" in (ROOT / ".dockerignore").read_text()


def test_make_secrets_makes_each_secret_once(tmp_path):
    script = DEPLOY / "make-secrets"

    subprocess.run([script, tmp_path / "secrets"], check=True, capture_output=True)
    first = {file.name: file.read_text() for file in (tmp_path / "secrets").iterdir()}
    subprocess.run([script, tmp_path / "secrets"], check=True, capture_output=True)

    assert first == {file.name: file.read_text() for file in (tmp_path / "secrets").iterdir()}
    assert first.keys() == COMPOSE["secrets"].keys()
    assert len({value for value in first.values() if value}) == len(first) - 1
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700


def test_the_audit_trail_s_heads_lie_apart_from_the_database():
    writers = [name for name, each in OURS.items() if "AUDIT_HEADS_FILE" in each["environment"]]

    assert writers == ["worker-default", "audit-verify"]
    assert all("audit-heads:" in OURS[name]["volumes"][0] for name in writers)
    assert "audit-heads" not in str(SERVICES["postgres"])


def test_the_audit_trail_is_verified_every_night_in_both_shapes():
    job, service = of_kind("CronJob")["audit-verify"], OURS["audit-verify"]
    minute, hour, *days = job["spec"]["schedule"].split()

    assert days == ["*", "*", "*"]
    assert service["command"][-4:] == ["audit", "watch", "--at", f"{int(hour):02}:{int(minute):02}"]
    assert "profiles" not in service
    assert service["healthcheck"]["test"][-1].endswith("/healthz/ready")
    assert all(volume.endswith(":ro") for volume in service["volumes"])


def test_every_metric_that_is_watched_is_told():
    """Alerts, dashboards and scalers name metrics by hand; one that nobody tells is never worrying."""
    watched: set[str] = set()
    for pattern in ("prometheus/*.yml", "grafana/dashboards/*", "kubernetes/*"):
        text = "".join(file.read_text() for file in DEPLOY.glob(pattern))
        watched |= set(re.findall(r"\b(?:steadwell|scheduling|notifications|medications)_[a-z_]+\b", text))
    assert middleware.request_seconds  # the web tells its own only once its middleware is loaded
    assert watching.verifications  # told by the process that verifies
    assert hl7_metrics.RECEIVED  # told by the listener
    ends = ("", "_total", "_bucket", "_sum", "_count")
    told = {f"{each.name}{end}" for each in metrics.REGISTRY.collect() for end in ends}
    told |= set(metrics._questions)

    assert {name for name in watched if name.count("_") > 1} - told - NOT_METRICS == set()
