"""A mounted folder that changes as a whole."""

import os
import shutil


class ConfigMap:
    """A mounted volume as Kubernetes keeps one: links to links, swapped as a whole."""

    def __init__(self, folder):
        self.folder = folder
        self._version = 0

    def swap(self, files):
        self._version += 1
        old = os.path.realpath(self.folder / "..data") if self._version > 1 else None
        made = self.folder / f"..2026_11_22.{self._version}"
        for name, text in files.items():
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            (made / name).write_text(text)
        (self.folder / "..data_tmp").symlink_to(made.name)
        (self.folder / "..data_tmp").rename(self.folder / "..data")
        for name in {name.partition("/")[0] for name in files}:
            if not (self.folder / name).is_symlink():
                (self.folder / name).symlink_to(f"..data/{name}")
        if old:
            shutil.rmtree(old)
