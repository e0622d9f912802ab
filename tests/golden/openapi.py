"""The addresses of the dashboard as an OpenAPI document: `docs/openapi.json`.

Paths come from the URL patterns, fields from the forms, their bounds from `wire.plan.fields`, and
JSON from the types in `dashboard/wire` and `runs/archive/imports`. What an address does, which
methods it has and how it answers is listed here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django import forms
from django.urls import URLPattern, URLResolver, get_resolver

from dashboard.project.labtoml.load import load_manifest
from dashboard.runs.archive.imports.schema import ImportedFile
from dashboard.web.bench.forms import FireForm
from dashboard.web.explore.capacity_form import CapacityForm
from dashboard.web.explore.forms import MatrixForm, SweepForm
from dashboard.web.explore.mix_form import MixForm
from dashboard.web.shared.form_values import PARAMETER
from dashboard.web.survey.forms import SurveyForm
from dashboard.web.xray.forms import XrayForm
from dashboard.wire.experiments.capacity import CapacityAnswer
from dashboard.wire.experiments.matrix import MatrixAnswer
from dashboard.wire.experiments.mix import MixAnswer
from dashboard.wire.experiments.survey import SurveyAnswer
from dashboard.wire.experiments.sweep import SweepAnswer
from dashboard.wire.plan.fields import PLAN_FIELDS

from .contract import _schema_of

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docs" / "openapi.json"
COMPONENTS = "#/components/schemas/"
HTML, PLAIN, JSON, CSV = "text/html", "text/plain", "application/json", "text/csv"
BYTES, SVG, MARKDOWN = "application/octet-stream", "image/svg+xml", "text/markdown"

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer", "minimum": 0, "maximum": 999_999_999}
ID: Schema = {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"}
FILE_FIELD: Schema = {"type": "string", "contentMediaType": JSON}

DESCRIPTION = (
    "The addresses of Liveburst's own page, which may change with any version. Each is answered"
    " only to a client that is admitted (docs/security.md). A form needs the CSRF token of a page."
)
OK, SEE_OTHER, BAD, MISSING, INVALID = "200", "303", "400", "404", "422"
MEANINGS = {
    OK: "The page or fragment, or the file.",
    "302": "The whole list is at the address in Location.",
    SEE_OTHER: "Done; the address to look at is in Location.",
    BAD: "The request is none of a page of Liveburst.",
    "403": "The client is not admitted, or the form has no valid CSRF token.",
    MISSING: "There is no such run, experiment, chart or number.",
    "405": "Another method is expected.",
    "413": "The body is too large.",
    "426": "The proxy in front has to pass on websockets.",
    "429": "Too many failed logins.",
    INVALID: "A value was refused, with a message beside its field; nothing was started.",
    "503": "The database or its disk cannot be used.",
}


@dataclass(frozen=True)
class Operation:
    """One method of an address."""

    summary: str
    method: str = "get"
    query: Mapping[str, Schema] = field(default_factory=dict)
    form: Mapping[str, Schema] | None = None
    required: tuple[str, ...] = ()
    media: str = HTML
    answer: Schema | None = None
    statuses: tuple[str, ...] = (OK, MISSING)

    @property
    def form_media(self) -> str:
        """The media type of the request's body."""
        file = FILE_FIELD in (self.form or {}).values()
        return "multipart/form-data" if file else "application/x-www-form-urlencoded"


def post(
    summary: str, form: Mapping[str, Schema] | None = None, *required: str, **more: Any
) -> Operation:
    """Return an operation that changes something."""
    statuses = (OK, SEE_OTHER, MISSING, INVALID)
    return Operation(
        summary, "post", form=form or {}, required=required, **{"statuses": statuses, **more}
    )


def fields_of(form: type[forms.Form]) -> dict[str, Schema]:
    """Return the fields of a form, as of the built-in project's first scenario."""
    project = load_manifest(ROOT / "liveapp" / "lab.toml")
    scenario = next(iter(project.scenarios.values()))
    fields = form(project, scenario, None).fields  # type: ignore[arg-type]
    return _fields(fields)


