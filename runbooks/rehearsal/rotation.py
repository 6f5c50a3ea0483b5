"""How long the lines of a rehearsal would be kept: logrotate's configuration.

Nothing runs it, as nothing runs the crontab beside the backups.
"""

from __future__ import annotations

from runbooks.rehearsal.layout import Layout

_RULE = """\
{logs}/*.log {{
    daily
    rotate 30
    copytruncate
    compress
    missingok
}}
"""


def write(layout: Layout) -> None:
    rule = _RULE.format(logs=layout.path("logs"))
    layout.path("logrotate.conf").write_text(rule)
