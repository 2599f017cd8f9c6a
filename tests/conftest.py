"""What holds in every test: nothing is drawn on a screen, nothing depends on luck or on colour."""

import os
import shutil

import pytest
from flint import ctx
from hypothesis import settings

os.environ["MPLBACKEND"] = "Agg"
os.environ["NO_COLOR"] = "1"
os.environ.pop("FORCE_COLOR", None)

settings.register_profile("steady", derandomize=True, deadline=None, database=None)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def chromium():
    """Path of a Chromium to open pages with; the test is skipped where there is none."""
    path = next(filter(None, map(shutil.which, _BROWSERS)), None)
    return path or pytest.skip("no Chromium on this machine")


@pytest.fixture(autouse=True)
def _precision_is_left_alone():
    """No test leaves another working precision of balls behind for the tests after it."""
    before = ctx.prec
    yield
    left, ctx.prec = ctx.prec, before
    assert left == before


# Scripts that record what other tools say; they need tools that the tests do without.
collect_ignore = [
    "agreement/counted_models.py",
    "agreement/random_torch.py",
    "agreement/record_counters.py",
    "agreement/record_optimizers_optax.py",
    "agreement/record_wrappers_optax.py",
]
