"""Build the site: ``python -m skdeep.gallery FOLDER``."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import skdeep
from skdeep.gallery.building import build_site
from skdeep.gallery.requirements import MissingExtraError, require_extra

# In a checkout the programs lie beside the package; an installed package has none.
BESIDE_PACKAGE = Path(skdeep.__file__).resolve().parents[1] / "examples"


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(
        prog="python -m skdeep.gallery",
        description="Write the site of scikit-deep: examples, courses, reference.",
    )
    add = parser.add_argument
    add("output", type=Path, help="folder for the site; a site in it is replaced")
    add(
        "--examples",
        type=Path,
        default=BESIDE_PACKAGE,
        help="folder of the programs and courses (default: beside the package)",
    )
    add(
        "--only",
        nargs="+",
        metavar="NAME",
        help="run these programs only, such as tied_weights; show the others' source",
    )
    add("--fast", action="store_true", help="pass --fast to each program that takes it")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the site as the command line says; return the exit status."""
    options = parse(arguments)
    try:
        require_extra()
        build_site(
            options.output, options.examples, only=options.only, fast=options.fast
        )
    except (MissingExtraError, ValueError, OSError, RuntimeError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"The site: {options.output / 'index.html'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
