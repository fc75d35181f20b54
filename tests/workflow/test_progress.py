import pytest

from fieldvae.training import EpochRecord, Losses
from fieldvae.workflow import progress
from fieldvae.workflow.progress import told_epochs


def course(epochs):
    losses = Losses({}, 1.25)
    return [EpochRecord(number, epochs, losses, None, 0.1, 1.0) for number in range(1, epochs + 1)]


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes on by six seconds whenever it is asked."""
    times = iter(range(1000, 2000, 6))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(times))


@pytest.mark.usefixtures("clock")
class TestToldEpochs:
    def test_tells_the_first_the_last_and_some_between(self):
        lines = []
        records = course(12)
        assert list(told_epochs(records, lines.append)) == records
        assert lines[0] == "epoch 1 of 12  loss 1.2500"
        assert lines[-1] == "epoch 12 of 12  loss 1.2500"
        assert 2 < len(lines) < 12

    def test_tells_validation_and_score_where_there_are_any(self):
        lines = []
        record = EpochRecord(1, 1, Losses({}, 2.0), Losses({}, 3.0), 0.1, 1.0, score=0.5)
        list(told_epochs([record], lines.append))
        assert lines == ["epoch 1 of 1  loss 2.0000  validation 3.0000  score 0.5000"]
