"""Warnings heard while samples are made."""

import threading
import warnings

import pytest

from fieldvae.data.hearing import hearing


class TestHearing:
    def test_hears_each_text_once(self):
        with hearing() as told:
            for text in ("hot", "cold", "hot"):
                warnings.warn(text, stacklevel=1)
        assert told == ["hot", "cold"]

    def test_leaves_filters_as_they_were(self):
        before = list(warnings.filters), warnings.showwarning
        with hearing():
            pass
        assert (list(warnings.filters), warnings.showwarning) == before
        with pytest.raises(UserWarning, match="hot"):
            warnings.warn("hot", stacklevel=1)

    def test_leaves_them_after_an_error(self):
        before = list(warnings.filters)
        with pytest.raises(ValueError, match="broken"), hearing():
            raise ValueError("broken")
        assert list(warnings.filters) == before

    def test_leaves_warnings_of_other_kinds_alone(self):
        with hearing() as told, pytest.raises(DeprecationWarning):
            warnings.warn("old", DeprecationWarning, stacklevel=1)
        assert told == []

    def test_tells_threads_apart_whose_blocks_overlap(self):
        before = list(warnings.filters)
        heard = {}
        steps = [threading.Event() for _ in range(3)]

        def first():
            with hearing() as told:
                steps[0].set()
                steps[1].wait(10)
                warnings.warn("of the first", stacklevel=1)
            heard["first"] = told
            steps[2].set()

        def second():
            steps[0].wait(10)
            with hearing() as told:
                warnings.warn("of the second", stacklevel=1)
                steps[1].set()
                steps[2].wait(10)  # the block that was entered first is left first
                warnings.warn("of the second, later", stacklevel=1)
            heard["second"] = told

        threads = [threading.Thread(target=each) for each in (first, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert heard == {
            "first": ["of the first"],
            "second": ["of the second", "of the second, later"],
        }
        assert list(warnings.filters) == before
