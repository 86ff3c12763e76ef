"""``python -m launcher``: start ministack, patched, in the foreground."""

import sys

from launcher import (
    authorization,
    counted_services,
    counted_table,
    counting,
    endpoint,
    exercised,
    faults,
    faulty_calls,
    functions,
    internals,
    kills,
    latency,
    mails,
    redelivery,
    secrets,
    server,
    service_events,
    settings,
    tracing,
    transport,
)
from launcher.stack_types import (
    applications,
    completed,
    database_secrets,
    event_buses,
    event_schemas,
    log_queries,
    network,
    remote,
)


def main() -> None:
    """Check that this is the ministack the patches were written for, patch it, run it until it is told to stop."""
    try:
        chosen = settings.from_environment()
        internals.check_version()
        install(chosen)
    except (settings.MissingSetting, internals.UnsupportedMinistack) as problem:
        sys.exit(f"launcher: {problem}")
    internals.module("app").main()


def install(chosen: settings.Settings) -> None:
    """Patch ministack. Counting sees what the other patches let through, and faults come before counting."""
    latency.install()
    transport.install()
    traces = tracing.install()
    service_events.install()
    secrets.install()
    functions.install(chosen.function_logs)
    server.install(chosen.server_url)
    authorization.install(chosen.server_url)
    network.install()
    event_buses.install()
    event_schemas.install()
    log_queries.install()
    applications.install()
    database_secrets.install(chosen.server_url)
    completed.install()
    remote.install(chosen.server_url)

    mortal, sent = kills.install(), mails.install()
    tally = counting.Tally()
    counted_services.install(tally)
    counted_table.install(tally)
    rights = counting.Tally()
    exercised.install(rights)
    switched, calls = faults.Faults(), counting.Tally()
    redelivery.install(switched)
    faulty_calls.install(switched, calls)
    endpoint.install(endpoint.Local(tally, calls, rights, mortal, sent, switched, traces, chosen.server_url))


if __name__ == "__main__":
    main()
