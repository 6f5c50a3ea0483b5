"""PgBouncer in session mode, when it is installed.

Session mode, because psycopg 3 prepares statements and PgBouncer before 1.21 loses
them between transactions. Without its server it refuses soon instead of keeping
clients for two minutes, so that the API's answers are those of the original, which
was measured without a pooler.
"""

from __future__ import annotations

from runbooks.rehearsal import programs
from runbooks.rehearsal.database import APPLICATION
from runbooks.rehearsal.layout import DATABASE, HOST, Layout, write_private
from runbooks.rehearsal.parts import Part, give_to_nobody

ADMINISTRATOR = "gonogo"
"""May use the admin console and nothing else."""
_CONFIGURATION = """\
[databases]
{database} = host={host} port={postgres} dbname={database}

[pgbouncer]
listen_addr = {host}
listen_port = {pgbouncer}
unix_socket_dir =
pool_mode = session
default_pool_size = 20
max_client_conn = 100
auth_type = scram-sha-256
auth_file = {users}
stats_users = {administrator}
query_wait_timeout = 2
server_login_retry = 0.1
ignore_startup_parameters = extra_float_digits
"""


def part(layout: Layout) -> Part | None:
    """Return the part, None where PgBouncer is not installed."""
    program = programs.optional("pgbouncer")
    if program is None:
        return None
    directory = give_to_nobody(layout.path("pgbouncer"))
    configuration, users = directory / "pgbouncer.ini", directory / "users.txt"
    write_private(
        users,
        f'"{APPLICATION}" "{layout.secret("postgres-password")}"\n'
        f'"{ADMINISTRATOR}" "{layout.secret("pgbouncer-password")}"\n',
    )
    write_private(
        configuration,
        _CONFIGURATION.format(
            database=DATABASE,
            host=HOST,
            users=users,
            administrator=ADMINISTRATOR,
            **layout.ports,
        ),
    )
    return Part(
        "pgbouncer",
        (program, str(configuration)),
        "pgbouncer",
        needs=("postgres",),
        refuses_root=True,
    )
