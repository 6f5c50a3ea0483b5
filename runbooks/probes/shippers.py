"""Programs that send what services print to a store of logs, by their images."""

from __future__ import annotations

import re

PROGRAMS = (
    *("promtail", "alloy", "fluent-bit", "fluentd", "aws-for-fluent-bit"),
    *("fluentd-kubernetes-daemonset", "vector", "filebeat", "elastic-agent"),
    *("logstash", "opentelemetry-collector-contrib", "cloudwatch-agent"),
)
"""Last parts of the names of their images, as their makers publish them."""
_LAST = re.compile(r"(?:.*/)?([^/:@]+)(?::[^/@]*)?(?:@.*)?")


def ships(image: str) -> bool:
    """Whether an image is that of such a program, whatever registry it is from."""
    named = _LAST.fullmatch(image)
    return named is not None and named[1] in PROGRAMS
