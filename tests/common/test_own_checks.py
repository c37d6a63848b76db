"""Our own battery: what skdeep promises of every estimator beyond scikit-learn's."""

import pytest
from sklearn.base import clone

from tests.common import (
    interface_checks,
    persistence_checks,
    reproducibility_checks,
    training_checks,
)
from tests.common.checks import checks_in
from tests.common.instances import INSTANCES

# Variants of an estimator, "Name[variant]", differ in their networks, not in how they
# are used.
OF_NETWORKS = checks_in(reproducibility_checks, training_checks)
CHECKS = OF_NETWORKS | checks_in(persistence_checks, interface_checks)
CASES = [
    pytest.param(check, name, id=f"{name}-{check}")
    for name, estimator in INSTANCES.items()
    for check, function in (OF_NETWORKS if "[" in name else CHECKS).items()
    if getattr(function, "condition", bool)(estimator)
]


@pytest.mark.parametrize(("check", "name"), CASES)
def test_own_check(check, name):
    """Each estimator of the table passes each check that is meant for it."""
    CHECKS[check](clone(INSTANCES[name]).set_params(random_state=0))
