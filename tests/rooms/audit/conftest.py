"""A store, contents and a teller of runs."""

from __future__ import annotations

import pytest

from crewctl.testing.account_samples import Teller
from crewctl.testing.fake_store import FakeContentStore, FakeRunStore


@pytest.fixture
def store() -> FakeRunStore:
    return FakeRunStore()


@pytest.fixture
def contents() -> FakeContentStore:
    return FakeContentStore()


@pytest.fixture
def teller(store: FakeRunStore, contents: FakeContentStore) -> Teller:
    return Teller(store, contents)
