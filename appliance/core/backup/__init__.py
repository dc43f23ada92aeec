"""Backups: one consistent snapshot kept by restic, read back, restored on trial, and restored in earnest.

    keeping    create, list, verify, prune, and what the nightly job does      drill      a restore on trial
    snapshot   what a snapshot holds, and whether it is still that             restore    a restore in earnest
    tables     tables as the database's catalogue tells them, on both engines  switch     the last step of a restore, kill-proof
    repository the only caller of restic                                       state      what page and check know without the key

All goes by the database's catalogue, never by models: so a tool that is off or gone is saved and restored all the same.
"""
