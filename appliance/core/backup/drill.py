"""A restore on trial: into a scratch SQLite file, migrated, compared, timed, and thrown away. The portal runs on."""

import time

from appliance.core.backup import keeping, loading, snapshot, targets


def drill(config, tell, ref=keeping.LATEST):
    """Restore a snapshot into a scratch place; returns its row with tables, rows and seconds. The scratch is removed."""
    started = time.monotonic()
    with keeping.working(config, 'drill') as folder:
        row = keeping.find(config, ref)
        tell(f"fetching {row['snapshot'][:8]}")
        manifest = keeping.fetch(config, row, folder / 'drill')
        loading.require_known(manifest)
        tell('comparing what came with the manifest')
        snapshot.check(folder / 'drill', manifest)
        # SQLite whatever the portal runs on: no rights at a server are needed, and equal data hash alike.
        with targets.using(f"sqlite:///{folder / 'drill.db'}"):
            loading.build(folder / 'drill', manifest, tell)
        row = keeping.note(config, row, 'drilled_at')
    return row | {'tables': len(manifest['tables']), 'rows': sum(table['rows'] for table in manifest['tables'].values()),
                  'seconds': round(time.monotonic() - started, 1)}
