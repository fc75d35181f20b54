"""The SLURM script of the examples, with SLURM's own two programs stood in for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "examples" / "cluster" / "sweep.sbatch"


@pytest.fixture
def job(tmp_path):
    """Run the script as a job of an array, with a program in fieldvae's place where asked."""
    programs = {
        "srun": f'#!{_bash()}\nwhile [[ $1 == --* ]]; do shift; done\nexec "$@"\n',
        "scontrol": f'#!{_bash()}\necho "scontrol $*"\n',
    }

    def call(*arguments, number, program):
        for name, text in {**programs, "program": f"#!{_bash()}\n{program}\n"}.items():
            (tmp_path / name).write_text(text)
            (tmp_path / name).chmod(0o755)
        environment = {
            **os.environ,
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "FIELDVAE": str(tmp_path / "program"),
            "SLURM_ARRAY_TASK_ID": str(number),
            "SLURM_JOB_ID": "77",
        }
        return subprocess.run(
            [_bash(), str(SCRIPT), *arguments], capture_output=True, text=True, env=environment
        )

    return call


def _bash() -> str:
    return "/bin/bash"


def test_the_script_is_sound_bash():
    subprocess.run([_bash(), "-n", str(SCRIPT)], check=True)


def test_a_job_asks_fieldvae_for_its_own_run_of_the_sweep(job, foreign_task):
    program = f"exec {sys.executable} -c 'from fieldvae.cli import main; main()' \"$@\""
    done = job(str(foreign_task()), "--seeds", "3,4", number=7, program=program)
    assert done.returncode == 2
    assert "--only 7: there is no such run; there are 0 seed-3, 1 seed-4" in done.stderr
    assert "scontrol" not in done.stdout


def test_an_interrupted_job_is_requeued_and_goes_on(job):
    done = job("task.yaml", number=0, program="exit 130")
    assert done.returncode == 0
    assert "scontrol requeue 77" in done.stdout


def test_a_failed_job_is_not_requeued(job):
    done = job("task.yaml", number=0, program="exit 1")
    assert done.returncode == 1
    assert "scontrol" not in done.stdout
