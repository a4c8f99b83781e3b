"""Makes ``areas.csv`` and ``departments.csv`` from a gazetteer. For counties without a register of
their own; one that has it writes the two tables from there.

    python make_tables.py GAZETTEER

``GAZETTEER`` holds ``towns.csv`` (code, name) and ``villages.csv`` (code, name, streetCode: the
town's code). The county's code and name come from ``manifest.yaml`` beside this file.

The rule to remember: towns and villages are real, grids are not. See ``README.md``.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

HERE = Path(__file__).parent
GRIDS = 5973
"""Basic grids in the whole county."""

TOWN_UNITS = (
    ("town-governance", "town-governance-office", "综治中心", "governance centre"),
    ("town-enforcement", "town-enforcement-team", "综合执法队", "enforcement team"),
    ("town-mediation", "town-mediation-committee", "人民调解委员会", "mediation committee"),
    ("town-agriculture", "town-agriculture-station", "农业综合服务站", "agriculture station"),
    ("town-civil-affairs", "town-civil-affairs-office", "社会事务办公室", "civil affairs office"),
    ("town-construction", "town-construction-office", "城镇建设办公室", "construction office"),
    ("town-health", "town-health-centre", "卫生院", "health centre"),
    ("town-police", "town-police-station", "派出所", "police station"),
    ("town-congress", "town-congress-presidium", "人大主席团", "people's congress presidium"),
)
"""Code before the town's, kind, name after the town's."""

COUNTY_UNITS = (
    ("county-housing", "汉阴县住房和城乡建设局", "Housing and construction"),
    ("county-urban-management", "汉阴县城市管理综合执法局", "Urban management"),
    ("county-natural-resources", "汉阴县自然资源局", "Natural resources"),
    ("county-transport", "汉阴县交通运输局", "Transport"),
    ("county-water", "汉阴县水利局", "Water resources"),
    ("county-agriculture", "汉阴县农业农村局", "Agriculture and rural affairs"),
    ("county-forestry", "汉阴县林业局", "Forestry"),
    ("county-rural-revitalisation", "汉阴县乡村振兴局", "Rural revitalisation"),
    ("county-education", "汉阴县教育体育和科技局", "Education, sports and science"),
    ("county-culture-tourism", "汉阴县文化和旅游广电局", "Culture and tourism"),
    ("county-health", "汉阴县卫生健康局", "Health"),
    ("county-epidemic", "汉阴县疫情防控指挥部办公室", "Epidemic control headquarters"),
    ("county-medical-insurance", "汉阴县医疗保障局", "Medical insurance"),
    ("county-human-resources", "汉阴县人力资源和社会保障局", "Human resources, social security"),
    ("county-civil-affairs", "汉阴县民政局", "Civil affairs"),
    ("county-veterans", "汉阴县退役军人事务局", "Veterans' affairs"),
    ("county-market", "汉阴县市场监督管理局", "Market regulation"),
    ("county-industry", "汉阴县经济贸易局", "Industry and trade"),
    ("county-environment", "安康市生态环境局汉阴分局", "Environment, Hanyin branch"),
    ("county-public-security", "汉阴县公安局", "Public security"),
    ("county-justice", "汉阴县司法局", "Justice"),
    ("county-emergency", "汉阴县应急管理局", "Emergency management"),
    ("county-fire", "汉阴县消防救援大队", "Fire and rescue"),
    ("county-power", "汉阴县供电分公司", "Power supply branch"),
    ("county-water-supply", "汉阴县自来水公司", "Water supply company"),
    ("county-mediation", "汉阴县矛盾纠纷调处中心", "Dispute mediation centre"),
    ("county-petitions", "汉阴县信访局", "Petitions"),
    ("county-discipline", "汉阴县纪委监委", "Discipline and supervision"),
    ("county-congress", "汉阴县人大常委会办公室", "People's congress standing committee"),
)
"""Code and kind in one, name."""

Cells = tuple[str, ...]


def grid_kind(number: int) -> str:
    """The village's first grid is the committee's own; of the others every third is by proximity."""
    if number == 1:
        return "village-committee"
    return "by-proximity" if number % 3 == 0 else "villager-group"


def grids_of(index: int, villages: int) -> int:
    """How many of the county's grids the village with this index, from 0, gets: an even share."""
    return (index + 1) * GRIDS // villages - index * GRIDS // villages


def areas(county: Cells, towns: list[Cells], villages: list[Cells]) -> Iterator[Cells]:
    yield (*county, "county", "", "")
    for code, name, _ in towns:
        yield (code, name, "town", county[0], "")
    for code, name, town in villages:
        yield (code, name, "village", town, "")
    for index, (village, name, _) in enumerate(villages):
        for number in range(1, grids_of(index, len(villages)) + 1):
            plain = name.removesuffix("居委会").removesuffix("委会")
            grid = f"{number:03}"
            yield (village + grid, f"{plain}{grid}网格", "grid", village, grid_kind(number))


def departments(county: str, towns: list[Cells], villages: list[Cells]) -> Iterator[Cells]:
    town_names = {code: name for code, name, _ in towns}
    for code, name, town in villages:  # six communities share one name, so the town's stands before
        yield (f"vc-{code}", town_names[town] + name, "", "village-committee", "village", code)
    for town, name, _ in towns:
        for code, kind, unit, unit_en in TOWN_UNITS:
            yield (f"{code}-{town}", name + unit, f"Town {unit_en}", kind, "town", town)
    for code, name, name_en in COUNTY_UNITS:
        yield (code, name, name_en, code, "county", county)


def read(path: Path, *columns: str) -> list[Cells]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [tuple(row[c] for c in columns) for row in csv.DictReader(file)]


def write(path: Path, header: str, rows: Iterable[Cells]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(header.split(","))
        table.writerows(rows)


def main(gazetteer: Path) -> None:
    manifest = yaml.safe_load((HERE / "manifest.yaml").read_text("utf-8"))
    county = (manifest["county"], manifest["name"])
    towns = read(gazetteer / "towns.csv", "code", "name", "areaCode")
    villages = read(gazetteer / "villages.csv", "code", "name", "streetCode")
    write(HERE / "areas.csv", "code,name,kind,parent,grid_kind", areas(county, towns, villages))
    write(
        HERE / "departments.csv",
        "code,name,name_en,kind,level,area",
        departments(county[0], towns, villages),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
