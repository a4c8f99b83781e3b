"""Makes the dashboards: `python deploy/grafana/make_dashboards.py` writes `dashboards/*.json`.

    a Panel names its question (PromQL) and its words ─► Grafana's own SDK ─► JSON, provisioned

The rule to remember: **every question is answered by a metric that a service shows**; a test asks
them all of a real Prometheus. Titles are in both languages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from grafana_foundation_sdk.builders import dashboard, stat, table, timeseries
from grafana_foundation_sdk.builders.common import VizLegendOptions
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import BigValueGraphMode, GraphDrawStyle
from grafana_foundation_sdk.models.dashboard import Dashboard as Model
from grafana_foundation_sdk.models.dashboard import DataSourceRef

FOLDER = Path(__file__).parent / "dashboards"
SOURCE = DataSourceRef(type_val="prometheus", uid="prometheus")
WIDTH, HEIGHT = 24, 8
Kind = Literal["lines", "number", "table"]


@dataclass(frozen=True)
class Panel:
    title: str
    questions: dict[str, str]
    """PromQL by its legend."""
    unit: str = "short"
    kind: Kind = "lines"
    width: int = 12
    about: str = ""


@dataclass(frozen=True)
class Board:
    uid: str
    title: str
    panels: tuple[Panel, ...]


OPERATIONS = Board(
    "gridcase-operations",
    "gridcase · Operations 运行",
    (
        Panel("Services up 服务", {"up": 'sum(up{job="gridcase"})'}, kind="number", width=6),
        Panel("Records waiting 积压", {"records": "sum(gridcase_consumer_lag_records)"}, kind="number", width=6),
        Panel("Dead letters, 1 h 死信", {"records": 'sum(increase(gridcase_messages_total{outcome="dead"}[1h]))'}, kind="number", width=6),
        Panel("Alerts firing 告警", {"alerts": 'count(ALERTS{alertstate="firing"}) or vector(0)'}, kind="number", width=6),
        Panel("Messages by outcome 消息", {"{{service}} {{outcome}}": "sum by (service, outcome) (rate(gridcase_messages_total[5m]))"}, "reqps"),
        Panel("Lag 积压明细", {"{{service}} {{topic}}": "service_topic:gridcase_consumer_lag_records:sum"}),
        Panel("One turn of the step, p99 步长", {"{{service}}": "service:gridcase_step_seconds:p99_5m"}, "s"),
        Panel("Oldest cause without an answer 最久未返回", {"{{service}}": "max by (service) (gridcase_oldest_pending_seconds)"}, "s"),
        Panel("Timers late 计时滞后", {"{{service}}": "max by (service) (gridcase_timer_lag_seconds)"}, "s"),
        Panel("Since the last snapshot 快照", {"{{service}}": "max by (service) (gridcase_snapshot_age_seconds)"}, "s"),
        Panel("What it needs answers 依赖", {"{{service}} {{dependency}}": "min by (service, dependency) (gridcase_dependency_up)"}),
        Panel("Reports by source 来源", {"{{source}} {{outcome}}": "sum by (source, outcome) (rate(gridcase_reports_total[5m]))"}, "reqps"),
        Panel("Void events 无效事件", {"{{service}}": "sum by (service) (rate(gridcase_void_events_total[5m])) or sum by (service) (0 * up{job=\"gridcase\"})"}, "reqps"),
    ),
)  # fmt: skip
LEVELS = Board(
    "gridcase-service-levels",
    "gridcase · Service levels 服务水平",
    (
        Panel("Events slower than 1 s, 1 h 慢事件", {"{{service}}": "service:gridcase_event_age_slow:ratio_rate1h"}, "percentunit", "number", about="The objective allows 1 %."),
        Panel("Assignments slower than 30 s, 1 h 慢分派", {"share": "county:gridcase_assignment_slow:ratio_rate1h"}, "percentunit", "number", about="The objective allows 1 %."),
        Panel("Age of events, p99 事件时延", {"{{service}}": "service:gridcase_event_age_seconds:p99_5m"}, "s"),
        Panel("Report to assignment, p95 分派用时", {"p95": "county:gridcase_assignment_seconds:p95_1h"}, "s"),
        Panel("Budget burnt, events 预算消耗(事件)", {"{{service}} 1 h": "service:gridcase_event_age_slow:ratio_rate1h / 0.01", "{{service}} 6 h": "service:gridcase_event_age_slow:ratio_rate6h / 0.01"}, about="1 is as fast as the objective allows; 14.4 wakes somebody."),
        Panel("Budget burnt, assignments 预算消耗(分派)", {"1 h": "county:gridcase_assignment_slow:ratio_rate1h / 0.01", "6 h": "county:gridcase_assignment_slow:ratio_rate6h / 0.01"}),
    ),
)  # fmt: skip
DEPARTMENTS = Board(
    "gridcase-departments",
    "gridcase · Departments 部门",
    (
        Panel("Open 在办", {"cases": "sum(gridcase_open_cases)"}, kind="number", width=6),
        Panel("Overdue 逾期率", {"share": "county:gridcase_overdue:share"}, "percentunit", "number", 6),
        Panel("Supervised 督办", {"cases": "sum(gridcase_supervised_cases)"}, kind="number", width=6),
        Panel("Waiting for a person 待人工", {"cases": "sum(gridcase_unrouted_cases)"}, kind="number", width=6),
        Panel("Open by level 各级在办", {"{{level}}": "sum by (level) (gridcase_open_cases)"}),
        Panel("Assigned each hour 分派", {"{{level}}": "sum by (level) (increase(gridcase_assignments_total[1h]))"}),
        Panel("Most open cases 在办最多", {"{{department}}": "topk(10, department:gridcase_open_cases:sum)"}, kind="table"),
        Panel("Largest share overdue 逾期率最高", {"{{department}}": "topk(10, department:gridcase_overdue:share)"}, "percentunit", "table"),
        Panel("Completed of accepted, this month 办结率", {"{{department}}": "topk(10, max by (department) (gridcase_completion_ratio))"}, "percentunit", "table"),
        Panel("On time of completed, this month 按时率", {"{{department}}": "bottomk(10, max by (department) (gridcase_on_time_ratio))"}, "percentunit", "table"),
        Panel("Satisfied of rated, this month 满意率", {"{{department}}": "bottomk(10, max by (department) (gridcase_satisfaction_ratio))"}, "percentunit", "table"),
        Panel("Climbed, each hour 升级", {"{{from}} → {{to}}": "sum by (from, to) (increase(gridcase_escalations_total[1h]))"}),
    ),
)  # fmt: skip
BOARDS = (OPERATIONS, LEVELS, DEPARTMENTS)


def built(board: Board) -> Model:
    """The dashboard as Grafana's model; panels flow from left to right."""
    made = (
        dashboard.Dashboard(board.title)
        .uid(board.uid)
        .tags(["gridcase"])
        .readonly()
        .refresh("30s")
        .time("now-6h", "now")
        .timezone("browser")
    )
    for panel in board.panels:
        made = made.with_panel(_panel(panel))
    return made.build()


