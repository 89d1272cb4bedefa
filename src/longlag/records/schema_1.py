"""Records of schema 1: read, never written."""

from typing import Any


def convert(content: dict[str, Any]) -> dict[str, Any]:
    """Turn a record of schema 1 into one of schema 2; what is malformed in it stays so.

    Schema 1 counted cells and called them layers, wrote one backend (that which would be chosen
    for the first cell, which need not be the one that ran), and kept floors and baselines in one
    list: of each metric the first was the floor.

    Args:
        content: the object in the file.
    """
    found = {**content, "schema": 2}
    config = content.get("config")
    model = content.get("model")
    if isinstance(config, dict) and isinstance(model, dict):
        given = config.get("model")
        layers = (given.get("layers") if isinstance(given, dict) else None) or 1
        found["model"] = {**model, "layers": layers, "cells": model.get("layers") or layers}
        if isinstance(config.get("seeds"), dict):
            found["seeds"] = config["seeds"]
    answers = content.get("floors") or []
    mixed = "baselines" not in content and isinstance(answers, list)
    if mixed and all(isinstance(answer, dict) for answer in answers):
        first = {str(answer.get("metric")): answer for answer in reversed(answers)}
        found["floors"] = [a for a in answers if a is first[str(a.get("metric"))]]
        found["baselines"] = [a for a in answers if a is not first[str(a.get("metric"))]]
    return found
