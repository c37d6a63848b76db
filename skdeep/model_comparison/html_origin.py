"""The sections of a report that tell where the comparison comes from."""

from __future__ import annotations

from skdeep.model_comparison.comparison import Comparison
from skdeep.model_comparison.html_page import folded, isolated, paragraph, table
from skdeep.model_comparison.provenance import ClassifierRecord, Provenance

# So many classifiers are laid open; of more, one opens those one asks about.
_LAID_OPEN = 3
_NOT_RECORDED = "Nobody wrote this down when the comparison was made."


def readable(moment: str) -> str:
    """Return a date and time of ISO 8601 as people write it."""
    return moment.replace("T", " ").replace("+00:00", " UTC")


def parameters_section(comparison: Comparison) -> str:
    """Return the parameters of each classifier, those that were set first."""
    if comparison.provenance is None:
        return paragraph(_NOT_RECORDED)
    records = comparison.provenance.classifiers
    return "\n".join(
        folded(
            f'{number} {isolated(name)} <span class="soft">'
            f"{isolated(records[name].class_name)}</span>",
            _parameters_of(records[name]),
            is_open=len(comparison.names) <= _LAID_OPEN,
        )
        for number, name in enumerate(comparison.names, start=1)
    )


def _parameters_of(record: ClassifierRecord) -> str:
    changed, kept = (
        [
            (name, value)
            for name, value in record.parameters.items()
            if (name in record.changed) is is_changed
        ]
        for is_changed in (True, False)
    )
    parts = []
    for title, pairs in (("Set", changed), ("At their defaults", kept)):
        if not pairs:
            continue
        shown = table(title, ["parameter", "value"], pairs, texts=True)
        small = title == "Set"
        parts.append(shown if small else folded(f"{len(pairs)} at defaults", shown))
    return "\n".join(parts) or paragraph("No parameters.")


def data_section(comparison: Comparison) -> str:
    """Return the fingerprint of the data and of the folds."""
    y = comparison.y
    rows = [("rows", f"{len(y):,}")]
    provenance = comparison.provenance
    if provenance is not None:
        data = provenance.data
        unknown = "unknown: neither numbers nor texts"
        groups = "none" if data.n_groups is None else f"{data.n_groups:,}"
        rows += [
            ("X", data.description),
            ("digest of X", data.rows_digest or unknown),
            ("digest of y", data.labels_digest or unknown),
            ("folds", f"{len(comparison.folds)} by {provenance.splitter}"),
            ("digest of the folds", provenance.folds_digest),
            ("groups", groups),
        ]
    else:
        rows.append(("folds", str(len(comparison.folds))))
    counts = [int((y == label).sum()) for label in comparison.classes]
    parts = [
        table("Data and folds", ["what", "value"], rows, texts=True),
        table(
            "Rows of each class",
            ["no.", "class", "rows", "share"],
            [
                [str(number), str(label), f"{n:,}", f"{n / len(y):.1%}"]
                for number, (label, n) in enumerate(
                    zip(comparison.classes, counts, strict=True), start=1
                )
            ],
            row_title=1,
        ),
    ]
    if provenance is None:
        parts.append(paragraph(_NOT_RECORDED))
    return "\n".join(parts)


def seeds_section(provenance: Provenance | None) -> str:
    """Return the seeds of folds and classifiers."""
    if provenance is None:
        return paragraph(_NOT_RECORDED)
    rows = [("folds", name, seed) for name, seed in provenance.splitter_seeds.items()]
    for name, record in provenance.classifiers.items():
        rows += [(name, seed, value) for seed, value in record.seeds.items()]
    if not rows:
        return paragraph("Neither the folds nor the classifiers have a random_state.")
    return "\n".join(
        [
            table("Seeds", ["of", "parameter", "value"], rows, texts=True),
            paragraph(
                "None means that the classifier decides; for those of scikit-learn, "
                "other numbers each time.",
                soft=True,
            ),
        ]
    )


def machine_section(provenance: Provenance | None) -> str:
    """Return versions, machine and date."""
    if provenance is None:
        return paragraph(_NOT_RECORDED)
    machine = [*provenance.machine.items(), ("begun", readable(provenance.started))]
    return "\n".join(
        [
            table(
                "Versions",
                ["package", "version"],
                list(provenance.versions.items()),
                texts=True,
            ),
            table("Machine", ["what", "value"], machine, texts=True),
        ]
    )
