#!/usr/bin/env python3
"""What meson install copies by itself.

  copy.py headers SOURCE BUILD TARGET FOLDER…   every header of the folders, and of their schemas
  copy.py file FILE TARGET REMEDY               a file that a build may lack; then the remedy is told

TARGET is seen from the prefix (or $DESTDIR and the prefix).
"""
import os
import shutil
import sys


def put(path, folder):
    os.makedirs(folder, exist_ok=True)
    shutil.copyfile(path, os.path.join(folder, os.path.basename(path)))


def headers(source, build, target, *folders):
    for root in (source, build):
        for folder in folders:
            for where, names, files in os.walk(os.path.join(root, folder)):
                names[:] = [name for name in names if not name.endswith(".p")]  # where Meson keeps objects
                for name in files:
                    if name.endswith((".h", ".capnp")):
                        put(os.path.join(where, name), os.path.join(target, os.path.relpath(where, root)))


def file(path, target, remedy):
    if os.path.exists(path):
        put(path, target)
    else:
        print(remedy)


if __name__ == "__main__":
    prefix = os.environ["MESON_INSTALL_DESTDIR_PREFIX"]
    if sys.argv[1] == "headers":
        source, build, target, *folders = sys.argv[2:]
        headers(source, build, os.path.join(prefix, target), *folders)
    else:
        path, target, remedy = sys.argv[2:]
        file(path, os.path.join(prefix, target), remedy)