def _fields(fields: Mapping[str, forms.Field]) -> dict[str, Schema]:
    return {_general(name): _field(name, value) for name, value in fields.items()}


def _general(name: str) -> str:
    """Return the name of a field with NAME for a parameter's name and SERVER for a server's."""
    if name.startswith(PARAMETER):
        return f"{PARAMETER}NAME"
    setting, of, _ = name.partition("-of-")
    return f"{setting}{of}SERVER" if of else name


def _field(name: str, value: forms.Field) -> Schema:
    if isinstance(value, forms.MultipleChoiceField):
        return {"type": "array", "items": TEXT}
    if isinstance(value, forms.BooleanField):
        return {"type": "boolean"}
    if not isinstance(value, forms.IntegerField):
        return TEXT
    kind = "number" if isinstance(value, forms.FloatField) else "integer"
    if (plan := PLAN_FIELDS.get(name)) is None:
        return {"type": kind}
    low = "exclusiveMinimum" if plan.above_low else "minimum"
    return {"type": kind, low: plan.low, "maximum": plan.high}


SCENARIO = {"scenario": TEXT}
SORT = {"sort": TEXT}
STRETCH = {"from": WHOLE, "to": WHOLE}
FIRE, XRAY = SCENARIO | fields_of(FireForm), SCENARIO | fields_of(XrayForm)
MATRIX, SWEEP = SCENARIO | fields_of(MatrixForm), SCENARIO | fields_of(SweepForm)
MIX = SCENARIO | fields_of(MixForm)
CAPACITY = SCENARIO | fields_of(CapacityForm)
SURVEY = _fields(SurveyForm(load_manifest(ROOT / "liveapp" / "lab.toml")).fields)
LOGIN = {"name": TEXT, "password": TEXT, "next": TEXT}
RUN_FILE = {"file": FILE_FIELD}
TRACE: Schema = {
    "type": "object",
    "required": ["traceEvents"],
    "properties": {"traceEvents": {"type": "array", "items": {"type": "object"}}},
}

