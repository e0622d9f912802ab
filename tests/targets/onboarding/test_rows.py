"""Values for routes with parameters: read from a project's database, which is only read."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dashboard.project.labtoml.load import load_manifest
from dashboard.targets.onboarding.draft.lab_toml import draft_lab_toml, drafted_paths
from dashboard.targets.onboarding.inspection import Inspection
from dashboard.targets.onboarding.inspector import inspect_project
from dashboard.targets.onboarding.project_search import find_projects
from dashboard.targets.onboarding.route import RouteRows
from dashboard.targets.onboarding.route_rows import rows_files, rows_summary
from tests.targets.small_projects import PLAIN, SETTINGS, write_files

from .test_draft import route, seen

SHOP = {
    **PLAIN,
    "shop/settings.py": SETTINGS
    + """
INSTALLED_APPS = ["shop"]
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "shop.sqlite3"}}
""",
    "shop/models.py": """
from django.db import models

class Category(models.Model):
    slug = models.SlugField()

class Visible(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(hidden=False)

class Product(models.Model):
    category = models.ForeignKey(Category, models.CASCADE)
    slug = models.SlugField()
    code = models.CharField(max_length=20)
    added = models.DateField()
    hidden = models.BooleanField(default=False)
    objects = Visible()

class OrderItem(models.Model):
    uuid = models.UUIDField()

class Missing(models.Model):
    slug = models.SlugField()
""",
    "shop/urls.py": """
from django.http import HttpResponse
from django.urls import include, path, re_path
from django.views.generic import DetailView, ListView, View
from shop.models import Category, Product

def product_detail(request, pk): raise AssertionError
def of_category(request, category_id): raise AssertionError
def nested(request, category, product): raise AssertionError
def by_code(request, code): raise AssertionError
def archive(request, year, slug): raise AssertionError
def item(request, uuid): raise AssertionError
def missing(request, slug): raise AssertionError
def nothing(request, colour): raise AssertionError
def file(request, name): raise AssertionError

class Detail(DetailView):
    model = Product

class ByCode(DetailView):
    queryset = Product.objects.all()
    slug_field = "code"
    slug_url_kwarg = "which"

class OfCategory(ListView):
    model = Product

class Api(View):  # as one of Django REST framework
    queryset = Product.objects.filter(slug="lamp")
    lookup_field = "slug"

urlpatterns = [
    path("product/<int:pk>/", product_detail),
    path("category/<int:category_id>/", of_category),
    path("shop/<slug:category>/<slug:product>/", nested),
    path("product/code/<str:code>/", by_code),
    path("product/<int:year>/<slug:slug>/", archive),
    path("order-items/<uuid:uuid>/", item),
    path("missing/<slug:slug>/", missing),
    path("paint/<str:colour>/", nothing),
    path("detail/<slug:slug>/", Detail.as_view()),
    path("which/<slug:which>/", ByCode.as_view()),
    path("categories/<slug:slug>/", OfCategory.as_view()),
    path("in/<slug:category_slug>/", include([path("product/<int:pk>/", product_detail)])),
    re_path(r"^api/products/(?P<slug>[^/.]+)/$", Api.as_view()),
]
""",
}
TABLES = """
CREATE TABLE shop_category (id INTEGER PRIMARY KEY, slug TEXT);
CREATE TABLE shop_product (
    id INTEGER PRIMARY KEY, category_id INTEGER, slug TEXT, code TEXT, added DATE, hidden BOOL
);
CREATE TABLE shop_orderitem (id INTEGER PRIMARY KEY, uuid CHAR(32));
INSERT INTO shop_category VALUES (1, 'light'), (2, 'wood');
INSERT INTO shop_product VALUES
    (3, 2, 'table', 'T/1', '2025-05-01', 0),
    (1, 1, 'lamp', 'L 1', '2026-11-30', 0),
    (2, 1, 'secret', 'S1', '2026-11-30', 1),
    (4, 2, '', 'x', '2026-11-30', 0);
INSERT INTO shop_orderitem VALUES (1, '3f2504e04f8941d39a0c0305e82c3301');
"""
EXPECTED: dict[str, list[list[str]] | str] = {
    "/product/<int:pk>/": [["1"], ["3"], ["4"]],
    "/category/<int:category_id>/": [["1"], ["2"]],
    "/shop/<slug:category>/<slug:product>/": [["light", "lamp"], ["wood", "table"]],
    "/product/code/<str:code>/": [["L 1"], ["x"]],  # no value of <str:…> has a slash
    "/product/<int:year>/<slug:slug>/": [["2026", "lamp"], ["2025", "table"]],
    "/order-items/<uuid:uuid>/": [["3f2504e0-4f89-41d3-9a0c-0305e82c3301"]],
    "/missing/<slug:slug>/": "OperationalError: no such table: shop_missing",
    "/paint/<str:colour>/": "no model was found for colour",
    "/detail/<slug:slug>/": [["lamp"], ["table"]],
    "/which/<slug:which>/": [["x"]],  # the others are no slugs
    "/categories/<slug:slug>/": [["light"], ["wood"]],
    "/in/<slug:category_slug>/product/<int:pk>/": [["light", "1"], ["wood", "3"], ["wood", "4"]],
    "/api/products/<slug>/": [["lamp"]],
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = write_files(tmp_path_factory.mktemp("shop"), SHOP)
    with closing(sqlite3.connect(directory / "shop.sqlite3")) as database:
        database.executescript(TABLES)
    return directory


def inspected(directory: Path, rows: int) -> Inspection:
    (place,) = find_projects(directory)
    return inspect_project(place, python=None, settings=None, timeout_s=60, rows=rows)


@pytest.fixture(scope="module")
def inspection(shop: Path) -> Inspection:
    before = (shop / "shop.sqlite3").read_bytes()
    found = inspected(shop, 100)
    assert (shop / "shop.sqlite3").read_bytes() == before
    assert not list(shop.glob("shop.sqlite3-*"))
    return found


@pytest.mark.processes
@pytest.mark.parametrize("path", EXPECTED)
def test_each_kind_of_view_gets_the_values_that_lead_to_it(
    inspection: Inspection, path: str
) -> None:
    (found,) = [route for route in inspection.routes if route.path == path]
    rows: Any = [list(row) for row in found.rows.values] if found.rows else found.no_rows
    assert rows == EXPECTED[path]


@pytest.mark.processes
def test_the_draft_has_them_as_rows_and_the_reasons_as_notes(
    inspection: Inspection, shop: Path
) -> None:
    for file in rows_files(inspection.routes):
        (shop / file.name).parent.mkdir(exist_ok=True)
        (shop / file.name).write_text(file.text)
    text = draft_lab_toml(inspection, shop)
    (shop / "lab.toml").write_text(text)
    project = load_manifest(shop / "lab.toml")
    paths = {
        variant.path: [variant.url_path({}, row) for row in range(len(variant.rows))]
        for scenario in project.scenarios.values()
        for variant in scenario.variants.values()
    }
    assert paths["/shop/{category}/{product}/"] == ["/shop/light/lamp/", "/shop/wood/table/"]
    assert paths["/product/code/{code}/"] == ["/product/code/L%201/", "/product/code/x/"]
    assert "# - /paint/<str:colour>/: its path needs a value for colour (no model was found" in text
    assert rows_summary(inspection.routes) == (
        "Rows: 11 of 13 routes with parameters got values from the project's database, at most"
        " 100 each; it was only read."
    )


@pytest.mark.processes
def test_without_consent_nothing_is_read_and_no_database_is_made(tmp_path: Path) -> None:
    write_files(tmp_path, SHOP)
    assert all(each.rows is None and not each.no_rows for each in inspected(tmp_path, 0).routes)
    asked = inspected(tmp_path, 100)
    assert {each.no_rows for each in asked.routes if "model" not in each.no_rows} == {
        "its database does not exist"
    }
    assert not (tmp_path / "shop.sqlite3").exists()


def test_a_trial_requests_the_first_row() -> None:
    rows = RouteRows("lab-rows/a.csv", ("pk",), (("a/b",), ("c",)))
    routed = route("product", path="/é/<str:pk>/", parameters={"pk": "str"}, rows=rows)
    assert drafted_paths(seen(routed), logins=False) == ["/%C3%A9/a%2Fb/"]
    assert routed.url_template == "/%C3%A9/{pk}/"
