"""scikit-learn's own battery: every check, none skipped, none expected to fail."""

import re
from unittest import SkipTest

import pytest
from sklearn.base import clone
from sklearn.utils import estimator_checks, get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

import skdeep
from tests.common.instances import INSTANCES, UNTRAINED, reads_texts

ALL = INSTANCES | UNTRAINED
ON_ARRAYS = [e for e in ALL.values() if not reads_texts(e)]
# Checks that scikit-learn does not run by itself, and what each is about.
BY_HAND = [
    "check_dataframe_column_names_consistency",
    "check_inplace_ensure_writeable",
    "check_param_validation",
]
BY_HAND_ON_TRANSFORMERS = [
    "check_get_feature_names_out_error",
    "check_global_output_transform_pandas",
    "check_global_set_output_transform_polars",
    "check_set_output_transform",
    "check_set_output_transform_pandas",
    "check_set_output_transform_polars",
    "check_transformer_get_feature_names_out",
    "check_transformer_get_feature_names_out_pandas",
]
# scikit-learn's battery leaves out estimators that take texts, but these of its
# checks never look at data.
WITHOUT_DATA = [
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimator_tags_renamed",
    "check_get_params_invariance",
    "check_mixin_order",
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_set_params",
    "check_valid_tag_types",
]


def run(check, estimator):
    """Run a check; one that skips itself has not been passed."""
    try:
        check(estimator)
    except SkipTest as reason:
        pytest.fail(f"The check was skipped: {reason}")


def cases():
    """Return scikit-learn's cases, with names that are the same in each process."""
    mark = parametrize_with_checks(ON_ARRAYS).mark
    names = mark.kwargs["ids"]
    # Functions that build networks are shown with their addresses.
    return pytest.mark.parametrize(
        *mark.args, ids=lambda case: re.sub("at0x[0-9a-f]+", "", names(case))
    )


@cases()
def test_check_estimator(estimator, check):
    """Each estimator on arrays passes each check that scikit-learn has for it."""
    run(check, estimator)


def by_hand():
    """Yield the names of the remaining checks with the estimators they are for."""
    for name, estimator in ALL.items():
        if "[" in name:
            # A variant of another row, which differs in its network only.
            continue
        if reads_texts(estimator):
            names = WITHOUT_DATA
        elif hasattr(estimator, "transform"):
            names = BY_HAND + BY_HAND_ON_TRANSFORMERS
        else:
            names = BY_HAND
        for check in names:
            yield pytest.param(check, estimator, id=f"{name}-{check}")


# Checks of output containers pass frames and arrays to one estimator in turn; every
# estimator of scikit-learn itself warns there.
@pytest.mark.filterwarnings(
    "ignore:X (has|does not have valid) feature names:UserWarning"
)
@pytest.mark.parametrize(("check", "estimator"), list(by_hand()))
def test_checks_by_hand(check, estimator):
    """Each estimator passes the checks that scikit-learn keeps for itself."""
    function = getattr(estimator_checks, check)
    run(lambda e: function(type(e).__name__, clone(e)), estimator)


@pytest.mark.parametrize("estimator", ALL.values(), ids=ALL)
def test_no_exempting_tags(estimator):
    """No estimator buys itself out of a check with a tag."""
    tags = get_tags(estimator)
    assert not tags.non_deterministic
    assert not tags.no_validation
    assert not tags._skip_test
    assert tags.requires_fit
    for kind in (tags.classifier_tags, tags.regressor_tags):
        assert kind is None or not kind.poor_score


def test_array_api_check_runs():
    """SciPy reads the variable that the array API check depends on at import."""
    checks = estimator_checks._yield_all_checks(ON_ARRAYS[0], legacy=True)
    names = [getattr(check, "func", check).__name__ for check in checks]
    assert "check_array_api_input" in names
    from scipy._lib._array_api import SCIPY_ARRAY_API

    assert SCIPY_ARRAY_API


def test_table_is_complete():
    """Every public estimator has a row in the table."""
    tested = {type(estimator).__name__ for estimator in ALL.values()}
    # A search has no network; scikit-learn's battery runs over it in tests/hashing.
    assert tested | {"HammingNeighbors"} == set(skdeep._ESTIMATORS)
