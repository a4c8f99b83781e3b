"""A county small enough to keep in one's head, for tests of the domains.

    c ─┬─ t1 ─┬─ v11: g111 g112         vc-…           every village's committee
       │      └─ v12: g121 g122         governance-…   every town's governance office
       └─ t2 ─── v21: g211 g212         enforcement-…  every town's enforcement team
                                        county-bureau, county-discipline

Roads and disputes start at the village, street lights and illegal building at the town, violation
reports at the county. Working time is Monday to Friday 08:00-12:00 and 14:00-18:00 in Shanghai.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from schemas.reference import (
    Area,
    Calendar,
    Category,
    DayHours,
    DeadlinePolicy,
    Department,
    KeywordRule,
    Level,
    Manifest,
    PauseReason,
    Reference,
    ReturnReason,
    RoutingRule,
    Service,
    Settings,
    Urgency,
)

VILLAGES = {"v11": "t1", "v12": "t1", "v21": "t2"}
HOURS = (
    DayHours(start=time(8), end=time(12)),
    DayHours(start=time(14), end=time(18)),
)
CLIMB = {
    Level.VILLAGE: "village-committee",
    Level.TOWN: "town-governance-office",
    Level.COUNTY: "county-bureau",
}
ENFORCE = CLIMB | {Level.TOWN: "town-enforcement-team"}


def small_county(
    version: str = "county-1",
    effective_from: datetime = datetime(2022, 1, 1, tzinfo=UTC),
    **changes: Any,
) -> Reference:
    """The county's reference data; ``changes`` replace whole parts (``rules=…``, ``settings=…``)."""
    reference = Reference(
        manifest=Manifest(
            version=version,
            effective_from=effective_from,
            name="小县",
            name_en="Small county",
            county="c",
        ),
        areas=_areas(),
        departments=_departments(),
        categories=_categories(),
        rules=_rules(),
        deadlines=_deadlines(),
        calendars=(_calendar(),),
        pause_reasons=(
            PauseReason(code="weather", name="恶劣天气", limit="5wd"),
            PauseReason(code="waiting-for-reporter", name="等待群众补充材料"),
        ),
        return_reasons=(
            ReturnReason(code="not-ours", name="不属于本单位职责"),
            ReturnReason(code="wrong-place", name="地点不在辖区"),
        ),
        keywords=(
            KeywordRule(category="potholes", words=("坑洼", "路面破损")),
            KeywordRule(category="street-lights", words=("路灯",)),
            KeywordRule(category="land", words=("地界", "土地纠纷")),
        ),
        settings=Settings(emergency_words=("火灾", "塌方"), urgent_words=("尽快",)),
    )
    return reference.model_copy(update=changes)


def _areas() -> tuple[Area, ...]:
    towns = [Area(code=code, name=f"{code}镇", kind="town", parent="c") for code in ("t1", "t2")]
    villages = [
        Area(code=code, name=f"{code}村委会", kind="village", parent=town)
        for code, town in VILLAGES.items()
    ]
    grids = [
        Area(code=f"g{v[1:]}{n}", name=f"{v}村第{n}网格", kind="grid", parent=v)
        for v in VILLAGES
        for n in (1, 2)
    ]
    return (Area(code="c", name="小县", kind="county"), *towns, *villages, *grids)


def _departments() -> tuple[Department, ...]:
    committees = [
        Department(
            code=f"vc-{v}",
            name=f"{v}村委会",
            kind="village-committee",
            level=Level.VILLAGE,
            area=v,
        )
        for v in VILLAGES
    ]
    offices = [
        Department(code=f"{unit}-{t}", name=f"{t}镇{name}", kind=kind, level=Level.TOWN, area=t)
        for t in ("t1", "t2")
        for unit, name, kind in (
            ("governance", "综治中心", "town-governance-office"),
            ("enforcement", "综合执法队", "town-enforcement-team"),
        )
    ]
    bureaus = [
        Department(code=code, name=name, kind=code, level=Level.COUNTY, area="c")
        for code, name in (("county-bureau", "县综合局"), ("county-discipline", "县纪委监委"))
    ]
    return (*committees, *offices, *bureaus)


def _categories() -> tuple[Category, ...]:
    return (
        Category(code="roads", name="道路", name_en="Roads"),
        Category(code="potholes", name="路面坑洼", name_en="Potholes", parent="roads"),
        Category(code="street-lights", name="路灯", name_en="Street lights", parent="roads"),
        Category(code="disputes", name="矛盾纠纷", name_en="Disputes"),
        Category(code="land", name="土地纠纷", name_en="Land", parent="disputes"),
        Category(code="enforcement", name="综合执法", name_en="Enforcement"),
        Category(
            code="illegal-building",
            name="违法建设",
            name_en="Illegal building",
            parent="enforcement",
        ),
    )


def _rules() -> tuple[RoutingRule, ...]:
    return (
        RoutingRule(id="roads", category="roads", level=Level.VILLAGE, ladder=CLIMB),
        RoutingRule(
            id="roads-emergency",
            category="roads",
            urgency=Urgency.EMERGENCY,
            level=Level.TOWN,
            ladder=CLIMB,
            assist=("village-committee",),
        ),
        RoutingRule(id="lights", category="street-lights", level=Level.TOWN, ladder=CLIMB),
        RoutingRule(id="disputes", category="disputes", level=Level.VILLAGE, ladder=CLIMB),
        RoutingRule(
            id="enforcement",
            category="enforcement",
            level=Level.TOWN,
            ladder=ENFORCE,
            assist=("village-committee",),
        ),
        RoutingRule(
            id="violation",
            area="c",
            service=Service.VIOLATION,
            level=Level.COUNTY,
            ladder={Level.COUNTY: "=county-discipline"},
        ),
    )


def _deadlines() -> tuple[DeadlinePolicy, ...]:
    return (
        DeadlinePolicy(id="usual", sign="2h", respond="1wd", resolve="3wd", case="15cd"),
        DeadlinePolicy(id="county", level=Level.COUNTY, resolve="5wd"),
        DeadlinePolicy(id="emergency", urgency=Urgency.EMERGENCY, sign="30m", resolve="4h"),
    )


def _calendar() -> Calendar:
    return Calendar(
        id="office",
        timezone="Asia/Shanghai",
        week={"mon": HOURS, "tue": HOURS, "wed": HOURS, "thu": HOURS, "fri": HOURS},
    )
