"""The W&B workspace and report of a study as code, built from its records without a network."""

from pathlib import Path
from typing import Any, NamedTuple

from longlag.nn.layer_names import dashboard_name
from longlag.records.reader import Study

CELL = "names.cell"  # of a run's config in W&B


class Keys(NamedTuple):
    """The names that the runs of a study log under."""

    metrics: list[str]  # of validation and test
    states: list[str]  # such as layer_2/c
    gates: list[str]


class Dashboard(NamedTuple):
    """What W&B opens: a workspace to look around in, and a report to read."""

    workspace: Any
    report: Any

    def serialised(self) -> dict[str, Any]:
        """Return both as they are sent, for a look and for tests."""
        return {
            name: made._to_model().model_dump(mode="json", by_alias=True, exclude_none=True)
            for name, made in zip(self._fields, self, strict=True)
        }


def keys_of(study: Study) -> Keys:
    """Collect the names that the runs of a study log under."""

    def named(kind: str) -> list[str]:
        found = {
            dashboard_name(array, run.record.model.cells, run.ways)
            for run in study.runs
            for array in run.probe
            if array.startswith(f"{kind}/")
        }
        return sorted(found)

    return Keys(sorted({run.metric for run in study.runs}), named("profile"), named("gate"))


def dashboard(study: Study, entity: str, project: str) -> Dashboard:
    """Build the workspace and the report of a study.

    Args:
        study: read from its records.
        entity: user or team.
        project: of W&B.
    """
    import wandb_workspaces.reports.v2.interface as wr
    import wandb_workspaces.workspaces as ws

    parts = sections(keys_of(study))
    title = study.plan.get("title") or study.name
    workspace = ws.Workspace(
        entity=entity,
        project=project,
        name=f"longlag: {study.name}",
        sections=[ws.Section(name, panels=panels, is_open=True) for name, panels in parts.items()],
        runset_settings=ws.RunsetSettings(
            filters=ws.And(ws.Tags().isin([study.name])),
            groupby=[ws.Config("names.task"), ws.Config(CELL)],
        ),
    )
    blocks: list[Any] = [wr.P(study.plan.get("question", ""))]
    for name, panels in parts.items():
        runs = wr.Runset(name=study.name, filters=f"Tags in ['{study.name}']", groupby=[CELL])
        blocks += [wr.H2(name), wr.PanelGrid(runsets=[runs], panels=panels)]
    report = wr.Report(project=project, entity=entity, title=title, blocks=blocks, width="fluid")
    return Dashboard(workspace, report)


def sections(keys: Keys) -> dict[str, list[Any]]:
    """Return the panels by section: scores, curves, gradients, profiles, gates."""
    import wandb_workspaces.reports.v2.interface as wr

    def line(name: str, **more: Any) -> Any:
        return wr.LinePlot(title=name, x="step", y=[name], groupby=f"config.{CELL}", **more)

    def bar(name: str) -> Any:
        return wr.BarPlot(title=name, metrics=[name], groupby=f"config.{CELL}", orientation="v")

    decay, skill = wr.SummaryMetric("decay_rate/trained"), wr.SummaryMetric("skill")
    ends = ("first_step", "last_step")
    found = {
        "Scores": [
            bar("skill"),
            bar("solved"),
            *(bar(f"test/{metric}") for metric in keys.metrics),
            wr.ScatterPlot(title="skill over the decay rate", x=decay, y=skill),
        ],
        "Curves": [*(line(f"validation/{metric}") for metric in keys.metrics), line("train/loss")],
        "Gradients along training": [
            line(f"gradient/{state}/{end}", log_y=True) for state in keys.states for end in ends
        ],
        "Gradient profiles": [profile(state) for state in keys.states]
        + [wr.MediaBrowser(media_keys=[f"profile_map/{state}" for state in keys.states])],
        "Gates": [line(f"gate/{gate}/mean") for gate in keys.gates],
    }
    return {name: panels for name, panels in found.items() if panels}


def profile(state: str) -> Any:
    """Return the native chart of the profiles of a state that `wandb_panels.lines` logs."""
    import wandb_workspaces.reports.v2.interface as wr

    return wr.CustomChart(
        query={"summaryTable": {"tableKey": f"profile_lines/{state}_table"}},
        chart_name="wandb/lineseries/v0",
        chart_fields={"step": "step", "lineKey": "lineKey", "lineVal": "lineVal"},
        chart_strings={"title": f"profile_lines/{state}", "xname": "steps before the answer"},
    )


def write(made: Dashboard, folder: Path) -> Path:
    """Keep the serialised form beside the records: <study>/dashboard.json."""
    from longlag.records.atomic import write_json

    path = folder / "dashboard.json"
    write_json(path, made.serialised())
    return path
