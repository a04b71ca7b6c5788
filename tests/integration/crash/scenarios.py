"""What makes croftd pass each failpoint: for every name of tests/data/failpoints.txt one case or more."""
import dataclasses
import pathlib
import re

# Kinds of processes that change `web`, which is under load; `solo` may be away while it changes (temporaryShutdown);
# `job` is stopped and started; `cache` is a managed service that comes and goes; `second` is another project.
TARGETS = {"deploy": ["web", "solo"], "activate": ["web", "solo"], "service.restart": ["web", "solo"],
           "service.scale": ["web"], "service.start": ["job"], "service.stop": ["job"], "service.create": ["cache"],
           "service.delete": ["cache"], "project.import": ["second"], "project.delete": ["second"]}
# Only where the old containers go first is this step more than a look.
STOPS_FIRST = {"stop_old"}
# The step that is told to fail so that undoing begins; a deployment fails by itself, with code that never gets ready.
FAILS_IN = {"activate": "ready", "service.restart": "ready", "service.start": "ready", "service.create": "ready",
            "service.scale": "ready", "service.stop": "drain", "service.delete": "delete", "project.import": "services",
            "project.delete": "services"}
# A run of a few minutes: each kind at the step where most is half done.
SHORT = ("deploy/build/after", "deploy/start/after", "deploy/switch/after", "deploy/undo/before", "deploy/stop_old/after:solo",
         "activate/ready/after", "service.restart/switch/after", "service.scale/undo/after",
         "service.stop/drain/after", "service.start/start/after", "service.create/ready/before",
         "service.delete/delete/before", "project.import/services/before", "project.delete/services/after")


@dataclasses.dataclass(frozen=True)
class Case:
    point: str   # "deploy/switch/after"
    target: str  # "web"

    @property
    def kind(self):
        return self.point.split("/")[0]

    @property
    def step(self):
        return self.point.split("/")[1]

    @property
    def fails(self):
        """The process ends as failed, not as finished."""
        return self.step == "undo"

    @property
    def failpoints(self):
        """CROFT_FAILPOINT of the croftd that is to die."""
        told = FAILS_IN.get(self.kind) if self.fails else None
        return f"{self.kind}/{told}/fail,{self.point}" if told else self.point

    def __str__(self):
        first = TARGETS[self.kind][0]
        return self.point if self.target == first else f"{self.point}:{self.target}"


def read_points(root):
    text = (pathlib.Path(root) / "tests/data/failpoints.txt").read_text()
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def cases_of(point):
    kind, step, _ = point.split("/")
    first, *others = TARGETS[kind]
    if step in STOPS_FIRST and others:
        return [Case(point, other) for other in others]
    # What was taken away first is brought back.
    return [Case(point, first)] + [Case(point, other) for other in others if step == "undo"]


def all_cases(root):
    return [case for point in read_points(root) for case in cases_of(point)]


def chosen(root, full, only):
    """Cases in the order of a run."""
    cases = all_cases(root)
    if only:
        return [c for c in cases if re.search(only, str(c))]
    return cases if full else [c for c in cases if str(c) in SHORT]
