"""Drives Dagster's own library and command against a server with `examples/kitchen`, as its user would.

    python dagster_client.py PORT PROJECT

The first thing that is not as expected ends it, with what was met.
"""
import ast
import pathlib
import subprocess
import sys
import time

from dagster_graphql import DagsterGraphQLClient, DagsterGraphQLClientError, ReloadRepositoryLocationStatus

PORT, PROJECT = int(sys.argv[1]), pathlib.Path(sys.argv[2])
URL = f"http://127.0.0.1:{PORT}"
ENDED = ("SUCCESS", "FAILURE", "CANCELED")
PATIENCE_SECONDS = 60
SLOW = 'type Slow @job(repository: "kitchen") { wait: JSON @run(command: ["sleep", "600"]) }\n'

client = DagsterGraphQLClient("127.0.0.1", port_number=PORT)


def status(run):
    return client.get_run_status(run).value


def until(run, *wanted):
    end = time.monotonic() + PATIENCE_SECONDS
    while (met := status(run)) not in wanted:
        assert met not in ENDED and time.monotonic() < end, f"the run is {met}, not {wanted}"
        time.sleep(0.05)


def refused(call, *arguments, **named):
    try:
        met = call(*arguments, **named)
    except DagsterGraphQLClientError as error:
        return str(error.args)
    raise AssertionError(f"it is not refused, but gives {met}")


def command(*words):
    """What the command prints, which is a literal of its language."""
    program = [sys.executable, "-c", "from dagster_graphql.cli import main; main()", "-r", URL]
    done = subprocess.run(program + list(words), capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
    assert done.returncode == 0, f"{words} ended with {done.returncode}: {done.stdout} {done.stderr}"
    return ast.literal_eval(done.stdout)


def library():
    run = client.submit_job_execution("genre_sales", run_config={"ops": {"extract": {"config": {"prefix": "R"}}}})
    until(run, "SUCCESS")
    run = client.submit_job_execution("menu_boards", "main", "kitchen", tags={"by": "client"}, op_selection=["plan"])
    until(run, "SUCCESS")
    faults = refused(client.submit_job_execution, "genre_sales", run_config={"ops": {"extract": {"config": {"limit": "x"}}}})
    assert "RUNTIME_TYPE_MISMATCH" in faults or "limit" in faults, faults
    assert "No jobs with the name" in refused(client.submit_job_execution, "nope")
    assert "could not be found" in refused(client.get_run_status, "00000000-0000-4000-8000-000000000000")


def reloading():
    """A job that is written while the server runs is there when the location has been reloaded, and its run can be ended."""
    broken = PROJECT / "schema" / "slow.graphql"
    broken.write_text("type Slow @job { wait: JSON @run(command: []) }\n")
    met = client.reload_repository_location("main")
    assert met.status is ReloadRepositoryLocationStatus.FAILURE and "slow.graphql" in met.message, met
    broken.write_text(SLOW)
    met = client.reload_repository_location("main")
    assert met.status is ReloadRepositoryLocationStatus.SUCCESS, met
    assert client.reload_repository_location("nowhere").status is ReloadRepositoryLocationStatus.FAILURE
    first, second, third = (client.submit_job_execution("slow") for _ in range(3))
    for run in (first, second, third):
        until(run, "STARTED")
    client.terminate_run(first)
    until(first, "CANCELED")
    assert "could not be terminated" in refused(client.terminate_run, first)
    client.terminate_runs([second, third])
    until(second, "CANCELED")
    until(third, "CANCELED")


def commands():
    assert command("-t", "{ version }")["data"]["version"].count(".") == 2
    launch = "mutation($p: ExecutionParams!) { launchRun(executionParams: $p) { ... on LaunchRunSuccess { run { runId } } } }"
    selector = '"selector": { "repositoryLocationName": "main", "repositoryName": "kitchen", "%s": "menu_boards" }'
    met = command("-t", launch, "-v", '{ "p": { %s } }' % (selector % "jobName"))
    until(met["data"]["launchRun"]["run"]["runId"], "SUCCESS")
    params = '{ "executionParams": { %s, "runConfigData": {}, "mode": "default" } }' % (selector % "pipelineName")
    met = command("-p", "launchPipelineExecution", "-v", params)["data"]["launchPipelineExecution"]
    assert met["__typename"] == "LaunchRunSuccess" and met["run"]["pipeline"]["name"] == "menu_boards", met
    until(met["run"]["runId"], "SUCCESS")
    asked = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
    met = command("-t", asked, "-v", '{ "id": "%s" }' % met["run"]["runId"])
    assert met == {"data": {"runOrError": {"status": "SUCCESS"}}}, met
    reload = 'mutation { reloadWorkspace { ... on Workspace { locationEntries { name loadStatus } } } }'
    met = command("-t", reload)["data"]["reloadWorkspace"]
    assert met == {"locationEntries": [{"name": "main", "loadStatus": "LOADED"}]}, met


library()
reloading()
commands()
