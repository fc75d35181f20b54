import torch

from fieldvae.workflow.filling import make_plan
from fieldvae.workflow.preparing import prepare
from fieldvae.workflow.rehearsing import rehearsed
from fieldvae.workflow.threads import sensible_threads


def test_small_work_takes_one_thread_and_gives_the_others_back(foreign_task):
    prepared = prepare(make_plan(foreign_task()))
    network = rehearsed(prepared)
    torch.set_num_threads(2)
    try:
        with sensible_threads(network, prepared.spec) as threads:
            assert threads == torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
        large = prepared.spec.model_copy(
            update={"training": prepared.spec.training.model_copy(update={"batch": 10_000})}
        )
        with sensible_threads(network, large) as threads:
            assert threads == 2
    finally:
        torch.set_num_threads(1)
