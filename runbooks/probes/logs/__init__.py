"""Probes of what the services have written, wherever it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from runbooks.probes.logs.declared import DeclaredProbe
from runbooks.probes.logs.elasticsearch_retention import ElasticsearchRetentionProbe
from runbooks.probes.logs.error_watch import ErrorWatchProbe
from runbooks.probes.logs.file_errors import FileErrorsProbe
from runbooks.probes.logs.files import FilesProbe
from runbooks.probes.logs.loki_errors import LokiErrorsProbe
from runbooks.probes.logs.loki_lines import LokiLinesProbe
from runbooks.probes.logs.loki_retention import LokiRetentionProbe
from runbooks.probes.logs.loki_rules import LokiRulesProbe
from runbooks.probes.logs.opensearch_errors import OpenSearchErrorsProbe
from runbooks.probes.logs.opensearch_lines import OpenSearchLinesProbe
from runbooks.probes.logs.opensearch_retention import OpenSearchRetentionProbe
from runbooks.probes.logs.rotation import RotationProbe

if TYPE_CHECKING:
    from runbooks.probes.base import Probe

PROBES: Mapping[str, type[Probe]] = {
    "logs.declared": DeclaredProbe,
    "logs.elasticsearch_retention": ElasticsearchRetentionProbe,
    "logs.error_watch": ErrorWatchProbe,
    "logs.file_errors": FileErrorsProbe,
    "logs.files": FilesProbe,
    "logs.loki": LokiLinesProbe,
    "logs.loki_errors": LokiErrorsProbe,
    "logs.loki_retention": LokiRetentionProbe,
    "logs.loki_rules": LokiRulesProbe,
    "logs.opensearch": OpenSearchLinesProbe,
    "logs.opensearch_errors": OpenSearchErrorsProbe,
    "logs.opensearch_retention": OpenSearchRetentionProbe,
    "logs.rotation": RotationProbe,
}
