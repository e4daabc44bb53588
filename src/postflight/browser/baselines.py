"""How pages looked when somebody last said that it was right: PNG files, kept in git and reviewed there like code.

One folder for each platform and renderer: pictures of another browser, or of other fonts, differ everywhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from postflight.browser.pictures import decode, encode
from postflight.checks.visual.change import Shot
from postflight.errors import CannotMeasure


@dataclass(frozen=True, slots=True)
class Baselines:
    """The baselines of a platform for one renderer."""

    root: Path
    platform: str
    renderer: str

    @property
    def folder(self) -> Path:
        """Where they are."""
        return self.root / self.platform / self.renderer

    def path(self, name: str) -> Path:
        """Return the file of a picture, `landing.desktop`."""
        return self.folder / f"{name}.png"

    def read(self, name: str) -> Shot | None:
        """Return a baseline, or None where there is none. Raises `CannotMeasure` for one that cannot be read."""
        path = self.path(name)
        try:
            return decode(path.read_bytes(), str(path))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise CannotMeasure(f"the baseline {path} cannot be read: {error}", where=str(path)) from error

    def write(self, name: str, shot: Shot) -> Path:
        """Write a baseline, whole or not at all, and return its file."""
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_bytes(encode(shot))
        part.replace(path)
        return path

    def orphans(self, names: Iterable[str]) -> list[Path]:
        """Return the baselines of this renderer that no picture of these names will ever be held against."""
        claimed = {self.path(name) for name in names}
        return sorted(path for path in self.folder.glob("*.png") if path not in claimed)

    def others(self) -> list[str]:
        """Return the other renderers that have baselines of this platform."""
        folders = (self.root / self.platform).glob("*/")
        return sorted(f.name for f in folders if f.name != self.renderer and any(f.glob("*.png")))
