"""Registers, launches and executes a flow with the Prefect client that this interpreter has, unmodified.

    python drive.py ADDRESS [TOKEN]

ADDRESS is what the client is told of its server. One line is printed for each step; the first that fails ends the program with a status of 1.
"""
import collections
import collections.abc
import os
import sys
import tempfile
import time

ADDRESS = sys.argv[1]
TOKEN = sys.argv[2] if len(sys.argv) > 2 else None

# Releases before 0.11 look for these where Python 3.10 has them no longer.
for name in ("Iterable", "Mapping", "MutableMapping", "Sequence", "Callable", "Set"):
    if not hasattr(collections, name):
        setattr(collections, name, getattr(collections.abc, name))

home = tempfile.mkdtemp(prefix="prefect-")
os.environ.update({
    "HOME": home,
    "PREFECT__HOME_DIR": home,
    "PATH": os.path.dirname(sys.executable) + os.pathsep + os.environ.get("PATH", ""),
    "PREFECT__BACKEND": "cloud" if TOKEN else "server",
    "PREFECT__CLOUD__API": ADDRESS,
    "PREFECT__CLOUD__GRAPHQL": ADDRESS + "/graphql/alpha",
    "PREFECT__SERVER__ENDPOINT": ADDRESS,
    "PREFECT__CLOUD__HEARTBEAT_INTERVAL": "1.0",
    "PREFECT__CLOUD__LOGGING_HEARTBEAT": "1",
    "PREFECT__CLOUD__SEND_FLOW_RUN_LOGS": "true",
    "PREFECT__LOGGING__LOG_TO_CLOUD": "true",
})
if TOKEN:
    os.environ["PREFECT__CLOUD__AUTH_TOKEN"] = TOKEN
    os.environ["PREFECT__CLOUD__AGENT__AUTH_TOKEN"] = TOKEN

import prefect  # noqa: E402
from prefect import Flow, Parameter, task  # noqa: E402
from prefect.client import Client  # noqa: E402

IS_OLD = prefect.__version__.startswith("0.")


@task
def plates(guests):
    return list(range(guests))


@task
def serve(plate):
    prefect.context.get("logger").info("plate %s is served", plate)
    return plate


@task
def count(served):
    return len(served)


def dinner():
    given = {}
    if not IS_OLD:
        from prefect.run_configs import LocalRun
        from prefect.storage import Local

        given = {"run_config": LocalRun(labels=["dinner"]), "storage": Local(directory=home, add_default_labels=False)}
    with Flow("dinner", **given) as flow:
        count(serve.map(plates(Parameter("guests", default=2))))
    return flow


def execute(run):
    """Takes the run from the queue and executes it: the newer client's agent in a process of its own, the older one's in this one."""
    if IS_OLD:
        from prefect.engine.cloud import CloudFlowRunner
        from prefect.engine.executors import LocalExecutor

        with prefect.context(flow_run_id=run):
            return CloudFlowRunner(flow=flow).run(executor=LocalExecutor())
    from prefect.agent.local import LocalAgent

    LocalAgent(labels=["dinner"], hostname_label=False, max_polls=2).start()


def data(query):
    answer = client.graphql(query)
    return answer.get("data", answer)


def until(what, holds):
    for _ in range(120):
        if holds():
            print("ok", what, flush=True)
            return
        time.sleep(0.5)
    sys.exit("FAIL " + what)


client = Client()
project = "evening " + prefect.__version__
client.create_project(project)
flow = dinner()
if IS_OLD:
    registered = client.register(flow, project, build=False, no_url=True)
else:
    registered = client.register(flow, project, no_url=True)
print("ok registered", registered, flush=True)
run = client.create_flow_run(registered, parameters={"guests": 3})
assert client.get_flow_run_info(run).state.is_scheduled()
print("ok launched", run, flush=True)
execute(run)
QUERY = """{ flow_run_by_pk(id: "%s") { state task_runs { map_index state task { name } } logs { message } } }""" % run
until("the run has succeeded", lambda: data(QUERY)["flow_run_by_pk"]["state"] == "Success")
met = data(QUERY)["flow_run_by_pk"]
served = sorted((step["map_index"], step["state"]) for step in met["task_runs"] if step["task"]["name"] == "serve")
assert served == [(-1, "Mapped"), (0, "Success"), (1, "Success"), (2, "Success")], served
print("ok its steps are there", flush=True)
until("its log is there", lambda: any("plate 2" in (line["message"] or "") for line in data(QUERY)["flow_run_by_pk"]["logs"]))
print("prefect", prefect.__version__, "has executed a flow", flush=True)
os._exit(0)