def _panel(panel: Panel) -> stat.Panel | table.Panel | timeseries.Panel:
    shown: stat.Panel | table.Panel | timeseries.Panel
    if panel.kind == "number":
        shown = stat.Panel().graph_mode(BigValueGraphMode.AREA)
    elif panel.kind == "table":
        shown = table.Panel().show_header(True)
    else:
        shown = (
            timeseries.Panel()
            .draw_style(GraphDrawStyle.LINE)
            .fill_opacity(8)
            .legend(VizLegendOptions())
        )
    shown = shown.title(panel.title).datasource(SOURCE).unit(panel.unit)
    shown = shown.span(panel.width).height(HEIGHT if panel.kind != "number" else HEIGHT // 2)
    if panel.about:
        shown = shown.description(panel.about)
    for name, (legend, question) in zip("ABCDEF", panel.questions.items(), strict=False):
        query = Dataquery().expr(question).legend_format(legend).ref_id(name).datasource(SOURCE)
        query = query.instant().format("table") if panel.kind == "table" else query.range()
        shown = shown.with_target(query)
    return shown


def texts() -> Iterator[tuple[Path, str]]:
    """Each file and what it should hold."""
    for board in BOARDS:
        text = JSONEncoder(sort_keys=True, indent=2, ensure_ascii=False).encode(built(board))
        yield FOLDER / f"{board.uid}.json", text + "\n"


if __name__ == "__main__":
    for path, text in texts():
        path.write_text(text, "utf-8")
