"""Proofs that runs come ever closer to an orbit: false ones are refused, true ones are quick."""

from time import process_time

import pytest
from flint import arb, fmpq

from gradiometer.errors import CertificateError, UndecidedError
from gradiometer.formula import precision
from gradiometer.proof import check, find_fate, find_settled_step
from gradiometer.proof.check_entry import enclose_run
from gradiometer.proof.check_walk import read_replay
from gradiometer.question.trajectory import trajectory
from gradiometer.question.trajectory_read import read_run
from proof.mutants import edited, survivors
