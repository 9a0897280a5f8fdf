"""A disk of the test's own, which can be filled."""
import os
import subprocess


class Disk:
    """A disk of its own, in memory."""

    def __init__(self, folder):
        self.path, self.filler = os.path.join(folder, "disk"), os.path.join(folder, "disk", "filler")
        os.makedirs(self.path, exist_ok=True)

    def mount(self, kilobytes):
        self.leave()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", self.path], check=True, capture_output=True)
        return os.path.join(self.path, "run")

    def make_room(self):
        subprocess.run(["mount", "-o", "remount,size=64m", self.path], check=True, capture_output=True)

    def fill(self):
        try:
            with open(self.filler, "wb", buffering=0) as f:
                while f.write(b"x" * 4096):
                    pass
        except OSError:
            pass

    def leave(self):
        subprocess.run(["umount", "-l", self.path], capture_output=True)
