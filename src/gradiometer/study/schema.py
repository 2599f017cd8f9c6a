"""The JSON Schema of study files, for editors; made from the table of questions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradiometer.catalog import KINDS
from gradiometer.question import QUESTIONS, Input, Question
from gradiometer.study.keys import CLAIM_KEYS, QUESTION_KEYS, SCHEMA_VERSION, TOP_KEYS

_TEXT = {"type": "string"}
_NUMBER = {"type": ["number", "string"]}
_SETTING = {
    "anyOf": [
        {"type": ["number", "string", "boolean"]},
        {"type": "array", "items": _NUMBER},
        {"type": "object"},
    ]
}
_OF_KIND: Mapping[str, Mapping[str, Any]] = {
    "text": _TEXT,
    "texts": {"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}]},
    "path": _TEXT,
    "paths": {"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}]},
    "number": _NUMBER,
    "numbers": {"anyOf": [_TEXT, {"type": "object", "additionalProperties": _SETTING}]},
    "place": {
        "anyOf": [
            _NUMBER,
            {"type": "array", "items": _NUMBER, "minItems": 1},
            {"type": "object", "additionalProperties": _NUMBER},
        ]
    },
    "integer": {"type": "integer"},
    "flag": {"type": "boolean"},
    "choice": _TEXT,
    "model": _TEXT,
}


def to_schema() -> dict[str, Any]:
    """The JSON Schema (draft 7) of a study file."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "gradiometer study",
        "type": "object",
        "additionalProperties": False,
        "required": ["schema_version", "title", "question"],
        "properties": {
            "schema_version": {"const": SCHEMA_VERSION, "description": TOP_KEYS["schema_version"]},
            "title": _described(_TEXT, TOP_KEYS["title"]),
            "about": _described(_TEXT, TOP_KEYS["about"]),
            "question": {
                "type": "array",
                "minItems": 1,
                "description": TOP_KEYS["question"],
                "items": {"oneOf": [_question_schema(entry) for entry in QUESTIONS.values()]},
            },
            "define": {
                "type": "object",
                "description": TOP_KEYS["define"],
                "additionalProperties": False,
                "properties": {
                    kind: {"type": "object", "additionalProperties": {"type": "object"}}
                    for kind in KINDS
                },
            },
        },
        "definitions": {"claim": _claim_schema()},
    }


def _question_schema(entry: Question) -> dict[str, Any]:
    claims = {"$ref": "#/definitions/claim"}
    properties: dict[str, Any] = {
        "id": _described(_TEXT, QUESTION_KEYS["id"]),
        "ask": {"const": entry.name, "description": entry.about},
        "title": _described(_TEXT, QUESTION_KEYS["title"]),
        "text": _described(_TEXT, QUESTION_KEYS["text"]),
        "claim": {
            "description": QUESTION_KEYS["claim"],
            "anyOf": [claims, {"type": "array", "items": claims}],
        },
    }
    properties |= {item.key: _input_schema(item) for item in entry.inputs}
    required = ["id", "ask", *(item.key for item in entry.inputs if item.required)]
    return {
        "type": "object",
        "additionalProperties": False,
        "required": required,
        "properties": properties,
    }


def _input_schema(item: Input) -> dict[str, Any]:
    schema = _described(_OF_KIND[item.kind], item.about)
    if item.choices:
        schema["enum"] = list(item.choices)
    if item.default is not None:
        schema["default"] = item.default
    return schema


def _claim_schema() -> dict[str, Any]:
    kinds: Mapping[str, Mapping[str, Any]] = {
        "equals": {},
        "exactly": _OF_KIND["flag"],
        "where": _OF_KIND["texts"],
        "steps": _OF_KIND["texts"],
    }
    return {
        "type": "object",
        "additionalProperties": False,
        "oneOf": [
            {"required": ["says"]},
            {"required": ["steps"]},
            {"required": ["fact", "equals"]},
            {"required": ["open", "text"]},
        ],
        "properties": {
            key: _described(kinds.get(key, _TEXT), about) for key, about in CLAIM_KEYS.items()
        },
    }


def _described(schema: Mapping[str, Any], about: str) -> dict[str, Any]:
    return {**schema, "description": about}
