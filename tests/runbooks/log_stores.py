"""Stores of logs, and a Prometheus, that answer as their APIs are documented."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.runbooks.probes.json_server import Answer, Query, Service

RANGE = "/loki/api/v1/query_range"
SEARCH = "/logs-*/_search"


def loki(service: Service, errors: int = 0, **ages: float) -> dict[str, str]:
    """Give services a line each, so many seconds old; return the profile's table."""

    def answer(query: Query) -> Answer:
        now = time.time()
        found: list[Any] = []
        if query["query"].startswith("sum (count_over_time("):
            found = [{"metric": {}, "values": [[now, "1000"]]}]
        elif query["query"].startswith("sum by (said_level"):
            labels = {"said_level": "ERROR", "said_logger": "app.jobs"}
            found = (
                [{"metric": labels, "values": [[now, str(errors)]]}] if errors else []
            )
        else:
            age = next(age for name, age in ages.items() if f'"{name}"' in str(query))
            found = [{"values": [[str(int((now - age) * 1e9)), "a line"]]}]
        return 200, {"status": "success", "data": {"result": found}}

    values = {"status": "success", "data": list(ages)}
    service.paths |= {"/loki/api/v1/label/service/values": values, RANGE: answer}
    return {"url": service.url}


def opensearch(service: Service, errors: int = 0, **ages: float) -> dict[str, str]:
    def search(query: Query) -> Answer:
        asked = json.loads(query["source"])["aggs"]
        now = time.time() * 1000
        newest = [
            {"key": name, "newest": {"value": now - age * 1000}}
            for name, age in ages.items()
        ]
        key = {"hour": now, "level": "ERROR", "logger": "app.jobs", "type": None}
        groups = [{"key": key, "doc_count": errors}] if errors else []
        answers = {
            "services": {"buckets": newest},
            "hours": {"buckets": [{"key": now, "doc_count": 1000}]},
            "bad": {"groups": {"buckets": groups}},
        }
        found = {name: answers[name] for name in asked}
        return 200, {"timed_out": False, "_shards": {}, "aggregations": found}

    service.paths[SEARCH] = search
    return {"url": service.url}


STORES = {"loki": loki, "opensearch": opensearch, "elasticsearch": opensearch}


def answering(service: Service, value: str) -> dict[str, str]:
    """Answer every query of Prometheus with one number; return the profile's table."""

    def query(query: Query) -> Answer:
        found = [{"metric": {}, "value": [time.time(), value]}]
        return 200, {
            "status": "success",
            "data": {"resultType": "vector", "result": found},
        }

    service.paths["/api/v1/query"] = query
    return {"url": service.url}
