"""A small disk of its own (a tmpfs), which can be filled to the last byte and freed again."""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path

SIZE = "2g"
"""More than the logs of half an hour take: it is full only when it is filled."""


class CannotMount(Exception):  # noqa: N818 - a lack of rights, not a fault
    """Only root may; the text says what `mount` said."""


class SmallDisk:
    def __init__(self, folder: Path, size: str = SIZE) -> None:
        self.folder = folder
        self.ballast = folder / "ballast"
        folder.mkdir(parents=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "gridcase-torture", str(folder)]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
        except FileNotFoundError as error:
            raise CannotMount("there is no mount here") from error
        except subprocess.CalledProcessError as error:
            raise CannotMount(error.stderr.strip()) from error

    def fill(self) -> None:
        """Take what is free now; where the broker takes some of it first, what is left."""
        free = os.statvfs(self.folder)
        with self.ballast.open("ab") as ballast:
            if size := free.f_bavail * free.f_frsize:
                try:
                    os.posix_fallocate(ballast.fileno(), ballast.tell(), size)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def clear(self) -> None:
        self.ballast.unlink(missing_ok=True)

    def unmount(self) -> None:
        subprocess.run(["umount", "--lazy", str(self.folder)], check=False, capture_output=True)
