"""A restore on trial: into a scratch SQLite file, migrated, compared, timed, and thrown away. The portal runs on.

What else is tried on the copy (jobs/on_trial.py starts a portal there) is given as `then`.
"""

import time

from appliance.core.backup import keeping, loading, snapshot, targets
from appliance.core.i18n import texts

_ = texts(__name__)
# What may be wrong with a page of a portal on trial, by the code in `problem`; `detail` says more.
PROBLEMS = {
    'no_answer': _.lazy('no answer'),
    'status': _.lazy('refused or failed'),
    'different': _.lazy('not what was saved'),
    'unusable': _.lazy('the tool cannot be used'),
}
FILES, DATABASE = 'drill', 'drill.db'


def drill(config, tell, ref=keeping.LATEST, then=None):
    """Restore a snapshot into a scratch place; returns its row with tables, rows and seconds. The scratch is removed.

    `then(folder, manifest, tell)` is called while the copy is the open database; the dict that it returns joins the row.
    """
    started = time.monotonic()
    with keeping.working(config, 'drill') as folder:
        row = keeping.find(config, ref)
        tell(f"fetching {row['snapshot'][:8]}")
        manifest = keeping.fetch(config, row, folder / FILES)
        loading.require_known(manifest)
        tell('comparing what came with the manifest')
        snapshot.check(folder / FILES, manifest)
        # SQLite whatever the portal runs on: no rights at a server are needed, and equal data hash alike.
        with targets.using(f'sqlite:///{folder / DATABASE}'):
            loading.build(folder / FILES, manifest, tell)
            tried = then(folder, manifest, tell) if then else {}
        row = keeping.note(config, row, 'drilled_at')
    return row | {'tables': len(manifest['tables']), 'rows': sum(table['rows'] for table in manifest['tables'].values()),
                  'seconds': round(time.monotonic() - started, 1)} | tried