# By the name of the URL pattern.
OPERATIONS: Mapping[str, tuple[Operation, ...]] = {
    "bench": (Operation("The page Fire, with an empty bench.", query=SCENARIO, statuses=(OK,)),),
    "form": (Operation("The form for other values.", query=FIRE, statuses=(OK,)),),
    "calibrate": (post("Calibrate the load generator."),),
    "queue": (Operation("The queue.", statuses=(OK,)),),
    "claims": (
        Operation("All claims with their verdicts.", statuses=(OK,)),
        post("Try all claims, one after another."),
    ),
    "claims-progress": (
        Operation("What changed of the claims.", query={"seen": TEXT}, statuses=(OK,)),
    ),
    "claims-stop": (post("Stop what was started for the claims."),),
    "claim-fire": (post("Try one claim."),),
    "claim-sweep": (post("Fire a claim's lanes at a range of loads."),),
    "explore": (Operation("The page Explore.", query=SCENARIO, statuses=(OK,)),),
    "explore-matrix": (
        post("Compare variants under servers.", MATRIX, "scenario", "variants", "servers"),
    ),
    "explore-sweep": (
        post("Compare lanes over a range of loads.", SWEEP, "scenario", "axis", "low", "high"),
    ),
    "explore-mix": (post("Fire a mix, and each of its views alone.", MIX, "scenario", "servers"),),
    "explore-mix-estimate": (
        post("How long such a mix will take.", MIX, statuses=(OK, MISSING), media=PLAIN),
    ),
    "explore-capacity": (
        post("Find the least configuration that holds a rate.", CAPACITY, "scenario", "rate"),
    ),
    "explore-capacity-estimate": (
        post("How long such a search will take.", CAPACITY, statuses=(OK, MISSING), media=PLAIN),
    ),
    "explore-matrix-estimate": (
        post("How long such a matrix will take.", MATRIX, statuses=(OK, MISSING), media=PLAIN),
    ),
    "explore-sweep-estimate": (
        post("How long such a sweep will take.", SWEEP, statuses=(OK, MISSING), media=PLAIN),
    ),
    "experiment": (Operation("A matrix, a sweep, a mix or a capacity."),),
    "experiment-answer": (Operation("Its answer, as a fragment."),),
    "experiment-json": (
        Operation(
            "Its answer as JSON.",
            media=JSON,
            answer={
                "anyOf": [
                    *({"$ref": "MatrixAnswer"}, {"$ref": "SweepAnswer"}),
                    *({"$ref": "MixAnswer"}, {"$ref": "CapacityAnswer"}),
                ]
            },
        ),
    ),
    "experiment-csv": (Operation("Its answer as a table.", media=CSV, answer=TEXT),),
    "experiment-stop": (post("Stop an experiment."),),
    "survey": (Operation("The page Survey, with the newest one.", query=SORT, statuses=(OK,)),),
    "survey-start": (post("Survey the project's views.", SURVEY),),
    "survey-estimate": (
        post("How long such a survey will take.", SURVEY, statuses=(OK, MISSING), media=PLAIN),
    ),
    "survey-result": (Operation("A survey.", query=SORT),),
    "survey-answer": (Operation("Its answer, as a fragment.", query=SORT),),
    "survey-json": (Operation("Its answer as JSON.", media=JSON, answer={"$ref": "SurveyAnswer"}),),
    "survey-csv": (Operation("Its answer as a table.", media=CSV, answer=TEXT),),
    "survey-markdown": (Operation("Its answer as Markdown.", media=MARKDOWN, answer=TEXT),),
    "xray": (
        Operation("The page X-ray.", query=XRAY, statuses=(OK,)),
        post("Trace one request inside its application.", XRAY, "scenario", "lane"),
    ),
    "xray-result": (Operation("A traced request."),),
    "xray-beside": (post("Trace the same request at another lane.", {"lane": TEXT}, "lane"),),
    "xray-trace": (Operation("The trace in the Trace Event Format.", media=JSON, answer=TRACE),),
    "runs": (
        Operation(
            "The stored runs that match a search.",
            query={"q": TEXT, "status": TEXT, "scenario": TEXT, "page": TEXT},
            statuses=(OK,),
        ),
        post("Fire: queue a run.", FIRE, "scenario", "lanes", "rounds", "timeout"),
    ),
    "import-run": (post("Import a run that another Liveburst exported.", RUN_FILE, "file"),),
    "importing": (
        Operation("The progress of an import.", statuses=(OK, SEE_OTHER, MISSING, INVALID)),
    ),
    "compare": (
        Operation("Two runs compared.", query={"a": ID, "b": ID}, statuses=(OK, MISSING, INVALID)),
    ),
    "describe": (post("Store the name and the notes of a run.", {"name": TEXT, "notes": TEXT}),),
    "pin": (post("Make a run the baseline of its scenario, or undo that.", {"pinned": TEXT}),),
    "delete": (post("Delete a run."),),
    "restore": (post("Undo a deletion."),),
    "again": (post("Fire the plan of a run again."),),
    "fire-advice": (post("Fire the run that tests a piece of advice, by its number from 1."),),
    "export": (
        Operation(
            "A run as a file: json, csv, trace, html, speedscope or perfetto.",
            media=JSON,
            answer={"anyOf": [{"$ref": "ImportedFile"}, TRACE]},
        ),
    ),
    "run": (Operation("One run, live while it is active.", statuses=(OK, MISSING, INVALID)),),
    "stage": (
        Operation(
            "One run as a fragment.",
            query={"replay": TEXT, "unreadable": TEXT},
            statuses=(OK, MISSING, INVALID),
        ),
    ),
    "result": (Operation("Its sentence, table and tools.", query=STRETCH),),
    "numbers": (Operation("Its sentence and table.", query=STRETCH),),
    "chart": (Operation("A chart as SVG.", query={"round": WHOLE, **STRETCH}),),
    "chart-table": (
        Operation("A chart as a table.", query={"round": WHOLE, **STRETCH, "page": WHOLE}),
    ),
    "frames": (
        Operation("The stored frames, as in docs/frame.md.", query=STRETCH, media=BYTES, answer={}),
    ),
    "experiment-runs": (
        Operation("The runs of an experiment in the list.", statuses=(OK, "302", MISSING)),
    ),
    "delete-experiment": (post("Delete an experiment with its runs."),),
    "card": (
        Operation(
            "A run as a picture to share.",
            query={"scheme": TEXT},
            media=SVG,
            statuses=(OK, MISSING, INVALID),
        ),
    ),
    "login": (
        Operation("Where users log in.", query={"next": TEXT}, statuses=(OK, SEE_OTHER, MISSING)),
        post("Log in.", LOGIN, "name", "password", statuses=(SEE_OTHER, MISSING, INVALID, "429")),
    ),
    "logout": (post("Log out.", statuses=(SEE_OTHER, MISSING)),),
    "audit": (Operation("What operators did.", query={"page": TEXT}),),
    "websocket": (
        Operation("The page's websocket, if it is not upgraded.", statuses=(MISSING, "426")),
    ),
    "where": (
        Operation(
            "Where in the code the requests of a run spent their time, as a page or a fragment.",
            query={"first": TEXT, "second": TEXT, "step": TEXT},
            statuses=(OK, MISSING, INVALID),
        ),
        post("Fire at lanes of a run once more, sampled.", {"lane": TEXT}),
    ),
    "where-stop": (post("Stop a sampling, or remove it from the queue.", {"tab": TEXT}),),
    "stop": (post("Stop a run, or remove it from the queue."),),
}


