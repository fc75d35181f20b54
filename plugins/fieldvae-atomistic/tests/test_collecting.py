"""``fieldvae data import lammps`` as it is called: bad dumps, kills, a full disk, a cluster."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from fieldvae_atomistic.importing import lammps

from fieldvae.data.store import read_dataset

MAIN = [sys.executable, "-c", "from fieldvae.cli import main; main()"]
OPTIONS = ["--elements", "Ni,Co", "--columns", "stress=c_s[1..6]", "--grid", "2,2,2"]
OPTIONS += ["--offset", "0.3,0.3,0.3"]
CALL = {
    "elements": ("Ni", "Co"),
    "columns": "stress=c_s[1..6]",
    "grid": (2, 2, 2),
    "offset": (0.3, 0.3, 0.3),
}
COUNT = 150
COLUMNS = "id type x y z c_s[1] c_s[2] c_s[3] c_s[4] c_s[5] c_s[6]"


@pytest.fixture
def dump(crystal, dump_text):
    """Return the text of a dump of 256 atoms, another one for each number."""
    positions = crystal((4, 4, 4))

    def make(number: int) -> str:
        generator = np.random.default_rng(number)
        rows = [
            (i + 1, int(generator.integers(1, 3)), *map(float, place), *map(float, stress))
            for i, (place, stress) in enumerate(
                zip(positions, generator.normal(0, 1e5, (len(positions), 6)), strict=True)
            )
        ]
        return dump_text(COLUMNS, rows, bounds=("0 14",) * 3, step=number)

    return make


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "work"
    made.mkdir()
    return made


def command(*words: str, out: str = "store.zarr") -> list[str]:
    return [*MAIN, "data", "import", "lammps", "*.dump", *OPTIONS, "--out", out, *words]


def imported(
    folder: Path, *words: str, out: str = "store.zarr"
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*words, out=out), cwd=folder, capture_output=True, text=True)


def finished(folder: Path) -> list[Path]:
    return sorted(folder.glob("store.zarr.partial/*.nc"))


class TestDamagedDumps:
    @pytest.fixture
    def damaged(self, dump, folder):
        """Seven dumps, of which five are bad, each in its own way."""
        texts = [dump(number) for number in range(7)]
        lines = texts[1].splitlines(keepends=True)
        texts[1] = "".join(lines[:200])
        texts[2] = texts[2].replace("0 14\n", "0 0\n", 1)
        lines = texts[3].splitlines(keepends=True)
        lines[20] = "12 3 " + lines[20].split(maxsplit=2)[2]
        texts[3] = "".join(lines)
        lines = texts[4].splitlines(keepends=True)
        lines[30] = " ".join(["22 1 nan", *lines[30].split()[3:]]) + "\n"
        texts[4] = "".join(lines)
        lines = texts[5].splitlines(keepends=True)
        lines[40] = lines[40].rstrip() + " 7\n"
        texts[5] = "".join(lines)
        for number, text in enumerate(texts):
            (folder / f"{number}.dump").write_text(text)
        return {
            1: "1.dump:201: the dump ends after 191 of 256 atoms",
            2: "2.dump:6:",
            3: "3.dump:21: atom type 3, but elements names 2: Ni, Co",
            4: "4.dump:31: column 'x' is nan; expected a finite number",
            5: "5.dump:41: 12 columns; expected 11",
        }

    def test_are_named_with_file_and_line_and_skipped_only_when_asked(self, damaged, folder):
        done = imported(folder)
        assert done.returncode == 2
        assert damaged[1] in done.stderr.splitlines()[-1]
        assert "Traceback" not in done.stderr
        assert [part.stem for part in finished(folder)] == ["000000"]
        assert (
            "1 finished sample is kept; the same call goes on from there, and with --skip-bad "
            "without the bad ones"
        ) in done.stderr
        done = imported(folder, "--skip-bad", "--scheduler", "threads", "--workers", "2")
        assert done.returncode == 0
        for number, words in damaged.items():
            assert f"warning: sample {number} skipped: {words}" in done.stderr
        told = "5 of 7 samples skipped; the store's attribute 'skipped' says which and why"
        assert done.stderr.splitlines()[-1] == told
        store = read_dataset(folder / "store.zarr")
        assert store.timestep.values.tolist() == [0, 6]
        assert [text.split(":")[0] for text in store.attrs["skipped"]] == [
            f"sample {number}" for number in damaged
        ]


@pytest.mark.parametrize("scheduler", ["sync", "processes"])
def test_a_warning_is_told_once(dump, folder, scheduler):
    for number in range(4):
        (folder / f"{number}.dump").write_text(dump(number))
    words = ["--elements", "Ni,Co", "--grid", "2,2,2", "--offset", "0.875,0.875,0.875"]
    call = [*MAIN, "data", "import", "lammps", "*.dump", *words, "--out", "store.zarr"]
    done = subprocess.run(
        [*call, "--scheduler", scheduler], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    first, second = (line for line in done.stderr.splitlines() if "warning" in line.lower())
    told = re.fullmatch(
        r"warning: sample (\d): \1\.dump: faces of blocks across x, y, z lie on .*", first
    )
    assert told is not None
    assert second == f"warning: the same as of sample {told[1]} holds of 3 other samples"


def test_interrupted_and_killed_it_goes_on_where_it_stood(dump, folder):
    (folder / "0.dump").write_text(dump(0))
    for number in range(1, COUNT):
        os.link(folder / "0.dump", folder / f"{number}.dump")

    said, children = stopped(folder, signal.SIGINT, whole_group=True)
    assert said.returncode == 130
    assert "interrupted; repeat the call to go on" in said.stderr
    assert "Traceback" not in said.stderr
    there = {part: part.stat().st_mtime_ns for part in finished(folder)}
    assert 0 < len(there) < COUNT

    said, children = stopped(folder, signal.SIGKILL, whole_group=False)
    assert said.returncode == -signal.SIGKILL
    assert len(there) < len(finished(folder)) < COUNT
    assert len(children) >= 2
    assert gone(children), "the processes of a killed call outlive it"
    assert not (folder / "store.zarr").exists()
    assert all(part.stat().st_mtime_ns == time for part, time in there.items())

    found = len(finished(folder))
    done = imported(folder)
    assert done.returncode == 0, done.stderr
    assert f"{found} of {COUNT} samples are there from an earlier call" in done.stderr
    store = read_dataset(folder / "store.zarr").load()
    alone = lammps([folder / "0.dump"], **CALL)[0]
    assert store.sizes["sample"] == COUNT
    for name in ("concentration", "warren_cowley", "residual_stress"):
        for sample in range(COUNT):
            np.testing.assert_array_equal(store[name][sample], alone[name])
    assert store.file.values.tolist() == list(range(COUNT))


def stopped(
    folder: Path, number: signal.Signals, *, whole_group: bool
) -> tuple[subprocess.CompletedProcess[str], list[int]]:
    """Begin an import by two processes and stop it after some new samples."""
    before = len(finished(folder))
    with subprocess.Popen(
        command("--scheduler", "processes", "--workers", "2"),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # a test run in the background ignores Ctrl-C, and so would what it starts
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        give_up = time.monotonic() + 60
        while len(finished(folder)) < before + 3:
            assert process.poll() is None, process.stderr and process.stderr.read()
            assert time.monotonic() < give_up
            time.sleep(0.005)
        children = children_of(process.pid)
        (os.killpg if whole_group else os.kill)(process.pid, number)
        out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess([], process.returncode, out, err), children


def children_of(pid: int) -> list[int]:
    """Processes started by any thread of a process."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(word) for each in lists for word in each.read_text().split()]


