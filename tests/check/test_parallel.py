import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from imbot.check import parallel


def doubled(numbers):
    return [2 * number for number in numbers]


def processes(numbers):
    return os.getpid()


def dies_elsewhere(numbers):
    if os.getpid() != HERE:
        os.kill(os.getpid(), signal.SIGKILL)
    return numbers


def raises_elsewhere(numbers):
    if os.getpid() != HERE:
        raise ValueError
    return numbers


def cannot_travel_from_elsewhere(numbers):
    return numbers if os.getpid() == HERE else lambda: numbers


def raises(numbers):
    raise ValueError(numbers)


def raises_here(numbers):
    if os.getpid() == HERE:
        raise ValueError("here")
    return b"much" * 250_000


def interrupted_elsewhere(numbers):
    if os.getpid() != HERE:
        signal.raise_signal(signal.SIGINT)
    return os.getpid()


def waits(numbers):
    os.write(1, b"ready\n")
    signal.pause()


HERE = os.getpid()
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="no processes can be forked here")


@pytest.mark.parametrize(
    ("count", "most", "least", "sizes"),
    [
        (0, 4, 10, [0]),
        (1, 4, 10, [1]),
        (10, 4, 10, [10]),
        (19, 4, 10, [19]),
        (20, 4, 10, [10, 10]),
        (99, 2, 10, [50, 49]),
    ],
)
def test_parts_keep_the_order_and_are_worth_a_process(count, most, least, sizes):
    parts = parallel.divided(list(range(count)), most, least)

    assert [len(part) for part in parts] == sizes
    assert [number for part in parts for number in part] == list(range(count))


@forks
def test_results_come_in_the_order_of_the_parts():
    assert parallel.each(doubled, [[1], [2, 3], [4]]) == [[2], [4, 6], [8]]


@forks
def test_every_part_but_the_first_has_a_process_of_its_own():
    first, *others = parallel.each(processes, [[1], [2], [3]])

    assert first == HERE
    assert len({first, *others}) == 3


@forks
def test_a_result_may_be_larger_than_a_pipe():
    assert parallel.each(doubled, [[1], list(range(300_000))])[1][-1] == 599_998


@forks
@pytest.mark.parametrize("work", [dies_elsewhere, raises_elsewhere, cannot_travel_from_elsewhere])
def test_a_process_that_fails_leaves_its_part_to_this_one(work, capfd):
    assert parallel.each(work, [[1], [2], [3]]) == [[1], [2], [3]]
    assert capfd.readouterr() == ("", "")


@forks
def test_an_error_here_leaves_no_process_behind():
    with pytest.raises(ValueError, match="1"):
        parallel.each(raises, [[1], [2]])

    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@forks
def test_an_error_here_ends_processes_that_have_much_to_tell():
    with pytest.raises(ValueError, match="here"):
        parallel.each(raises_here, [[1], [2], [3], [4]])

    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@forks
def test_an_interruption_is_not_for_the_processes_started_here():
    assert HERE not in parallel.each(interrupted_elsewhere, [[1], [2], [3]])[1:]


@forks
def test_an_interruption_ends_all_processes_and_is_told_once():
    code = "import test_parallel; test_parallel.parallel.each(test_parallel.waits, [[1], [2], [3]])"
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": Path(__file__).parent}
    with subprocess.Popen(
        [sys.executable, "-c", code], start_new_session=True, text=True, **pipes
    ) as process:
        try:
            assert [process.stdout.readline() for _ in range(3)] == ["ready\n"] * 3
            os.killpg(process.pid, signal.SIGINT)
            _, told = process.communicate(timeout=20)  # comes back when no process is left
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    assert process.returncode == -signal.SIGINT
    assert (told.count("KeyboardInterrupt"), told.count("ForkProcess")) == (1, 0)


def test_one_part_needs_no_machinery():
    code = (
        "import sys; from imbot.check import parallel; assert parallel.each(len, [[1]]) == [1];"
        "assert 'multiprocessing' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