def write() -> None:
    """Write the file."""
    FILE.write_text(openapi())


def openapi() -> str:
    """Return the document as JSON."""
    schemas: dict[str, Any] = {}
    for kind in (MatrixAnswer, SweepAnswer, MixAnswer, SurveyAnswer, CapacityAnswer):
        _schema_of(kind, schemas)
    imported = ImportedFile.model_json_schema()
    schemas |= {**imported.pop("$defs"), "ImportedFile": imported}
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "Liveburst",
            "version": "1",
            "description": DESCRIPTION,
        },
        "paths": dict(_paths()),
        "components": {"schemas": dict(sorted(schemas.items()))},
    }
    text = json.dumps(document, indent=1) + "\n"
    text = text.replace('"#/$defs/', f'"{COMPONENTS}')
    return re.sub(r'("\$ref": ")(\w+")', rf"\1{COMPONENTS}\2", text)


def addresses() -> Iterator[tuple[str, str]]:
    """Yield the path of each URL pattern, as in OpenAPI, and its name; static files are none."""
    every = _addresses("/", get_resolver().url_patterns)
    yield from ((path, name) for path, name in every if name != "static")


def _addresses(prefix: str, patterns: Any) -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        path = prefix + re.sub(r"<\w+:(\w+)>", r"{\1}", str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from _addresses(path, pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            yield path, str(pattern.name)


def _paths() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, name in addresses():
        operations = OPERATIONS[name]
        yield path, {item.method: _operation(path, name, item) for item in operations}


def _operation(path: str, name: str, operation: Operation) -> dict[str, Any]:
    in_path = [
        {"name": word, "in": "path", "required": True, "schema": ID}
        for word in re.findall(r"\{(\w+)\}", path)
    ]
    in_query = [
        {"name": word, "in": "query", "schema": schema} for word, schema in operation.query.items()
    ]
    described: dict[str, Any] = {
        "operationId": f"{name}-{operation.method}",
        "summary": operation.summary,
        "parameters": in_path + in_query,
        "responses": dict(_responses(operation)),
    }
    if operation.form is not None:
        described["requestBody"] = {"content": {operation.form_media: {"schema": _body(operation)}}}
    return described


def _body(operation: Operation) -> Schema:
    return {
        "type": "object",
        "required": ["csrfmiddlewaretoken", *operation.required],
        "properties": {"csrfmiddlewaretoken": TEXT, **(operation.form or {})},
    }


def _responses(operation: Operation) -> Iterator[tuple[str, dict[str, Any]]]:
    writes = operation.method == "post"
    for status in sorted({*operation.statuses, BAD, "403", "405", "503", *["413"] * writes}):
        answer: dict[str, Any] = {"description": MEANINGS[status]}
        if status == OK:
            answer["content"] = {operation.media: {"schema": operation.answer or TEXT}}
        yield status, answer
