"""Programs as a package puts them on a machine, for what measures their start."""

import shutil
from pathlib import Path


def installed(folder: Path, programs: Path) -> Path:
    """Copies of merlon's programs, each written from its beginning to its end. What a linker has written here and there
    lies in small pieces of the kernel's cache, and more of its pages come one by one: hello took a third longer."""
    folder.mkdir()
    for program in sorted(programs.glob("merlon*")):
        if program.is_file() and not program.name.startswith("merlon-bench"):
            shutil.copy(program, folder)
    return folder
