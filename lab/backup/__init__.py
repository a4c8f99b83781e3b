"""Backup and restore: the records that nothing can make again, in one file with checksums.

    cluster ─► keeping ─► archive (zip) ─► restoring ─► an empty cluster

What is a cache (stored cases) is left out: the services make it again from the log.
"""