def gone(pids: list[int]) -> bool:
    give_up = time.monotonic() + 30
    while any(alive(pid) for pid in pids):
        if time.monotonic() > give_up:
            return False
        time.sleep(0.05)
    return True


def alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 kB, where the machine lets us make one."""
    place = tmp_path / "disk"
    place.mkdir()
    made = (
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)], capture_output=True
        )
        if shutil.which("mount")
        else None
    )
    if made is None or made.returncode:
        pytest.skip("only root can mount a small file system; a limit on files stands for it")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_is_told_and_freed_the_call_goes_on(dump, folder, small_disk):
    for number in range(20):
        (folder / f"{number}.dump").write_text(dump(number))
    out = small_disk / "store.zarr"
    done = imported(folder, "--skip-bad", out=str(out))
    assert done.returncode == 1
    told = done.stderr.splitlines()[-1]
    assert "cannot be written: No space left on device; free space there" in told
    kept = len(finished(small_disk))
    assert kept
    assert not [p for p in (small_disk / "store.zarr.partial").iterdir() if ".nc." in p.name]
    subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
    done = imported(folder, "--skip-bad", out=str(out))
    assert done.returncode == 0, done.stderr
    assert f"{kept} of 20 samples are there from an earlier call" in done.stderr
    assert read_dataset(out).sizes["sample"] == 20


CLUSTER = """
import sys, distributed
if __name__ == "__main__":
    cluster = distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
    print(cluster.scheduler_address, flush=True)
    sys.stdin.read()
    cluster.close()
"""


class TestCluster:
    @pytest.fixture
    def address(self, tmp_path):
        """Address of a cluster of two processes that start in a folder of their own."""
        pytest.importorskip("distributed")
        place = tmp_path / "cluster"
        place.mkdir()
        (place / "cluster.py").write_text(CLUSTER)
        with subprocess.Popen(
            [sys.executable, "cluster.py"],
            cwd=place,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            yield process.stdout.readline().strip()
            process.stdin.close()
            process.wait(timeout=60)

    def test_imports_and_skips(self, dump, folder, address):
        for number in range(6):
            (folder / f"{number}.dump").write_text(dump(number))
        with (folder / "3.dump").open("a") as file:
            file.write("1 2 3\n")
        done = imported(folder, "--scheduler", address, "--skip-bad")
        assert done.returncode == 0, done.stderr
        assert "warning: sample 3 skipped: " in done.stderr
        assert "3.dump:266: 3 columns; expected 11" in done.stderr
        assert read_dataset(folder / "store.zarr").timestep.values.tolist() == [0, 1, 2, 4, 5]
        assert not finished(folder)
